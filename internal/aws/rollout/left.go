package rollout

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/petalake/petalake/internal/aws/awsx"
	"github.com/petalake/petalake/internal/aws/deploy"
	"github.com/petalake/petalake/spec"
)

// Remnant is something that has the tag of the environment.
type Remnant struct {
	ARN  string
	Type string    // such as AWS::S3::Bucket, where it holds data; else ""
	Name string    // where it holds data; the id of a key
	Ends time.Time // when AWS deletes a key that waits for that, and costs nothing; else zero

	about string // the description of a key
}

// Left lists the resources that still have the tag of the environment, whoever made it, by ARN.
func (r *Rollout) Left(ctx context.Context) ([]Remnant, error) {
	var all []Remnant
	for next := ""; ; {
		in := map[string]any{"TagFilters": []map[string]any{{"Key": "petalake:environment", "Values": []string{r.base()}}}}
		if next != "" {
			in["PaginationToken"] = next
		}
		var out struct {
			PaginationToken        string
			ResourceTagMappingList []struct{ ResourceARN string }
		}
		if err := awsx.JSON(ctx, r.cfg, "tagging", r.environment.AWS.Region, "ResourceGroupsTaggingAPI_20170126.GetResources", in, &out); err != nil {
			return nil, fmt.Errorf("what is left: %w", err)
		}
		for _, m := range out.ResourceTagMappingList {
			one := Remnant{ARN: m.ResourceARN}
			one.Type, one.Name = deploy.Holding(one.ARN)
			if one.Type == "AWS::KMS::Key" {
				err := r.describeKey(ctx, &one)
				if errors.Is(err, fs.ErrNotExist) { // the tags of what was deleted are there for a while
					continue
				}
				if err != nil {
					return nil, err
				}
			}
			all = append(all, one)
		}
		if next = out.PaginationToken; next == "" {
			slices.SortFunc(all, func(a, b Remnant) int { return cmp.Compare(a.ARN, b.ARN) })
			return r.withoutEnded(ctx, all)
		}
	}
}

// lingering are the kinds of things that AWS lists with their tags for an hour after their end, and how those
// that have not ended are found.
var lingering = []struct {
	kind, action, id, state string
	standing                []string
}{
	{":instance/", "DescribeInstances", "instance-id", "instance-state-name", []string{"pending", "running", "stopping", "stopped"}},
	{":natgateway/", "DescribeNatGateways", "nat-gateway-id", "state", []string{"pending", "available", "deleting"}},
}

// withoutEnded leaves out what has ended. Where that cannot be asked it stays.
func (r *Rollout) withoutEnded(ctx context.Context, all []Remnant) ([]Remnant, error) {
	for _, l := range lingering {
		form := url.Values{"Version": {"2016-11-15"}, "Action": {l.action}, "Filter.1.Name": {l.id}, "Filter.2.Name": {l.state}}
		n := 0
		for _, one := range all {
			if _, id, ok := strings.Cut(one.ARN, l.kind); ok {
				n++
				form.Set("Filter.1.Value."+strconv.Itoa(n), id)
			}
		}
		if n == 0 {
			continue
		}
		for i, state := range l.standing {
			form.Set("Filter.2.Value."+strconv.Itoa(i+1), state)
		}
		var out struct {
			Instances []string `xml:"reservationSet>item>instancesSet>item>instanceId"`
			Gateways  []string `xml:"natGatewaySet>item>natGatewayId"`
		}
		err := awsx.Query(ctx, r.cfg, "ec2", r.environment.AWS.Region, form, &out)
		if errors.Is(err, fs.ErrPermission) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("what is left: %w", err)
		}
		there := append(out.Instances, out.Gateways...)
		all = slices.DeleteFunc(all, func(one Remnant) bool {
			_, id, ok := strings.Cut(one.ARN, l.kind)
			return ok && !slices.Contains(there, id)
		})
	}
	return all, nil
}

// base is the prefix of all names, such as shop-prod.
func (r *Rollout) base() string { return strings.TrimSuffix(r.name(""), "-") }

// describeKey asks KMS what a key is for, and when it is deleted, where it waits for that.
func (r *Rollout) describeKey(ctx context.Context, one *Remnant) error {
	var out struct {
		KeyMetadata struct {
			Description, KeyState string
			DeletionDate          float64 // seconds
		}
	}
	err := awsx.JSON(ctx, r.cfg, "kms", r.environment.AWS.Region, "TrentService.DescribeKey", map[string]string{"KeyId": one.Name}, &out)
	if err != nil {
		return fmt.Errorf("key %s: %w", one.Name, err)
	}
	k := out.KeyMetadata
	if one.about = k.Description; k.KeyState == "PendingDeletion" {
		one.Ends = time.Unix(int64(k.DeletionDate), 0)
	}
	return nil
}

// Held lists the resources that hold data of the environment, in the order in which Erase deletes it: the buckets, that of
// logs last, since the others' accesses are logged in it; the key at the end, so that what is there when a
// run is cut off can still be read.
//
// A tag is easily copied. What is ours has a name of ours, too.
func (r *Rollout) Held(ctx context.Context) ([]Remnant, error) {
	left, err := r.Left(ctx)
	if err != nil {
		return nil, err
	}
	var held []Remnant
	for _, one := range left {
		if r.ownName(one) && one.Ends.IsZero() {
			held = append(held, one)
		}
	}
	slices.SortStableFunc(held, func(a, b Remnant) int { return r.deletionOrder(a) - r.deletionOrder(b) })
	return held, nil
}

// ownName says whether something that holds data has a name of the environment: a tag alone is easily copied.
func (r *Rollout) ownName(one Remnant) bool {
	switch one.Type {
	case "":
		return false
	case "AWS::S3::Bucket":
		lake, _, _ := strings.Cut(strings.TrimPrefix(string(r.environment.Storage), "s3://"), "/")
		return one.Name == lake || one.Name == r.bucketName("data") || one.Name == r.bucketName("artefacts") || one.Name == r.bucketName("logs")
	case "AWS::Logs::LogGroup":
		return strings.HasPrefix(one.Name, "/petalake/"+r.base()+"/")
	case "AWS::KMS::Key":
		return strings.HasPrefix(one.about, r.base()+": ")
	}
	return strings.HasPrefix(one.Name, r.base()+"-")
}

func (r *Rollout) bucketName(what string) string {
	return spec.BucketName(r.lakehouse.Name, r.environment.Name, what, r.Account, r.environment.AWS.Region)
}

// deletionOrder is when something is deleted: the lowest first.
func (r *Rollout) deletionOrder(one Remnant) int {
	switch {
	case one.Type == "AWS::KMS::Key":
		return 3
	case one.Type != "AWS::S3::Bucket":
		return 2
	case one.Name == r.bucketName("logs"):
		return 1
	}
	return 0
}
