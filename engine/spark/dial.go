package spark

import (
	"fmt"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

// Dial prepares a connection with the token and the headers of the options on each call, for who
// speaks the protocol himself. Nothing is sent yet.
func Dial(o Options) (*grpc.ClientConn, error) {
	o, err := o.resolve()
	if err != nil {
		return nil, err
	}
	transport := insecure.NewCredentials()
	if o.TLS != nil {
		transport = credentials.NewTLS(o.TLS)
	}
	conn, err := grpc.NewClient("dns:///"+o.Address, grpc.WithTransportCredentials(transport), grpc.WithPerRPCCredentials(&bearer{Options: o}),
		grpc.WithInitialWindowSize(window), grpc.WithInitialConnWindowSize(window))
	if err != nil {
		return nil, fmt.Errorf("spark: %s: %w", o.Address, err)
	}
	return conn, nil
}
