package job

import (
	"os"
	"syscall"
)

// release gives back to the disk what a file holds before a byte. Its size stays, and what is behind
// stays where it is, so that whoever writes it goes on. A disk that cannot do so keeps all.
func release(name string, before int64) {
	const keepSize, punchHole = 0x1, 0x2
	if before <= 0 {
		return
	}
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return
	}
	defer f.Close()
	_ = syscall.Fallocate(int(f.Fd()), keepSize|punchHole, 0, before)
}
