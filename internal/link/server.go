package link

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/petalake/petalake/engine/spark"
	"github.com/petalake/petalake/engine/spark/eventlog"
	"github.com/petalake/petalake/engine/spark/local"
	"github.com/petalake/petalake/internal/lake"
)

// Options say where the environment's Spark is. One of this machine is started.
func (s *Links) Options(ctx context.Context) (o spark.Options, server *local.Server, done func(), err error) {
	at := &s.Env.Environment.Spark
	if at.OnEMR() {
		o, done, err = s.emr(ctx)
		return o, nil, done, err
	}
	if at.Managed() {
		s.CleanEvents()
		server, done, err := local.Ensure(ctx, s.Server(), s.starting)
		return spark.Options{Address: server.Address, Token: server.Token}, &server, done, err
	}
	o = spark.Options{Address: string(at.Address), Token: at.Token.Reveal(), User: string(at.User), CAFile: s.Env.Absolute(string(at.CAFile))}
	if at.TLS && o.CAFile == "" {
		o.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return o, nil, func() {}, nil
}

// Server says which Spark of this machine the environment has, whether or not it runs.
func (s *Links) Server() local.Options {
	at, s3 := &s.Env.Environment.Spark, &s.Env.Environment.S3
	o := local.Options{
		Search: local.Search{Home: s.Env.Absolute(string(at.Home)), S3: s.Env.Storage.Folder == ""},
		State:  s.state(),
		Lake: local.Lake{
			Root: cmp.Or(s.Env.Storage.Folder, string(s.Env.Environment.Storage)), Cores: at.Cores, Memory: fmt.Sprintf("%dm", int64(at.Memory)>>20), Conf: at.Conf,
			S3: local.S3{
				Endpoint: string(s3.Endpoint), Region: string(s3.Region), PathStyle: s3.PathStyle,
				AccessKey: s3.AccessKey.Reveal(), SecretKey: s3.SecretKey.Reveal(),
			},
		},
	}
	o.Lake.Events = filepath.Join(o.State, "events")
	if s.Env.Storage.Folder != "" {
		o.Lake.Events = filepath.Join(s.Env.Storage.Folder, "_petalake", "spark-events")
	}
	return o
}

// state is the folder of this machine that says where the server of this lake is.
func (s *Links) state() string {
	return lake.CacheFolder("spark/servers", s.Env.Location()+"\x00"+string(s.Env.Environment.S3.Endpoint))
}

// starting passes on how far the start of a Spark is.
func (s *Links) starting(step local.Step) {
	if s.Starting != nil {
		s.Starting(step)
	}
}

// Absent says why the environment's Spark cannot be used now, without starting it: nil where it may.
func (s *Links) Absent(ctx context.Context) error {
	if !s.Env.Environment.Spark.Managed() {
		return nil
	}
	o := s.Server()
	if running, err := local.Running(o.State); err == nil && running.Ready {
		return nil
	}
	_, err := local.Find(ctx, o.Search)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: `petalake spark start` installs it", err)
	}
	return err
}

// keptEvents are the event logs of Spark that a lake keeps.
var keptEvents = eventlog.Keep{Age: 30 * 24 * time.Hour, Bytes: 5_000_000_000}

// CleanEvents deletes event logs that are not kept, once an hour at most. What fails is tried again.
func (s *Links) CleanEvents() {
	s.cleaning.Lock()
	due := time.Since(s.cleaned) > time.Hour
	if due {
		s.cleaned = time.Now()
	}
	s.cleaning.Unlock()
	if due && s.Env.Environment.Spark.Managed() {
		_ = eventlog.Clean(s.Server().Lake.Events, keptEvents, time.Now())
	}
}
