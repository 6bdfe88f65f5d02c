package duck

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/petalake/petalake/internal/duckdb"
	"github.com/petalake/petalake/internal/sql"
)

// DamageError says that a data file of a table is missing or is not what was written.
type DamageError struct {
	Table   sql.TableName
	Version int64
	File    string // relative to the table's folder
	Reason  string
}

// Error implements error.
func (e *DamageError) Error() string {
	return fmt.Sprintf("table %s version %d: %s: %s", e.Table, e.Version, e.File, e.Reason)
}

// Hint says what to do.
func (e *DamageError) Hint() string {
	return fmt.Sprintf("`petalake check %s` lists what is damaged; an older version may still be whole", e.Table)
}

// damaged finds which file of which table an error of the database is about. Other errors it
// returns as they are.
func damaged(err error, inputs []*input) error {
	d, ok := errors.AsType[*duckdb.Error](err)
	if !ok || d.Kind != duckdb.IO && d.Kind != duckdb.Invalid && d.Kind != duckdb.Other {
		return err
	}
	for _, in := range inputs {
		for i, path := range in.paths {
			if !strings.Contains(d.Message, path) {
				continue
			}
			reason := "it is not there"
			if _, missing := os.Stat(path); missing == nil {
				reason = strings.Join(strings.Fields(strings.NewReplacer(`"`+path+`"`, "it", "'"+path+"'", "it", path, "it").Replace(d.Message)), " ")
			}
			return &DamageError{Table: in.name, Version: in.relation.Version(), File: in.files[i].Path, Reason: reason}
		}
	}
	return err
}

// HiddenFileError is an error about a data file whose name is not for whom the error is shown to.
type HiddenFileError struct{ Tables []string }

// Error implements error.
func (e *HiddenFileError) Error() string {
	return "a data file of " + strings.Join(e.Tables, ", ") + " cannot be read"
}

// Hint says what to do.
func (e *HiddenFileError) Hint() string {
	return "somebody who may read all of the table is told which file, and why"
}

// discreet keeps the names of data files out of an error, where they are to be hidden.
func (r *relation) discreet(err error) error {
	if err == nil || !r.hideFiles {
		return err
	}
	text := err.Error()
	named := strings.Contains(text, ".parquet") || strings.Contains(text, "_delta_log")
	hidden := &HiddenFileError{}
	for _, in := range r.inputs {
		hidden.Tables = append(hidden.Tables, in.name.String())
		for _, f := range in.files {
			named = named || strings.Contains(text, f.Path)
		}
	}
	if !named {
		return err
	}
	return hidden
}
