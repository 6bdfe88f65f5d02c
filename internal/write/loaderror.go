package write

import (
	"errors"
	"fmt"
	"strings"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/engine/duck/raw"
	"github.com/petalake/petalake/engine/duck/tablefile"
	"github.com/petalake/petalake/ingest/files"
	"github.com/petalake/petalake/spec"
)

// LoadError says which load failed. The table is as it was.
type LoadError struct {
	Source string // of lakehouse.yaml, "" for a load by hand
	Table  string
	Files  string // the raw files it is about, where Err does not name them; else ""
	Err    error
}

// Error implements error.
func (e *LoadError) Error() string {
	text := "load " + e.Table + ": "
	if e.Source != "" {
		text = "source " + e.Source + ": "
	}
	if e.Files != "" {
		text += e.Files + ": "
	}
	return text + strings.TrimPrefix(e.Err.Error(), "load: ")
}

// Unwrap gives the cause.
func (e *LoadError) Unwrap() error { return e.Err }

// Hint says what to do, in the words of lakehouse.yaml or of the command line.
func (e *LoadError) Hint() string {
	say := func(inFile, byHand string) string {
		if e.Source != "" {
			return inFile
		}
		return byHand
	}
	var bad *raw.BadRowError
	var misfit *schema.MismatchError
	var unknown *tablefile.SchemaError
	var hinted interface{ Hint() string }
	switch {
	case errors.As(e.Err, &bad) && strings.Contains(bad.Reason, "UTF-8"):
		return say("write options: {encoding: windows-1252}, which Excel writes, or another one, or on_error: quarantine at the source", "try --option encoding=windows-1252, which Excel writes, or another one, or --on-error quarantine")
	case errors.As(e.Err, &bad):
		aside := say("write on_error: quarantine at the source", "load with --on-error quarantine")
		return "correct the row, declare another type for the column, or " + aside + " to put such rows aside"
	case errors.As(e.Err, &misfit) && misfit.Want == nil:
		return fmt.Sprintf("%s to let new columns in, or leave %s out of the rows", e.evolve("add", say), misfit.Column)
	case errors.As(e.Err, &misfit) && misfit.Widens():
		return e.evolve("widen", say) + " to let types become wider, or change the values"
	case errors.As(e.Err, &misfit) && misfit.Got != nil:
		return fmt.Sprintf("declare another type for %s, or correct the files", misfit.Column)
	case errors.As(e.Err, &unknown) && unknown.Expected == nil && unknown.Reason == "":
		return fmt.Sprintf("%s to let new columns in, or leave %s out of the rows", e.evolve("add", say), unknown.Column)
	case strings.Contains(e.Err.Error(), "No space left on device"): // DuckDB has no code for it
		return "free space on the disk of the lake (see df -h), then run the same command again"
	case errors.As(e.Err, &hinted):
		return hinted.Hint()
	}
	return ""
}

func (e *LoadError) evolve(mode string, say func(inFile, byHand string) string) string {
	return say(fmt.Sprintf("write evolve: %s under tables.%s", mode, e.Table), "load with --evolve "+mode)
}

// failure names the load that an error ended. Problems of lakehouse.yaml say where they are.
func failure(source, table string, err error) error {
	var problem spec.Problem
	var named *LoadError
	switch {
	case err == nil || errors.As(err, &problem):
		return err
	case errors.As(err, &named):
		named.Source, named.Table = source, table
		return named
	}
	return &LoadError{Source: source, Table: table, Err: err}
}

// about names the raw files that an error is about, where it does not do so itself.
func about(found []files.File, err error) error {
	if err == nil || len(found) == 0 {
		return err
	}
	text := err.Error()
	for _, f := range found {
		if strings.Contains(text, f.Path) {
			return err
		}
	}
	name := found[0].Path
	if len(found) > 1 {
		name = fmt.Sprintf("%s and %d more", name, len(found)-1)
	}
	return &LoadError{Files: name, Err: err}
}
