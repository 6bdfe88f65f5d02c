package emr

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/emr"

	"github.com/petalake/petalake/internal/aws/awsx"
	"github.com/petalake/petalake/internal/aws/fleet"
	"github.com/petalake/petalake/store"
)

// Fleet keeps the clusters that orders are placed on: it is EMR as package fleet decides for it. What it
// has to remember is in the lake, so that another process goes on where one ended. One process keeps a
// fleet at a time. It is not safe for concurrent use.
//
// Managed scaling moves the targets of the fleet of task nodes by the load of YARN, within limits. A
// decision moves the limits, and the targets where these would be others under the new limits; so it never
// works against managed scaling.
type Fleet struct {
	*Clusters
	client *emr.Client
	policy *fleet.Policy
	place  fleet.Place
	queue  *awsx.Queue // of interruptions; nil for none

	// Now is the time; it is replaced in tests.
	Now func() time.Time

	loaded bool
	state  fleet.Record
	saved  []byte // the state as it is in the lake

	nodes    map[string]node // of the cluster, by the id of the instance
	active   []active        // orders that are not over, as of the last look
	known    map[string]order
	where    map[string]placement
	receipts []string // of messages whose notices are in the memory that is saved next
}

// NewFleet prepares to keep a fleet. Nothing is sent yet.
func NewFleet(c *Clusters, p *fleet.Policy, at fleet.Place, queue *awsx.Queue) *Fleet {
	return &Fleet{
		Clusters: c, client: c.steps.client, policy: p, place: at, queue: queue, Now: time.Now,
		known: map[string]order{}, where: map[string]placement{},
	}
}

// mostLogged is how many decisions are remembered.
const mostLogged = 100

// Keep looks, decides and acts once. The actions are those that were done.
func (f *Fleet) Keep(ctx context.Context) ([]fleet.Action, error) {
	if !f.loaded {
		if err := readJSON(ctx, f.Store, fleet.RecordKey, &f.state); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		f.loaded = true
	}
	memory, actions, err := fleet.Step(ctx, f.policy, f, f.state.Memory)
	f.state.Memory = memory
	for _, a := range actions {
		f.state.Log = append(f.state.Log, fleet.Entry{At: f.state.Seen, Action: a})
	}
	f.state.Log = f.state.Log[max(0, len(f.state.Log)-mostLogged):]
	if failed := f.save(ctx); failed != nil {
		return actions, errors.Join(err, failed)
	}
	if f.queue != nil && len(f.receipts) > 0 {
		if f.queue.Delete(ctx, f.receipts) == nil { // else they come again, and are noted again
			f.receipts = nil
		}
	}
	return actions, err
}

// save puts the state into the lake, where it is another than before.
func (f *Fleet) save(ctx context.Context) error {
	data, err := json.Marshal(f.state)
	if err != nil || bytes.Equal(data, f.saved) {
		return err
	}
	if err := f.Store.Put(ctx, fleet.RecordKey, bytes.NewReader(data), store.Always); err != nil {
		return fmt.Errorf("fleet: %w", err)
	}
	f.saved = data
	return nil
}

// spend counts what the time since the last look cost.
func (f *Fleet) spend(now time.Time) {
	s := &f.state
	if month := now.UTC().Format("2006-01"); s.Month != month {
		s.Month, s.USD = month, 0
		if first := time.Date(now.UTC().Year(), now.UTC().Month(), 1, 0, 0, 0, 0, time.UTC); s.Seen.Before(first) && !s.Seen.IsZero() {
			s.Seen = first
		}
	}
	if !s.Seen.IsZero() && s.RateUSD > 0 {
		s.USD += s.RateUSD * max(0, now.Sub(s.Seen).Hours())
	}
}

// active is an order that is not over.
type active struct {
	hash  string
	order order
	at    placement
}

// keepOrders is how long the records of an order are kept after it.
const keepOrders = 7 * 24 * time.Hour

// orders reads the orders that are not over, and removes the records of those that were over long ago.
func (f *Fleet) orders(ctx context.Context, now time.Time) (all []active, err error) {
	has := map[string]map[string]bool{}
	var old []string
	for _, folder := range []string{over, placed, orders} { // in this order: what is seen as an order was not over before
		has[folder] = map[string]bool{}
		for o, err := range f.Store.List(ctx, folder, "") {
			if err != nil {
				return nil, fmt.Errorf("fleet: %w", err)
			}
			hash := o.Key[len(folder) : len(o.Key)-len(".json")]
			has[folder][hash] = true
			if folder == over && now.Sub(o.Modified) > keepOrders {
				old = append(old, hash)
			}
		}
	}
	for _, hash := range old { // the mark goes last
		if err := f.Store.Delete(ctx, orders+hash+".json", placed+hash+".json"); err != nil {
			return nil, err
		}
		if err := f.Store.Delete(ctx, over+hash+".json"); err != nil {
			return nil, err
		}
	}
	for hash := range has[orders] {
		if has[over][hash] {
			delete(f.known, hash)
			delete(f.where, hash)
			continue
		}
		one := active{hash: hash, order: f.known[hash], at: f.where[hash]}
		if one.order.Attempt == "" {
			if err := f.read(ctx, orders+hash, &one.order); err != nil {
				return nil, err
			}
			f.known[hash] = one.order
		}
		if has[placed][hash] && one.at.Step == "" {
			if err := f.read(ctx, placed+hash, &one.at); err != nil {
				return nil, err
			}
			f.where[hash] = one.at
		}
		all = append(all, one)
	}
	slices.SortFunc(all, func(a, b active) int {
		if n := a.order.At.Compare(b.order.At); n != 0 {
			return n
		}
		return bytes.Compare([]byte(a.hash), []byte(b.hash))
	})
	return all, nil
}
