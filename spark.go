package petalake

import (
	"context"

	"github.com/petalake/petalake/engine/spark"
	"github.com/petalake/petalake/engine/spark/local"
)

// Spark is a session on the environment's Spark, in which the lake's tables have their names. It is
// closed with the lake. A Spark of this machine is started where it does not run.
func (l *Lake) Spark(ctx context.Context) (*spark.Session, error) { return l.links.Whole(ctx) }

// SparkManaged says whether the environment's Spark is one of this machine, which petalake starts.
func (l *Lake) SparkManaged() bool { return l.env.Environment.Spark.Managed() }

// SparkServer says which Spark of this machine the environment has, whether or not it runs.
func (l *Lake) SparkServer() local.Options { return l.links.Server() }
