// Package aws gives an open lakehouse the services of AWS that it needs beside S3: Amazon EMR, for sessions of Spark,
// programs and the clusters that these run on.
//
//	lake, err := petalake.Open(ctx, petalake.Options{File: "lakehouse.yaml", Environment: "prod", AWS: aws.Services()})
//
// It is a package of its own because their clients are large: a program that does not import it does not link them.
package aws

import (
	"github.com/petalake/petalake"
	"github.com/petalake/petalake/internal/aws/emr"
)

// Services reach AWS by the credentials and settings that the environment names, when they are needed.
func Services() petalake.AWS { return emr.Services{} }
