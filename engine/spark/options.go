package spark

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"

	"google.golang.org/grpc/credentials"
)

// Options say which server to speak to, and as whom.
type Options struct {
	// Address is host:port, or the connection string of Spark Connect:
	// sc://host:port/;token=...;use_ssl=true;user_id=... The port is 15002 where it is left out.
	Address string
	// Token is the bearer token that the server asks for. It works with and without TLS.
	Token string
	// TLS encrypts the connection; nil is plain text, unless the address says use_ssl=true.
	TLS *tls.Config
	// User is the user of the session; sessions of different users are apart.
	User string
	// Metadata gives the headers of each call, for tokens that end and are renewed. May be nil.
	Metadata func(ctx context.Context) (map[string]string, error)
}

// resolve reads the connection string into the other options, which win where both say something.
func (o Options) resolve() (Options, error) {
	address, params, _ := strings.Cut(strings.TrimPrefix(o.Address, "sc://"), "/")
	if address == "" || strings.ContainsAny(address, ";=@ ") {
		// What was written is not repeated: it may hold a token.
		return o, errors.New("spark: bad address: write sc://host:15002, and parameters as in sc://host:15002/;user_id=ada")
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
			return o, fmt.Errorf("spark: address %s: unknown parameter: token, user_id and use_ssl are known", address)
		}
	}
	if o.User == "" {
		o.User = "petalake"
	}
	return o, nil
}

// bearer puts the token and the caller's headers on each call.
type bearer struct{ Options }

var _ credentials.PerRPCCredentials = (*bearer)(nil)

func (b *bearer) GetRequestMetadata(ctx context.Context, _ ...string) (map[string]string, error) {
	headers := map[string]string{}
	if b.Metadata != nil {
		more, err := b.Metadata(ctx)
		if err != nil {
			return nil, fmt.Errorf("spark: headers of the call: %w", err)
		}
		for key, value := range more {
			headers[strings.ToLower(key)] = value
		}
	}
	if b.Token != "" {
		headers["authorization"] = "Bearer " + b.Token
	}
	return headers, nil
}

// RequireTransportSecurity is false: a server on this machine asks for a token without TLS.
func (b *bearer) RequireTransportSecurity() bool { return false }
