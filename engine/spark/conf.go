package spark

import (
	"context"
	"maps"
	"slices"

	"github.com/petalake/petalake/engine/spark/connectpb"
)

// Set changes settings of the session.
func (s *Session) Set(ctx context.Context, conf map[string]string) error {
	if len(conf) == 0 {
		return nil
	}
	set := &connectpb.ConfigRequest_Set{}
	for _, key := range slices.Sorted(maps.Keys(conf)) {
		value := conf[key]
		set.Pairs = append(set.Pairs, &connectpb.KeyValue{Key: key, Value: &value})
	}
	_, err := s.config(ctx, &connectpb.ConfigRequest_Operation{OpType: &connectpb.ConfigRequest_Operation_Set{Set: set}})
	return err
}

// Unset gives settings of the session their defaults back.
func (s *Session) Unset(ctx context.Context, keys ...string) error {
	if len(keys) == 0 {
		return nil
	}
	_, err := s.config(ctx, &connectpb.ConfigRequest_Operation{
		OpType: &connectpb.ConfigRequest_Operation_Unset{Unset: &connectpb.ConfigRequest_Unset{Keys: keys}},
	})
	return err
}

// Conf returns settings of the session: those that are named, or all that were set where none is.
// A setting without a value is left out.
func (s *Session) Conf(ctx context.Context, keys ...string) (map[string]string, error) {
	op := &connectpb.ConfigRequest_Operation{
		OpType: &connectpb.ConfigRequest_Operation_GetOption{GetOption: &connectpb.ConfigRequest_GetOption{Keys: keys}},
	}
	if len(keys) == 0 {
		op.OpType = &connectpb.ConfigRequest_Operation_GetAll{GetAll: &connectpb.ConfigRequest_GetAll{}}
	}
	return s.config(ctx, op)
}

func (s *Session) config(ctx context.Context, op *connectpb.ConfigRequest_Operation) (map[string]string, error) {
	values := map[string]string{}
	err := s.ask(ctx, func() error {
		r, err := s.client.Config(ctx, &connectpb.ConfigRequest{Operation: op})
		for _, pair := range r.GetPairs() {
			if pair.Value != nil {
				values[pair.GetKey()] = pair.GetValue()
			}
		}
		return err
	})
	return values, err
}
