// Package awsx reaches AWS: the one way to load credentials and a region, for all services and for
// the buckets of an environment, and the one table of what error codes mean.
package awsx

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/smithy-go/logging"

	"github.com/petalake/petalake/spec"
	"github.com/petalake/petalake/store/s3"
)

// Options say where AWS is. What is empty is found as the AWS tools find it: the variables AWS_*, the
// shared configuration, the role of the machine.
type Options struct {
	Region               string
	Endpoint             string // the URL of a server other than Amazon's, for all services
	AccessKey, SecretKey string
	CAFile               string // PEM certificates to trust besides the system's
}

// Of says how AWS is reached from an environment whose variables are resolved.
func Of(e *spec.Environment) Options {
	s := &e.S3
	return Options{
		Region: string(s.Region), Endpoint: string(e.Spark.EMR.Endpoint), AccessKey: s.AccessKey.Reveal(), SecretKey: s.SecretKey.Reveal(), CAFile: e.Path(s.CAFile),
	}
}

// Bucket says how a bucket is reached from such an environment, from its root.
func Bucket(e *spec.Environment, name string) s3.Options {
	s := &e.S3
	o := s3.Options{Bucket: name, Region: string(s.Region), Endpoint: string(s.Endpoint), PathStyle: s.PathStyle, CAFile: e.Path(s.CAFile)}
	if !s.AccessKey.IsZero() {
		o.Credentials = &s3.Credentials{AccessKey: s.AccessKey.Reveal(), SecretKey: s.SecretKey.Reveal()}
	}
	return o
}

// attempts is how often a call is made that is throttled, or whose connection fails.
const attempts = 8

// Load finds credentials and a region. It sends nothing to AWS.
func Load(ctx context.Context, o Options) (aws.Config, error) {
	with := []func(*config.LoadOptions) error{
		config.WithLogger(logging.Nop{}), // what it would say is in its errors
		config.WithRetryer(func() aws.Retryer {
			return retry.NewStandard(func(s *retry.StandardOptions) { s.MaxAttempts = attempts })
		}),
	}
	if o.Region != "" {
		with = append(with, config.WithRegion(o.Region))
	}
	if o.AccessKey != "" {
		with = append(with, config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(o.AccessKey, o.SecretKey, "")))
	}
	if o.CAFile != "" {
		client, err := trusting(o.CAFile)
		if err != nil {
			return aws.Config{}, err
		}
		with = append(with, config.WithHTTPClient(client))
	}
	cfg, err := config.LoadDefaultConfig(ctx, with...)
	if err != nil {
		return aws.Config{}, fmt.Errorf("load the AWS configuration: %w", err)
	}
	if o.Endpoint != "" {
		cfg.BaseEndpoint = &o.Endpoint
	}
	if cfg.Region == "" {
		return aws.Config{}, &Error{Message: "no region is set", hint: "write aws.region in the environment, or set AWS_REGION"}
	}
	return cfg, nil
}

// trusting is a client that trusts the certificates of a file too.
func trusting(file string) (*awshttp.BuildableClient, error) {
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("certificates: %w", err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("certificates of the system: %w", err)
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, errors.New("certificates: " + file + " holds none")
	}
	return awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.TLSClientConfig.RootCAs = roots
	}), nil
}
