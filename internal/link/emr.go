package link

import (
	"context"
	"crypto/tls"
	"time"

	"github.com/google/uuid"
	"github.com/petalake/petalake/engine/spark"
	"github.com/petalake/petalake/engine/spark/local"
	"github.com/petalake/petalake/internal/aws/awsx"
	"github.com/petalake/petalake/internal/aws/emr"
)

// emrPoll is how often a session that starts is looked at; on AWS it takes a minute or two.
const emrPoll = 2 * time.Second

// emr starts a session on EMR. Its token is asked for anew before it ends.
func (s *Links) emr(ctx context.Context) (o spark.Options, done func(), err error) {
	cfg, err := awsx.Load(ctx, awsx.Of(s.Env.Environment))
	if err != nil {
		return o, nil, err
	}
	e := &s.Env.Environment.Spark.EMR
	name := "petalake-" + uuid.NewString()
	tell := func(string) { s.starting(local.Step{Stage: local.Starting}) }
	var session *emr.Session
	if e.Cluster != "" {
		session, err = emr.OpenCluster(ctx, cfg, string(e.Cluster), string(e.Role), name, emrPoll, tell)
	} else {
		session, err = emr.OpenServerless(ctx, cfg, string(e.Application), string(e.Role), name, emrPoll, tell)
	}
	if err != nil {
		return o, nil, err
	}
	done = func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = session.Close(ctx) // it ends by itself when it is idle
	}
	endpoint, err := session.Endpoint(ctx)
	if err != nil {
		done()
		return o, nil, err
	}
	s.starting(local.Step{Stage: local.Ready})
	o = spark.Options{Address: endpoint.Address, CAFile: s.Env.Absolute(string(s.Env.Environment.Spark.CAFile)), User: string(s.Env.Environment.Spark.User)}
	if o.CAFile == "" {
		o.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	o.Metadata = spark.Renewing(emr.Header, time.Now, func(ctx context.Context) (string, time.Time, error) {
		e, err := session.Endpoint(ctx)
		return e.Token, e.Ends, err
	})
	return o, done, nil
}
