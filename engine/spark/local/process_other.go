//go:build !unix

package local

import (
	"context"
	"errors"
	"os/exec"
)

var errSystem = errors.New("spark: petalake starts no Spark on this system: name one by its address")

func detach(*exec.Cmd)                                        {}
func terminate(int)                                           {}
func kill(int)                                                {}
func identify(int) (Process, error)                           { return Process{}, errSystem }
func resident(int) int64                                      { return 0 }
func connected(string) bool                                   { return false }
func lock(context.Context, string) (unlock func(), err error) { return nil, errSystem }
func share(string) (unlock func(), err error)                 { return nil, errSystem }
func alone(string) (unlock func(), err error)                 { return nil, errSystem }
