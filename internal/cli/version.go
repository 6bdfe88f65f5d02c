package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/petalake/petalake/delta"
)

// versionInfo is what petalake was built from.
type versionInfo struct {
	Version  string `json:"version"`  // of the module; of a build outside of it delta.Version with "-devel"
	Revision string `json:"revision"` // of the source, "+" after it where files were changed
	Go       string `json:"go"`
	Platform string `json:"platform"`
	DuckDB   string `json:"duckdb"` // version of its Go module
}

// versionCommand prints what petalake was built from.
type versionCommand struct{ *app }

func (c *versionCommand) command() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "Print the version",
		Example: "petalake version",
		Args:    exactly(),
		RunE:    func(*cobra.Command, []string) error { return c.run() },
	}
}

func (c *versionCommand) run() error {
	v := builtFrom(debug.ReadBuildInfo())
	if c.output != "text" {
		return one(c.app, v)
	}
	text := "petalake " + v.Version
	if v.Revision != "" {
		text += " (" + v.Revision + ")"
	}
	_, err := fmt.Fprintf(c.out, "%s %s %s duckdb-go %s\n", text, v.Platform, v.Go, v.DuckDB)
	return err
}

func builtFrom(info *debug.BuildInfo, ok bool) versionInfo {
	v := versionInfo{Version: delta.Version + "-devel", Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, DuckDB: "unknown"}
	if !ok {
		return v
	}
	if info.Main.Version != "" && info.Main.Version != "(devel)" {
		v.Version = info.Main.Version
	}
	changed := false
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Revision = s.Value[:min(12, len(s.Value))]
		case "vcs.modified":
			changed = s.Value == "true"
		}
	}
	if changed && v.Revision != "" {
		v.Revision += "+"
	}
	for _, m := range info.Deps {
		if m.Path == "github.com/duckdb/duckdb-go-bindings" {
			v.DuckDB = m.Version
		}
	}
	return v
}
