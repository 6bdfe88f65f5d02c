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
	"github.com/petalake/petalake/spec"
	"github.com/petalake/petalake/store"
)

// ParseName reads "table" or "schema.table".
func ParseName(text string) (spec.TableName, error) {
	schema, table, dotted := strings.Cut(text, ".")
	if !dotted {
		schema, table = "", text
	}
	if strings.EqualFold(schema, "_petalake") || strings.EqualFold(table, "_petalake") {
		return spec.TableName{}, fmt.Errorf("table name %q: the name _petalake belongs to petalake: %w", text, fs.ErrInvalid)
	}
	if strings.EqualFold(schema, "information_schema") || strings.EqualFold(schema, "pg_catalog") {
		return spec.TableName{}, fmt.Errorf("table name %q: the schema %s belongs to the SQL engine: %w", text, schema, fs.ErrInvalid)
	}
	for i, part := range []string{schema, table} {
		if part == "" && i == 0 && !dotted {
			continue
		}
		if part == "" || part == "." || part == ".." || strings.ContainsAny(part, "./\\") || strings.ContainsFunc(part, unicode.IsControl) {
			return spec.TableName{}, fmt.Errorf("table name %q: want table or schema.table: %w", text, fs.ErrInvalid)
		}
	}
	return spec.NewTableName(schema, table), nil
}

// Root is the folder of a table in the lake, without a trailing slash.
func Root(n spec.TableName) string {
	if n.Schema == "" {
		return n.Table
	}
	return n.Schema + "/" + n.Table
}

// Catalog maps names to tables. Implementations are safe for concurrent use.
type Catalog interface {
	// Table gives the table of that name, whether or not there is one yet. Names are
	// compared without regard to case where a table of that name exists.
	Table(ctx context.Context, name spec.TableName) (*delta.Table, error)

	// Vacant says whether a new table may have that name: a *ClashError where its folder would lie
	// in that of another table, or hold another.
	Vacant(ctx context.Context, name spec.TableName) error

	// Names yields the tables that exist, ordered by their folders. After an error it ends.
	Names(ctx context.Context) iter.Seq2[spec.TableName, error]
}

// Local is the catalog of a lake that nothing else describes.
type Local struct{ lake store.Store }

// NewLocal makes the catalog of a lake.
func NewLocal(lake store.Store) *Local { return &Local{lake: lake} }

// Table implements Catalog.
func (l *Local) Table(ctx context.Context, name spec.TableName) (*delta.Table, error) {
	if exists, err := l.holdsTable(ctx, Root(name)); err != nil || exists {
		return delta.At(l.lake, Root(name)), err
	}
	for other, err := range l.Names(ctx) {
		if err != nil {
			return nil, err
		}
		if other.Same(name) {
			return delta.At(l.lake, Root(other)), nil
		}
	}
	return delta.At(l.lake, Root(name)), nil
}

// ClashError says that a table cannot have a name because of the place of another.
type ClashError struct{ Name, Other spec.TableName }

// Error implements error.
func (e *ClashError) Error() string {
	return fmt.Sprintf("table %s: its folder and that of table %s would be one in the other", e.Name, e.Other)
}

// Hint says what to do.
func (e *ClashError) Hint() string {
	return "give one of them a name with a schema that is no table, as in bronze." + e.Name.Table
}

// Vacant implements Catalog.
func (l *Local) Vacant(ctx context.Context, name spec.TableName) error {
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
func (l *Local) Names(ctx context.Context) iter.Seq2[spec.TableName, error] {
	return func(yield func(spec.TableName, error) bool) {
		after := ""
		for {
			key, err := l.firstKey(ctx, "", after)
			if err != nil {
				yield(spec.TableName{}, err)
				return
			}
			if key == "" {
				return
			}
			name, skip, err := l.place(ctx, key)
			if err != nil {
				yield(spec.TableName{}, err)
				return
			}
			if name != (spec.TableName{}) && !yield(name, nil) {
				return
			}
			after = skip
		}
	}
}

// place says which table a key belongs to, none for the zero name, and the key after which the
// next place begins.
func (l *Local) place(ctx context.Context, key string) (spec.TableName, string, error) {
	parts := strings.Split(key, "/")
	if len(parts) == 1 {
		return spec.TableName{}, key, nil
	}
	if hidden(parts[0]) {
		return spec.TableName{}, past(parts[0]), nil
	}
	if is, err := l.holdsTable(ctx, parts[0]); err != nil || is {
		return spec.TableName{Table: parts[0]}, past(parts[0]), err
	}
	if len(parts) == 2 {
		return spec.TableName{}, key, nil
	}
	folder := parts[0] + "/" + parts[1]
	if hidden(parts[1]) {
		return spec.TableName{}, past(folder), nil
	}
	is, err := l.holdsTable(ctx, folder)
	if !is {
		return spec.TableName{}, past(folder), err
	}
	return spec.TableName{Schema: parts[0], Table: parts[1]}, past(folder), err
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
