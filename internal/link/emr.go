package link

import (
	"context"
	"crypto/tls"

	"github.com/petalake/petalake/engine/spark"
	"github.com/petalake/petalake/engine/spark/local"
)

// emr starts a session on EMR.
func (s *Links) emr(ctx context.Context) (o spark.Options, done func(), err error) {
	if s.Sessions == nil {
		return o, nil, s.Env.NoServices("its Spark is on Amazon EMR")
	}
	o, done, err = s.Sessions.Session(ctx, s.Env.Environment, func() { s.starting(local.Step{Stage: local.Starting}) })
	if err != nil {
		return o, nil, err
	}
	s.starting(local.Step{Stage: local.Ready})
	at := &s.Env.Environment.Spark
	if o.User, o.CAFile = string(at.User), s.Env.Absolute(string(at.CAFile)); o.CAFile == "" {
		o.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return o, done, nil
}
