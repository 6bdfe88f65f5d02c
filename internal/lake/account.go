package lake

import (
	"context"

	"github.com/petalake/petalake/internal/aws/awsx"
	"github.com/petalake/petalake/spec"
)

// Account is that of the environment. What petalake deploy started is told of it: the network there has no
// way to the service that knows accounts.
func (e *Env) Account(ctx context.Context) (string, error) {
	if account := e.Environment.AWS.Account; account != "" {
		return account, nil
	}
	if account, _ := e.Lookup(spec.AccountOf); account != "" {
		return account, nil
	}
	cfg, err := awsx.Load(ctx, awsx.Of(e.Environment))
	if err != nil {
		return "", err
	}
	return awsx.Account(ctx, cfg)
}
