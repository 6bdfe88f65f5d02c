// Package rollout runs plans of package deploy in AWS.
//
// A Plan is made against an account (Deployment, Removal), or for reading alone (Planned). It is a list of steps,
// each of a deploy.Kind, and Run does them one after the other by the executor of their kind: the stacks in their
// order, the program and the lakehouse uploaded, and the few calls that no stack can do. What no step says is not
// done. Whatever is cut off is taken up by the next plan: AWS keeps the state.
package rollout

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
	"github.com/petalake/petalake/internal/aws/deploy"
	"github.com/petalake/petalake/spec"
	"github.com/petalake/petalake/store"
	"github.com/petalake/petalake/store/s3"
)

// Rollout is an environment of a lakehouse in its account.
type Rollout struct {
	Account string

	lakehouse   *spec.Lakehouse
	environment *spec.Environment
	stacks      []*deploy.Stack
	cfg         aws.Config
	driver      *stacks
	poll        time.Duration
	artefacts   *s3.Store                    // the bucket for artefacts, once there is one
	bucket      string                       // its name
	outputs     map[string]map[string]string // of the stacks made so far, by layer
}

// patience is how long Find looks for credentials. A machine that is not of AWS asks in vain for its role.
const patience = 5 * time.Second

// Find is Open for those who can do without AWS: where there are no credentials, or they do not work, or there
// is no network, there is no Rollout, and without says why. It takes some seconds at most.
func Find(ctx context.Context, l *spec.Lakehouse, e *spec.Environment, stacks []*deploy.Stack) (r *Rollout, without string, err error) {
	soon, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	r, err = Open(soon, l, e, stacks)
	var problems spec.Errors
	switch {
	case err == nil || errors.As(err, &problems):
		return r, "", err
	case ctx.Err() != nil:
		return nil, "", context.Cause(ctx)
	case errors.Is(err, context.DeadlineExceeded):
		return nil, "AWS did not answer", nil
	}
	return nil, strings.TrimPrefix(err.Error(), "aws: "), nil
}

// Connect is the rollout of an environment as lakehouse.yaml describes it.
func Connect(ctx context.Context, l *spec.Lakehouse, e *spec.Environment) (*Rollout, error) {
	stacks, err := deploy.Render(l, e)
	if err != nil {
		return nil, err
	}
	return Open(ctx, l, e, stacks)
}

// Open finds the credentials, and refuses those of another account than the environment names.
func Open(ctx context.Context, l *spec.Lakehouse, e *spec.Environment, stacks []*deploy.Stack) (*Rollout, error) {
	cfg, err := awsx.Load(ctx, awsx.Of(e))
	if err != nil {
		return nil, err
	}
	r := &Rollout{lakehouse: l, environment: e, stacks: stacks, cfg: cfg, poll: 2 * time.Second, outputs: map[string]map[string]string{}}
	if r.Account, err = awsx.Account(ctx, cfg); err != nil {
		return nil, err
	}
	if want := e.AWS.Account; want != "" && want != r.Account {
		return nil, spec.Errors{{
			Pos: e.AWS.At("account"), Path: "environments." + e.Name + ".aws.account",
			Message: fmt.Sprintf("environments.%s.aws.account: it is %s, and the credentials are of the account %s", e.Name, want, r.Account),
			Hint:    "use the credentials of that account, as with AWS_PROFILE",
		}}
	}
	r.driver = newStacks(cfg, r.template)
	return r, nil
}

// Poll sets how long to wait between two looks at a stack that changes; it is two seconds.
func (r *Rollout) Poll(d time.Duration) {
	r.poll = d
	r.driver.Poll(d)
}

// Deployed are the templates of the stacks that came to be, by their names.
func (r *Rollout) Deployed(ctx context.Context) (map[string][]byte, error) {
	states, err := r.states(ctx)
	if err != nil {
		return nil, err
	}
	return r.templates(ctx, states)
}

// states are the stacks that there are, by layer, whatever became of them. It takes up their outputs.
func (r *Rollout) states(ctx context.Context) (map[string]StackState, error) {
	states := map[string]StackState{}
	for _, layer := range deploy.Layers {
		state, err := r.driver.Look(ctx, r.name(layer))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		states[layer] = state
		if err := r.recordOutputs(ctx, layer, state.Outputs); err != nil {
			return nil, err
		}
	}
	return states, nil
}

// templates reads the templates of the stacks that exist, by the names of the stacks.
func (r *Rollout) templates(ctx context.Context, states map[string]StackState) (map[string][]byte, error) {
	out := map[string][]byte{}
	for layer, state := range states {
		if !state.Came() || state.Proposed() {
			continue
		}
		template, err := r.driver.Template(ctx, r.name(layer))
		if err != nil {
			return nil, err
		}
		out[r.name(layer)] = template
	}
	return out, nil
}

// name is the name of the stack of a layer, whether or not the lakehouse has that layer now.
func (r *Rollout) name(layer string) string {
	first := r.stacks[0] // bootstrap is always there
	return first.Name[:len(first.Name)-len(first.Layer)] + layer
}

// recordOutputs keeps the outputs of a stack for those after it, and opens the bucket for artefacts when it is named.
func (r *Rollout) recordOutputs(ctx context.Context, layer string, outputs map[string]string) error {
	r.outputs[layer] = outputs
	if layer != deploy.Bootstrap || outputs["ArtefactBucket"] == "" {
		return nil
	}
	r.bucket = outputs["ArtefactBucket"]
	o := awsx.Bucket(r.environment, r.bucket)
	if r.cfg.BaseEndpoint != nil { // that of all services
		o.Endpoint, o.PathStyle = *r.cfg.BaseEndpoint, true
	}
	var err error
	r.artefacts, err = s3.Open(ctx, o)
	return err
}

// put uploads what is found by its content, or is made once: what is there stays. It looks before it writes, and asks S3
// for no conditional put, which a store would try out first by writing something else.
func (r *Rollout) put(ctx context.Context, key string, body readSeeker) error {
	there, err := r.uploaded(ctx, key)
	if there || err != nil && !errors.Is(err, fs.ErrPermission) { // who may not list is told no more of what is not there
		return err
	}
	if err := r.artefacts.Put(ctx, key, body, store.Always); err != nil {
		return fmt.Errorf("upload %s: %w", key, err)
	}
	return nil
}

// uploaded says whether an object is in the bucket for artefacts; it is not where there is no bucket yet.
func (r *Rollout) uploaded(ctx context.Context, key string) (bool, error) {
	if r.artefacts == nil {
		return false, nil
	}
	body, err := r.artefacts.Get(ctx, key, 0, 1)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for %s: %w", key, err)
	}
	return true, body.Close()
}

// template puts a template where CloudFormation finds it.
func (r *Rollout) template(ctx context.Context, template []byte) (string, error) {
	if r.artefacts == nil {
		return "", errors.New("there is no bucket for templates yet")
	}
	key := "templates/" + digest(template) + ".json"
	if err := r.put(ctx, key, reader(template)); err != nil {
		return "", err
	}
	host := cmp.Or(map[bool]string{true: "s3.amazonaws.com/" + r.bucket}[r.cfg.BaseEndpoint != nil], r.bucket+".s3."+r.environment.AWS.Region+".amazonaws.com")
	return "https://" + host + "/" + key, nil
}
