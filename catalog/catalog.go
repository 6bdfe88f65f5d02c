// Package catalog finds the tables of a lake by name.
//
// The local catalog keeps no list of its own: a table is a folder of the lake with a _delta_log in
// it, and its place follows from its name. "bronze.flights" lives in bronze/flights, "flights" in
// flights. Whatever another engine puts there is found; whatever it removes is gone.
package catalog

import (
	"context"
	"fmt"
	"io/fs"
	"iter"
	"strings"
	"unicode"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/store"
)

// Name is the name of a table. Schema is empty for a name without a dot.
type Name struct{ Schema, Table string }

// ParseName reads "table" or "schema.table".
func ParseName(text string) (Name, error) {
	schema, table, dotted := strings.Cut(text, ".")
	if !dotted {
		schema, table = "", text
	}
	if strings.EqualFold(schema, "_petalake") || strings.EqualFold(table, "_petalake") {
		return Name{}, fmt.Errorf("table name %q: the name _petalake belongs to petalake: %w", text, fs.ErrInvalid)
	}
	if strings.EqualFold(schema, "information_schema") || strings.EqualFold(schema, "pg_catalog") {
		return Name{}, fmt.Errorf("table name %q: the schema %s belongs to the SQL engine: %w", text, schema, fs.ErrInvalid)
	}
	for i, part := range []string{schema, table} {
		if part == "" && i == 0 && !dotted {
			continue
		}
		if part == "" || part == "." || part == ".." || strings.ContainsAny(part, "./\\") || strings.ContainsFunc(part, unicode.IsControl) {
			return Name{}, fmt.Errorf("table name %q: want table or schema.table: %w", text, fs.ErrInvalid)
		}
	}
	return Name{schema, table}, nil
}

// String is the name as it is written in SQL and in lakehouse.yaml.
func (n Name) String() string {
	if n.Schema == "" {
		return n.Table
	}
	return n.Schema + "." + n.Table
}

// Root is the folder of the table in the lake, without a trailing slash.
func (n Name) Root() string {
	if n.Schema == "" {
		return n.Table
	}
	return n.Schema + "/" + n.Table
}

// Catalog maps names to tables. Implementations are safe for concurrent use.
type Catalog interface {
	// Table gives the table of that name, whether or not there is one yet. Names are
	// compared without regard to case where a table of that name exists.
	Table(ctx context.Context, name Name) (*delta.Table, error)

	// Vacant says whether a new table may have that name: a *ClashError where its folder would lie
	// in that of another table, or hold another.
	Vacant(ctx context.Context, name Name) error

	// Names yields the tables that exist, ordered by their folders. After an error it ends.
	Names(ctx context.Context) iter.Seq2[Name, error]
}

// Local is the catalog of a lake that nothing else describes.
type Local struct{ lake store.Store }

// NewLocal makes the catalog of a lake.
func NewLocal(lake store.Store) *Local { return &Local{lake: lake} }

// Table implements Catalog.
func (l *Local) Table(ctx context.Context, name Name) (*delta.Table, error) {
	if exists, err := l.holdsTable(ctx, name.Root()); err != nil || exists {
		return delta.At(l.lake, name.Root()), err
	}
	for other, err := range l.Names(ctx) {
		if err != nil {
			return nil, err
		}
		if strings.EqualFold(other.String(), name.String()) {
			return delta.At(l.lake, other.Root()), nil
		}
	}
	return delta.At(l.lake, name.Root()), nil
}

// ClashError says that a table cannot have a name because of the place of another.
type ClashError struct{ Name, Other Name }

// Error implements error.
func (e *ClashError) Error() string {
	return fmt.Sprintf("table %s: its folder and that of table %s would be one in the other", e.Name, e.Other)
}

// Hint says what to do.
func (e *ClashError) Hint() string {
	return "give one of them a name with a schema that is no table, as in bronze." + e.Name.Table
}

// Vacant implements Catalog.
func (l *Local) Vacant(ctx context.Context, name Name) error {
	for other, err := range l.Names(ctx) {
		if err != nil {
			return err
		}
		if name.Schema == "" && strings.EqualFold(other.Schema, name.Table) ||
			other.Schema == "" && strings.EqualFold(name.Schema, other.Table) {
			return &ClashError{Name: name, Other: other}
		}
	}
	return nil
}

// Names implements Catalog. It needs a few listings a table, however many files the table has:
// a folder that is known to be a table is passed over, not read.
func (l *Local) Names(ctx context.Context) iter.Seq2[Name, error] {
	return func(yield func(Name, error) bool) {
		after := ""
		for {
			key, err := l.firstKey(ctx, "", after)
			if err != nil {
				yield(Name{}, err)
				return
			}
			if key == "" {
				return
			}
			name, skip, err := l.place(ctx, key)
			if err != nil {
				yield(Name{}, err)
				return
			}
			if name != (Name{}) && !yield(name, nil) {
				return
			}
			after = skip
		}
	}
}

// place says which table a key belongs to, none for the zero Name, and the key after which the
// next place begins.
func (l *Local) place(ctx context.Context, key string) (Name, string, error) {
	parts := strings.Split(key, "/")
	if len(parts) == 1 {
		return Name{}, key, nil
	}
	if hidden(parts[0]) {
		return Name{}, past(parts[0]), nil
	}
	if is, err := l.holdsTable(ctx, parts[0]); err != nil || is {
		return Name{Table: parts[0]}, past(parts[0]), err
	}
	if len(parts) == 2 {
		return Name{}, key, nil
	}
	folder := parts[0] + "/" + parts[1]
	if hidden(parts[1]) {
		return Name{}, past(folder), nil
	}
	is, err := l.holdsTable(ctx, folder)
	if !is {
		return Name{}, past(folder), err
	}
	return Name{Schema: parts[0], Table: parts[1]}, past(folder), err
}

// past is greater than every key below a folder ('0' follows '/') and no greater than what comes
// after them.
func past(folder string) string { return folder + "0" }

// hidden folders belong to the lake itself (_petalake, .tmp).
func hidden(segment string) bool {
	return strings.HasPrefix(segment, ".") || segment == "_petalake"
}

func (l *Local) holdsTable(ctx context.Context, folder string) (bool, error) {
	key, err := l.firstKey(ctx, folder+"/_delta_log/", "")
	return key != "", err
}

func (l *Local) firstKey(ctx context.Context, prefix, after string) (string, error) {
	for o, err := range l.lake.List(ctx, prefix, after) {
		return o.Key, err
	}
	return "", nil
}
