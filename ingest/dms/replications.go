// Package dms keeps the replications of AWS DMS going that bring databases to a lake. CloudFormation
// makes them, and does not start them.
package dms

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/petalake/petalake/internal/aws/awsx"
	"github.com/petalake/petalake/spec"
)

// Replication is a replication as DMS shows it.
type Replication struct {
	Name   string // that petalake deploy gave it
	ARN    string // of its configuration
	Status string // in DMS's words: created, running, stopped, failed
	Why    string // it stopped or failed
}

// Replications are those of an environment. It is not safe for concurrent use.
type Replications struct {
	cfg    aws.Config
	region string
	names  map[string]string    // of the databases, by those of their replications
	tried  map[string]time.Time // when one was started, by its ARN

	// Now is the time; it is replaced in tests.
	Now func() time.Time
}

// Of are the replications of the databases of an environment. Nothing is sent yet.
func Of(cfg aws.Config, l *spec.Lakehouse, e *spec.Environment) *Replications {
	r := &Replications{cfg: cfg, region: e.AWS.Region, names: map[string]string{}, tried: map[string]time.Time{}, Now: time.Now}
	for _, s := range l.Databases {
		r.names[l.Base(e)+"-"+s.Name] = s.Name
	}
	return r
}

// List are the replications that there are.
func (r *Replications) List(ctx context.Context) (all []Replication, err error) {
	var configs struct {
		ReplicationConfigs []struct {
			ReplicationConfigIdentifier string
			ReplicationConfigArn        string
		}
		Marker string
	}
	in := map[string]any{"MaxRecords": 100}
	for {
		configs.Marker, configs.ReplicationConfigs = "", nil
		if err := r.call(ctx, "DescribeReplicationConfigs", in, &configs); err != nil {
			return nil, fmt.Errorf("replications: %w", err)
		}
		for _, c := range configs.ReplicationConfigs {
			if name, ok := r.names[c.ReplicationConfigIdentifier]; ok {
				all = append(all, Replication{Name: name, ARN: c.ReplicationConfigArn, Status: "created"})
			}
		}
		if configs.Marker == "" {
			break
		}
		in["Marker"] = configs.Marker
	}
	for i := range all {
		var out struct {
			Replications []struct {
				Status          string
				StopReason      string
				FailureMessages []string
			}
		}
		filter := []map[string]any{{"Name": "replication-config-arn", "Values": []string{all[i].ARN}}}
		err := r.call(ctx, "DescribeReplications", map[string]any{"Filters": filter}, &out)
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // it was never started
			return nil, fmt.Errorf("replication %s: %w", all[i].Name, err)
		}
		for _, one := range out.Replications {
			all[i].Status = one.Status
			all[i].Why = cmp.Or(strings.Join(one.FailureMessages, "; "), one.StopReason, "DMS says no more")
		}
	}
	return all, nil
}

// Event is something that happened to a replication, or was done to it.
type Event struct {
	Name string
	Text string
	Err  error // why it fails
}

// again is how long a replication that failed is left alone.
const again = 10 * time.Minute

// Error is a replication that fails.
type Error struct{ Name, Why string }

func (e *Error) Error() string { return "replication " + e.Name + ": " + e.Why }

// Hint says what to do.
func (e *Error) Hint() string {
	return "see that the secret of the database in Secrets Manager holds its user and password, and that the network reaches it; it is tried again every ten minutes"
}

// Keep starts what was never started, and after a while what failed. One that somebody stopped, and one
// that has brought all there was, stay as they are.
func (r *Replications) Keep(ctx context.Context) (events []Event, err error) {
	all, err := r.List(ctx)
	if err != nil {
		return nil, err
	}
	for _, one := range all {
		how := ""
		switch one.Status {
		case "created", "ready":
			how = "start-replication"
		case "failed":
			how = "resume-processing"
			if _, known := r.tried[one.ARN]; !known || r.Now().Sub(r.tried[one.ARN]) >= again {
				events = append(events, Event{Name: one.Name, Err: &Error{one.Name, one.Why}})
			}
		}
		if how == "" || r.Now().Sub(r.tried[one.ARN]) < again {
			continue
		}
		r.tried[one.ARN] = r.Now()
		err := r.call(ctx, "StartReplication", map[string]any{"ReplicationConfigArn": one.ARN, "StartReplicationType": how}, nil)
		var said *awsx.Error
		if errors.As(err, &said) && strings.HasPrefix(said.Code, "InvalidResourceState") {
			continue // a call whose answer was lost did it
		}
		if err != nil {
			events = append(events, Event{Name: one.Name, Err: fmt.Errorf("replication %s: %w", one.Name, err)})
			continue
		}
		events = append(events, Event{Name: one.Name, Text: map[string]string{"start-replication": "it is started", "resume-processing": "it is started again where it was"}[how]})
	}
	return events, nil
}

// Stop stops all, and waits until they are: what runs cannot be removed. It tells of each.
func (r *Replications) Stop(ctx context.Context, poll time.Duration, tell func(name string)) error {
	told := map[string]bool{}
	for {
		all, err := r.List(ctx)
		if err != nil {
			return err
		}
		left := 0
		for _, one := range all {
			switch one.Status {
			case "created", "ready", "stopped", "failed", "deleting":
				continue
			}
			left++
			if one.Status == "stopping" || told[one.ARN] {
				continue
			}
			if err := r.call(ctx, "StopReplication", map[string]any{"ReplicationConfigArn": one.ARN}, nil); err != nil {
				return fmt.Errorf("replication %s: %w", one.Name, err)
			}
			told[one.ARN] = true
			tell(one.Name)
		}
		if left == 0 {
			return nil
		}
		if err := awsx.Sleep(ctx, poll); err != nil {
			return err
		}
	}
}

func (r *Replications) call(ctx context.Context, action string, in, out any) error {
	return awsx.JSON(ctx, r.cfg, "dms", r.region, "AmazonDMSv20160101."+action, in, out)
}
