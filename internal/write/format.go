package write

import (
	"fmt"

	"github.com/petalake/petalake/engine/duck/raw"
	"github.com/petalake/petalake/ingest/files"
	"github.com/petalake/petalake/spec"
)

// formatOf is the one format of files, as it was said or by their names.
func formatOf(said spec.Format, found []files.File) (spec.Format, error) {
	if said != "" || len(found) == 0 {
		return said, nil
	}
	first, _ := spec.FormatOf(found[0].Path)
	for _, f := range found {
		switch format, _ := spec.FormatOf(f.Path); {
		case format == "":
			return "", &FormatError{Path: f.Path}
		case format != first:
			return "", &FormatError{Path: f.Path, Found: format, First: first}
		}
	}
	return first, nil
}

// FormatError says that it is not clear how the rows of a file are written.
type FormatError struct {
	Path         string
	Found, First spec.Format // of this file, and of those before it; empty where the name does not tell
}

// Error implements error.
func (e *FormatError) Error() string {
	if e.Found == "" {
		return e.Path + ": the name does not tell the format"
	}
	return fmt.Sprintf("%s: is %s, while the files before it are %s", e.Path, e.Found, e.First)
}

// Hint says what to do.
func (e *FormatError) Hint() string {
	if e.Found == "" {
		return "say --format csv, json or parquet (format: in lakehouse.yaml)"
	}
	return "load files of different formats separately"
}

// tabs sets the delimiter of .tsv files where none was said.
func tabs(format spec.Format, found []files.File, csv raw.CSV) raw.CSV {
	if format == spec.CSV && csv.Delimiter == "" && len(found) > 0 {
		if _, isTabs := spec.FormatOf(found[0].Path); isTabs {
			csv.Delimiter = "\t"
		}
	}
	return csv
}

// pickOf says which columns of files are loaded.
func pickOf(columns map[string]string) raw.Pick {
	p := raw.Pick{Names: map[string]string{}}
	for table, file := range columns {
		if table == "*" && file == "*" {
			p.Rest = true
		} else {
			p.Names[table] = file
		}
	}
	return p
}

// shownNames are the names of files as people know them, by the paths under which they are read.
func shownNames(found []files.File, paths []string) map[string]string {
	names := map[string]string{}
	for i, f := range found {
		names[paths[i]] = f.Path
	}
	return names
}
