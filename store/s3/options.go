// Package s3 keeps a store in a bucket of Amazon S3 or of a server that speaks its protocol.
//
// Put if absent is a PutObject, or for a large body a CompleteMultipartUpload, with the header
// If-None-Match: *. The answer 412 is fs.ErrExist, 409 means try again, and an answer that never
// came is store.ErrUnknown. A server other than Amazon's is tested before the first conditional
// write, and refused where it ignores the header.
package s3

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/petalake/petalake/store"
)

// Options say which bucket, and how to reach it. Only Bucket must be given.
type Options struct {
	Bucket string
	Prefix string // the folder of the bucket that is the root of the store: a key, or empty

	Region      string       // empty: from the environment and the AWS configuration files
	Endpoint    string       // "https://minio.example.com:9000"; empty: Amazon's
	PathStyle   bool         // the bucket in the path, not in the host name: most servers but Amazon's
	Credentials *Credentials // nil: the default chain (environment, profile, web identity, instance role)
	Encryption  Encryption
	CAFile      string // PEM certificates to trust beside the system's

	Retry         store.Policy
	MultipartFrom int64 // bytes; a longer body is sent in parts; 0 means 64 MiB
	PartSize      int64 // bytes, at least 5 MiB; 0 means 32 MiB, or more where 10,000 parts are too few
	Parallel      int   // parts of one body sent at once; 0 means 4
}

// Credentials are static ones, as a test server takes them.
type Credentials struct {
	AccessKey, SecretKey, SessionToken string
}

// String keeps the secret out of messages; so does every fmt verb, and JSON.
func (c Credentials) String() string { return "access key " + c.AccessKey + ", secret hidden" }

// Format implements fmt.Formatter.
func (c Credentials) Format(f fmt.State, _ rune) { fmt.Fprint(f, c.String()) }

// MarshalText implements encoding.TextMarshaler.
func (c Credentials) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// Encryption says how the server encrypts what is written.
type Encryption struct {
	Mode      string // "" is the bucket's default, "AES256" (SSE-S3) or "aws:kms" (SSE-KMS)
	KeyID     string // of KMS; empty: the account's key for S3
	BucketKey bool   // fewer calls to KMS
}

const mebibyte = 1 << 20

// Open checks the options and loads credentials; it sends nothing to the bucket.
func Open(ctx context.Context, o Options) (*Store, error) {
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("s3 store %q: %w", o.Bucket, err)
	}
	o = o.filled()
	cfg, err := o.load(ctx)
	if err != nil {
		return nil, fmt.Errorf("s3 store %q: %w", o.Bucket, err)
	}
	client := s3.NewFromConfig(cfg, func(c *s3.Options) {
		c.UsePathStyle = o.PathStyle
		c.DisableLogOutputChecksumValidationSkipped = true
		if o.Endpoint != "" {
			c.BaseEndpoint = aws.String(o.Endpoint)
		}
	})
	s := &Store{client: client, options: o, probing: make(chan struct{}, 1)}
	if o.Prefix != "" {
		s.folder = o.Prefix + "/"
	}
	s.proven.Store(client.Options().BaseEndpoint == nil) // Amazon's own needs no proof
	return s, nil
}

func (o Options) check() error {
	if o.Bucket == "" {
		return errors.New("no bucket is given")
	}
	if o.Prefix != "" {
		if err := store.CheckKey(o.Prefix); err != nil {
			return fmt.Errorf("prefix: %w", err)
		}
	}
	switch o.Encryption.Mode {
	case "aws:kms":
	case "", "AES256":
		if o.Encryption.KeyID != "" || o.Encryption.BucketKey {
			return errors.New(`encryption: a key is given, but the mode is not "aws:kms"`)
		}
	default:
		return fmt.Errorf(`encryption: got mode %q, want "", "AES256" or "aws:kms"`, o.Encryption.Mode)
	}
	if o.PartSize != 0 && o.PartSize < 5*mebibyte {
		return fmt.Errorf("part size: got %d bytes, want at least 5 MiB", o.PartSize)
	}
	return checkEndpoint(o.Endpoint)
}

func checkEndpoint(endpoint string) error {
	if endpoint == "" {
		return nil
	}
	u, err := url.Parse(endpoint)
	switch {
	case err != nil: // the text may hold a password: do not repeat it
		return errors.New("endpoint: not a URL")
	case u.User != nil:
		return errors.New("endpoint: holds credentials, which belong in the credentials setting")
	case u.Scheme != "http" && u.Scheme != "https" || u.Host == "":
		return errors.New(`endpoint: want a URL like "https://host:port"`)
	}
	return nil
}

func (o Options) filled() Options {
	if o.MultipartFrom <= 0 {
		o.MultipartFrom = 64 * mebibyte
	}
	if o.PartSize <= 0 {
		o.PartSize = 32 * mebibyte
	}
	if o.Parallel <= 0 {
		o.Parallel = 4
	}
	return o
}

// load switches the retries of the SDK off: a conditional put that it repeats by itself would
// hide whether the first attempt happened.
func (o Options) load(ctx context.Context) (aws.Config, error) {
	client, err := o.httpClient()
	if err != nil {
		return aws.Config{}, err
	}
	with := []func(*config.LoadOptions) error{
		config.WithHTTPClient(client),
		config.WithRetryer(func() aws.Retryer { return aws.NopRetryer{} }),
	}
	if o.Region != "" {
		with = append(with, config.WithRegion(o.Region))
	}
	if c := o.Credentials; c != nil {
		with = append(with, config.WithCredentialsProvider(
			credentials.NewStaticCredentialsProvider(c.AccessKey, c.SecretKey, c.SessionToken)))
	}
	cfg, err := config.LoadDefaultConfig(ctx, with...)
	if err != nil {
		return aws.Config{}, fmt.Errorf("load the AWS configuration: %w", err)
	}
	if cfg.Region == "" {
		if o.Endpoint == "" {
			return aws.Config{}, &Error{Code: "no region", hint: "set the region of the bucket in lakehouse.yaml, or AWS_REGION"}
		}
		cfg.Region = "us-east-1" // what servers other than Amazon's go by
	}
	return cfg, nil
}

func (o Options) httpClient() (*awshttp.BuildableClient, error) {
	var roots *x509.CertPool
	if o.CAFile != "" {
		pem, err := os.ReadFile(o.CAFile)
		if err != nil {
			return nil, fmt.Errorf("certificates: %w", err)
		}
		if roots, err = x509.SystemCertPool(); err != nil {
			return nil, fmt.Errorf("certificates of the system: %w", err)
		}
		if !roots.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("certificates: no PEM certificate in %s", o.CAFile)
		}
	}
	return awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
		t.MaxIdleConnsPerHost = 64
		t.ResponseHeaderTimeout = time.Minute
		if t.TLSClientConfig == nil {
			t.TLSClientConfig = &tls.Config{}
		}
		t.TLSClientConfig.MinVersion = tls.VersionTLS12
		t.TLSClientConfig.RootCAs = roots
	}), nil
}
