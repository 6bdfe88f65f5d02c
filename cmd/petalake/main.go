// Command petalake runs a lakehouse.
package main

import (
	"os"

	"github.com/petalake/petalake/internal/cli"
)

func main() { os.Exit(cli.Main()) }
