//go:build !unix

package cli

import "os/exec"

// detached leaves a command as it is: it has no terminal anyway.
func detached(*exec.Cmd) {}
