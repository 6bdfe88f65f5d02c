package spark

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"

	"google.golang.org/grpc/credentials"
)

// Options say which server to speak to, and as whom. Printed, they show no secret.
type Options struct {
	// Address is host:port, or the connection string of Spark Connect:
	// sc://host:port/;token=...;use_ssl=true;user_id=... The port is 15002 where it is left out.
	Address string
	// Token is the bearer token that the server asks for. It works with and without TLS.
	Token string
	// TLS encrypts the connection; nil is plain text, unless the address says use_ssl=true or CAFile is given.
	TLS *tls.Config
	// CAFile is a PEM file with the authorities to trust, in place of those of the system.
	CAFile string
	// User is the user of the session; sessions of different users are apart.
	User string
	// Metadata gives the headers of each call, for tokens that end and are renewed: see Renewing. May be nil.
	Metadata func(ctx context.Context) (map[string]string, error)
}

// String is the address alone: the rest may be secret.
func (o Options) String() string {
	r, err := o.resolve()
	if err != nil {
		return "a Spark Connect server"
	}
	return r.Address
}

// GoString is String.
func (o Options) GoString() string { return o.String() }

// resolve reads the connection string into the other options, which win where both say something.
func (o Options) resolve() (Options, error) {
	address, params, _ := strings.Cut(strings.TrimPrefix(o.Address, "sc://"), "/")
	if address == "" || strings.ContainsAny(address, ";=@ ") {
		// What was written is not repeated: it may hold a token.
		return o, &hinted{"bad address", "write sc://host:15002, and parameters as in sc://host:15002/;user_id=ada"}
	}
	if _, _, err := net.SplitHostPort(address); err != nil {
		address = net.JoinHostPort(strings.Trim(address, "[]"), "15002")
	}
	o.Address = address
	for param := range strings.SplitSeq(params, ";") {
		key, value, _ := strings.Cut(param, "=")
		value, err := url.PathUnescape(value)
		if err != nil {
			return o, fmt.Errorf("spark: address %s: a parameter is not well escaped", address)
		}
		switch {
		case key == "":
		case key == "token" && o.Token == "":
			o.Token = value
		case key == "user_id" && o.User == "":
			o.User = value
		case key == "use_ssl" && o.TLS == nil && strings.EqualFold(value, "true"):
			o.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
		case key == "token", key == "user_id", key == "use_ssl":
		default:
			return o, &hinted{"address " + address + ": unknown parameter", "token, user_id and use_ssl are known"}
		}
	}
	if o.User == "" {
		o.User = "petalake"
	}
	return o, nil
}

// trust reads the authorities of CAFile into a configuration of TLS.
func (o Options) trust() (*tls.Config, error) {
	if o.CAFile == "" {
		return o.TLS, nil
	}
	pem, err := os.ReadFile(o.CAFile)
	if err != nil {
		return nil, fmt.Errorf("spark: CA file: %w", err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		return nil, &hinted{"CA file " + o.CAFile + " holds no certificate", "give a PEM file: it has lines that say BEGIN CERTIFICATE"}
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if o.TLS != nil {
		config = o.TLS.Clone()
	}
	config.RootCAs = pool
	return config, nil
}

// bearer puts the token and the caller's headers on each call, and remembers what must not be shown.
type bearer struct {
	Options
	mu      sync.Mutex
	secrets []string // the last few
}

var _ credentials.PerRPCCredentials = (*bearer)(nil)

func newBearer(o Options) *bearer {
	b := &bearer{Options: o}
	b.hide(o.Token)
	return b
}

func (b *bearer) GetRequestMetadata(ctx context.Context, _ ...string) (map[string]string, error) {
	headers := map[string]string{}
	if b.Metadata != nil {
		more, err := b.Metadata(ctx)
		if err != nil {
			return nil, errors.New(b.strike(fmt.Sprintf("headers of the call: %v", err)))
		}
		for key, value := range more {
			headers[strings.ToLower(key)] = value
			if len(value) >= 8 { // what is shorter is no secret, and may be a part of any word
				b.hide(value)
			}
		}
	}
	if b.Token != "" {
		headers["authorization"] = "Bearer " + b.Token
	}
	return headers, nil
}

// RequireTransportSecurity is false: a server on this machine asks for a token without TLS.
func (b *bearer) RequireTransportSecurity() bool { return false }

func (b *bearer) hide(secret string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if secret == "" || slices.Contains(b.secrets, secret) {
		return
	}
	b.secrets = append(b.secrets, secret)
	if len(b.secrets) > 16 {
		b.secrets = slices.Delete(b.secrets, 1, 2) // the first is the token, which stays
	}
}

// strike takes the secrets out of a text: a server, or what stands before it, may repeat what it was given.
func (b *bearer) strike(text string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, secret := range b.secrets {
		text = strings.ReplaceAll(text, secret, "***")
		text = strings.ReplaceAll(text, url.QueryEscape(secret), "***")
	}
	return text
}
