package cli

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/petalake/petalake/internal/assembly"
	"github.com/petalake/petalake/internal/aws/emr"
	"github.com/petalake/petalake/internal/cli/render"
	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/spec"
)

// app is what all commands share.
type app struct {
	name     string // what a person types to run petalake
	in       io.Reader
	out, err io.Writer
	getenv   func(string) string
	dir      string // the working directory
	now      func() time.Time
	stop     *interrupts

	file, environment string
	output            string // text, json or csv
	quiet, noColor    bool
	memory            string
	threads           int
	engine            spec.Engine // of the statements of this command; "" as the environment says
	files             bool        // statements may read raw files
	spark             *progress   // of a Spark that starts
}

// lakefile is the name of the file that describes a lakehouse.
const lakefile = "lakehouse.yaml"

// noLakehouseError says that there is no lakehouse.yaml.
type noLakehouseError struct{ dir string }

func (e *noLakehouseError) Error() string {
	return fmt.Sprintf("no %s in %s or above", lakefile, e.dir)
}
func (e *noLakehouseError) Unwrap() error { return fs.ErrNotExist }
func (e *noLakehouseError) Hint() string {
	return "make one with `petalake init`, or name one with --file"
}

// find gives the path of the lakehouse.yaml: the one that was named, or the nearest one in the
// working directory or above it, relative where that is shorter.
func (a *app) find() (string, error) {
	if a.file != "" {
		return a.file, nil
	}
	for dir := a.dir; ; dir = filepath.Dir(dir) {
		path := filepath.Join(dir, lakefile)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			if short, err := filepath.Rel(a.dir, path); err == nil && len(short) < len(path) {
				path = short
			}
			return path, nil
		}
		if dir == filepath.Dir(dir) {
			return "", &noLakehouseError{a.dir}
		}
	}
}

// open opens the lake that the global flags mean. The caller closes it.
func (a *app) open(ctx context.Context) (*assembly.Assembly, error) {
	path, err := a.find()
	if err != nil {
		return nil, err
	}
	o := assembly.Options{
		Options:  lake.Options{Environment: a.environment, Threads: a.threads, Engine: a.engine, Getenv: a.getenv},
		Starting: a.starting(), AWS: emr.Services{}, Files: a.files,
	}
	if a.memory != "" {
		size, err := spec.ParseSize(a.memory)
		if err != nil {
			return nil, &usageError{fmt.Errorf("--memory: %w", err), ""}
		}
		o.Memory = int64(size)
	}
	return assembly.Load(ctx, path, o)
}

// withLake runs do with the lake open.
func (a *app) withLake(ctx context.Context, do func(*assembly.Assembly) error) (err error) {
	rooms, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if closing := rooms.Close(); err == nil {
			err = closing
		}
	}()
	return do(rooms)
}

// say writes a note for people to standard error, unless they asked for quiet.
func (a *app) say(format string, args ...any) {
	if !a.quiet {
		fmt.Fprintf(a.err, format+"\n", args...)
	}
}

// style is what a stream can show.
func (a *app) style(stream any) render.Style {
	width, ok := terminal(stream)
	if !ok {
		return render.Style{}
	}
	return render.Style{Width: width, Color: !a.noColor && a.getenv("NO_COLOR") == "" && a.getenv("TERM") != "dumb"}
}

// terminal says whether a stream is a terminal, and how wide it is.
func terminal(stream any) (width int, ok bool) {
	f, ok := stream.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 0, false
	}
	if width, _, err := term.GetSize(int(f.Fd())); err == nil && width > 0 {
		return width, true
	}
	if width, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && width > 0 {
		return width, true
	}
	return 80, true
}

// commandName is what a person types to run this command again, from how it was started.
func commandName(arg0 string) string {
	switch {
	case strings.Contains(filepath.ToSlash(arg0), "/go-build"):
		return "go run ./cmd/petalake"
	case strings.ContainsAny(arg0, `/\`):
		return arg0
	}
	return "petalake"
}
