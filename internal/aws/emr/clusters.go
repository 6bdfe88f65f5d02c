package emr

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/petalake/petalake/job"
	"github.com/petalake/petalake/store"
)

// Clusters runs attempts as steps of clusters that come and go. An attempt becomes an order in the lake;
// the Fleet that keeps the clusters places it on one, which may take as long as a cluster takes to start.
// One whose cluster is lost is gone: the next attempt is placed on another.
//
// Orders are objects that are written once, by the hash of the attempt's id:
//
//	_petalake/fleet/orders/<hash>.json   what is to be run
//	_petalake/fleet/placed/<hash>.json   the cluster and the step that run it
//	_petalake/fleet/over/<hash>.json     it is not to be placed any more
type Clusters struct {
	Options
	steps *Steps
}

var _ job.Runner = (*Clusters)(nil)

// NewClusters prepares to run on the clusters of a lake. Nothing is sent yet.
func NewClusters(cfg aws.Config, o Options) *Clusters {
	return &Clusters{Options: o, steps: NewSteps(cfg, "", o)}
}

const (
	orders = "_petalake/fleet/orders/"
	placed = "_petalake/fleet/placed/"
	over   = "_petalake/fleet/over/"

	// orderScheme begins the handles of orders.
	orderScheme = "emr-fleet:"
)

// order is an attempt that is to be placed on a cluster.
type order struct {
	Attempt string    `json:"attempt"`
	Run     string    `json:"run"` // job/number
	Done    int       `json:"done"`
	Args    []string  `json:"args"`
	Role    string    `json:"role,omitempty"` // "" for that of the place of the fleet
	At      time.Time `json:"at"`
}

// placement is where an order is run.
type placement struct {
	Cluster string `json:"cluster"`
	Step    string `json:"step"`
}

func (p placement) handle() string { return stepScheme + p.Cluster + "/" + p.Step }

// Submit implements job.Runner.
func (c *Clusters) Submit(ctx context.Context, a job.Attempt) (string, error) {
	hash := token(a.ID)[:32]
	var known order
	switch err := c.read(ctx, orders+hash, &known); {
	case err == nil:
		return orderScheme + hash, nil
	case !errors.Is(err, fs.ErrNotExist):
		return "", err
	}
	args, err := c.arguments(ctx, a)
	if err != nil {
		return "", err
	}
	return orderScheme + hash, c.write(ctx, orders+hash, order{Attempt: a.ID, Run: a.Run, Done: a.Done, Args: args, Role: c.Role, At: time.Now().UTC()})
}

// where is what runs an order; the zero value where nothing does yet.
func (c *Clusters) where(ctx context.Context, handle string) (p placement, hash string, err error) {
	hash, ok := strings.CutPrefix(handle, orderScheme)
	if !ok {
		return p, "", fmt.Errorf("handle %q: it does not begin with %s: %w", handle, orderScheme, fs.ErrInvalid)
	}
	if err = c.read(ctx, placed+hash, &p); errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	return p, hash, err
}

// Poll implements job.Runner.
func (c *Clusters) Poll(ctx context.Context, handle string) (job.Status, error) {
	p, hash, err := c.where(ctx, handle)
	if err != nil {
		return job.Status{}, err
	}
	if p.Step != "" {
		return c.steps.Poll(ctx, p.handle())
	}
	switch done, err := c.isOver(ctx, hash); {
	case err != nil:
		return job.Status{}, err
	case done:
		return job.Status{Phase: job.Over, Exit: 1, Error: "it was cancelled"}, nil
	}
	var known order
	if err := c.read(ctx, orders+hash, &known); errors.Is(err, fs.ErrNotExist) {
		return job.Status{Phase: job.Gone}, nil
	} else if err != nil {
		return job.Status{}, err
	}
	return job.Status{Phase: job.Active}, nil
}

// Cancel implements job.Runner. An order that is being placed meanwhile is cancelled by who places it.
func (c *Clusters) Cancel(ctx context.Context, handle string) error {
	_, hash, err := c.where(ctx, handle)
	if err != nil {
		return err
	}
	if err := c.finish(ctx, hash); err != nil {
		return err
	}
	p, _, err := c.where(ctx, handle)
	if err != nil || p.Step == "" {
		return err
	}
	return c.steps.Cancel(ctx, p.handle())
}

// Logs implements job.Runner.
func (c *Clusters) Logs(ctx context.Context, handle string, from int64) ([]byte, error) {
	p, _, err := c.where(ctx, handle)
	if err != nil || p.Step == "" {
		return nil, err
	}
	return c.steps.Logs(ctx, p.handle(), from)
}

// finish says that an order is not to be placed any more.
func (c *Clusters) finish(ctx context.Context, hash string) error {
	return c.write(ctx, over+hash, struct{}{})
}

func (c *Clusters) isOver(ctx context.Context, hash string) (bool, error) {
	err := c.read(ctx, over+hash, &struct{}{})
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// write writes an object that says one thing for ever: it does not matter who was first.
func (c *Clusters) write(ctx context.Context, key string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	if err := c.Store.Put(ctx, key+".json", bytes.NewReader(data), store.IfAbsent); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("fleet: %w", err)
	}
	return nil
}

// largestRecord bounds what is read of a record of the fleet.
const largestRecord = 4 << 20

func (c *Clusters) read(ctx context.Context, key string, v any) error {
	return readJSON(ctx, c.Store, key+".json", v)
}

func readJSON(ctx context.Context, s store.Store, key string, v any) error {
	body, err := s.Get(ctx, key, 0, -1)
	if err != nil {
		return fmt.Errorf("fleet: %w", err)
	}
	defer body.Close()
	data, err := io.ReadAll(io.LimitReader(body, largestRecord))
	if err != nil {
		return fmt.Errorf("fleet: %s: %w", key, err)
	}
	if err := json.Unmarshal(data, v); err != nil {
		return fmt.Errorf("fleet: %s: %w", key, err)
	}
	return nil
}
