package job

import (
	"context"

	"github.com/petalake/petalake/store"
)

// Remote says how programs run where their files have to be brought first: beside the tables, in the lake.
type Remote struct {
	// Role is what programs run as, in the words of whoever runs them: on AWS the ARN of a role.
	Role string
	// Store is the lake. LogKey is a folder in it that programs' output is written to, and LogURI the same as s3://bucket/key.
	Store          store.Store
	LogKey, LogURI string
	// EventLogURI is the folder that Spark leaves its event logs in, where it is not the runner that brings them to LogURI.
	EventLogURI string
	// KMSKey encrypts the logs; "" leaves that to the bucket.
	KMSKey string
	// Submission puts the files of an attempt into the lake, and says how it is submitted.
	Submission func(ctx context.Context, a Attempt) (Submission, error)
}

// Submission is a program as it is handed to a Spark elsewhere. All files are in the lake.
type Submission struct {
	Main      string // s3://bucket/key of a .py or .jar
	Class     string // of a jar
	Args      []string
	PyFiles   []string
	Jars      []string
	Conf      map[string]string // of Spark
	Env       map[string]string // of the driver
	Streaming bool
}
