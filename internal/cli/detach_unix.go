//go:build unix

package cli

import (
	"os/exec"
	"syscall"
)

// detached has a command go on when this process and its terminal are gone.
func detached(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} }
