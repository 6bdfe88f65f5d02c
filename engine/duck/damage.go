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
