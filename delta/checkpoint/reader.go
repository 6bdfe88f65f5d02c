package checkpoint

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/apache/arrow-go/v18/parquet/file"

	"github.com/petalake/petalake/delta/log"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/store"
)

// Reader is an open checkpoint: one Parquet file, several parts, or a manifest with its
// sidecars.
type Reader struct {
	version int64
	store   store.Store
	folder  string // the key of the folder of the log, with the slash at its end
	files   []*parquetFile
	actions *log.Actions // of a manifest in JSON
	schema  *schema.Struct
	parts   []string // partition columns
}

// Open opens every file of a checkpoint for its adds, in a log whose folder has that key, with the slash at its end; m is
// the metadata of the version. Damage is a *DamagedError.
func Open(ctx context.Context, s store.Store, folder string, c *Checkpoint, m *log.MetadataAction) (*Reader, error) {
	r, err := openManifest(ctx, s, folder, c)
	if err != nil {
		return nil, err
	}
	if m != nil {
		r.schema, r.parts = m.Schema, m.PartitionColumns
	}
	cars, err := r.sidecars(ctx)
	for _, car := range cars {
		if err != nil {
			break
		}
		err = r.openSidecar(ctx, car)
	}
	if err != nil {
		r.Close()
		return nil, err
	}
	return r, nil
}

// openManifest opens the files that the listing names.
func openManifest(ctx context.Context, s store.Store, folder string, c *Checkpoint) (*Reader, error) {
	r := &Reader{version: c.Version, store: s, folder: folder}
	if c.Kind == JSON {
		key := c.Files[0].Key
		text, err := store.ReadAll(ctx, s, key)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, &DamagedError{Key: key, Version: c.Version, Err: err}
		}
		if err != nil {
			return nil, err
		}
		a, line, err := log.Parse(text)
		if err != nil {
			return nil, &DamagedError{Key: key, Version: c.Version, Line: line, Err: err}
		}
		r.actions = a
		return r, nil
	}
	for _, o := range c.Files {
		f, err := openParquet(ctx, s, o, c.Version)
		if err != nil {
			r.Close()
			return nil, err
		}
		r.files = append(r.files, f)
	}
	return r, nil
}

// Close frees what the open files hold.
func (r *Reader) Close() {
	for _, f := range r.files {
		f.close()
	}
}

func (r *Reader) corrupt(f *parquetFile, err error) error {
	return &DamagedError{Key: f.key, Version: r.version, Err: err}
}

func (r *Reader) sidecars(ctx context.Context) ([]log.Sidecar, error) {
	if r.actions != nil {
		return r.actions.Sidecars, nil
	}
	var out []log.Sidecar
	for _, f := range r.files {
		err := r.rows(ctx, f, []string{"sidecar", "path"}, func(c *record) error {
			path, err := log.DecodePath(c.text("path"))
			out = append(out, log.Sidecar{Path: path, Size: c.number("sizeInBytes")})
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (r *Reader) openSidecar(ctx context.Context, car log.Sidecar) error {
	if !fs.ValidPath(car.Path) {
		return &DamagedError{Key: r.folder, Version: r.version, Err: fmt.Errorf("sidecar %q is not in the log", car.Path)}
	}
	o := store.Object{Key: r.folder + "_sidecars/" + car.Path, Size: car.Size}
	f, err := openParquet(ctx, r.store, o, r.version)
	if err == nil {
		r.files = append(r.files, f)
	}
	return err
}

// record is one action that is not a file: its fields by their path.
type record struct {
	kind    string
	columns map[string][]*column // read whole
	row     int
}

func (c *record) column(name string) *column {
	if list := c.columns[name]; len(list) > 0 {
		return list[0]
	}
	return nil
}

func (c *record) level(col *column) int {
	if col == nil || c.row+1 >= len(col.rows) {
		return -1
	}
	return int(col.rows[c.row])
}

func (c *record) has(name string) bool {
	col := c.column(name)
	i := c.level(col)
	return i >= 0 && col.has(i)
}

func (c *record) text(name string) string {
	if col := c.column(name); c.level(col) >= 0 {
		return col.string(c.level(col))
	}
	return ""
}

func (c *record) number(name string) int64 {
	if col := c.column(name); c.level(col) >= 0 {
		return col.integer(c.level(col))
	}
	return 0
}

func (c *record) truth(name string) bool {
	col := c.column(name)
	i := c.level(col)
	return i >= 0 && col.has(i) && len(col.bools) > 0 && col.bools[col.at[i]]
}

// list is the texts of a list; nil where the list is null.
func (c *record) list(name string) []string {
	col := c.column(name)
	if c.level(col) < 0 || col.defs[c.level(col)] <= 1 {
		return nil
	}
	return texts(col, c.row)
}

func (c *record) pairs(name string) map[string]string {
	cols := c.columns[name]
	if len(cols) != 2 {
		return nil
	}
	out := map[string]string{}
	for i := cols[0].rows[c.row]; i < cols[0].rows[c.row+1]; i++ {
		if cols[0].has(int(i)) && cols[1].has(int(i)) {
			out[cols[0].string(int(i))] = cols[1].string(int(i))
		}
	}
	return out
}

// nullable is a map whose values may be null, as an empty one is.
func (c *record) nullable(name string) map[string]*string {
	cols := c.columns[name]
	if len(cols) != 2 {
		return nil
	}
	out := map[string]*string{}
	for i := cols[0].rows[c.row]; i < cols[0].rows[c.row+1]; i++ {
		if !cols[0].has(int(i)) {
			continue
		}
		out[cols[0].string(int(i))] = nil
		if text := cols[1].string(int(i)); text != "" {
			out[cols[0].string(int(i))] = &text
		}
	}
	return out
}

func (c *record) maybe(name string) *int64 {
	if !c.has(name) {
		return nil
	}
	n := c.number(name)
	return &n
}

func (c *record) vector() *log.DeletionVector {
	if !c.has("deletionVector.storageType") {
		return nil
	}
	v := &log.DeletionVector{Storage: c.text("deletionVector.storageType"), PathOrData: c.text("deletionVector.pathOrInlineDv"),
		Size: int32(c.number("deletionVector.sizeInBytes")), Cardinality: c.number("deletionVector.cardinality")}
	if at := c.maybe("deletionVector.offset"); at != nil {
		n := int32(*at)
		v.Offset = &n
	}
	return v
}

// texts is never nil; the elements that are null are left out.
func texts(col *column, row int) []string {
	out := []string{}
	for i := col.rows[row]; i < col.rows[row+1]; i++ {
		if col.has(int(i)) {
			out = append(out, col.string(int(i)))
		}
	}
	return out
}

// rows visits the rows of a file where the field named by mark is set: the actions of one kind.
// Row groups without any cost nothing but a look at the footer.
func (r *Reader) rows(ctx context.Context, f *parquetFile, mark []string, visit func(*record) error) error {
	leaf := f.leaf(mark...)
	if leaf < 0 {
		return nil
	}
	for g := range f.reader.NumRowGroups() {
		if err := ctx.Err(); err != nil {
			return err
		}
		if noValues(f.reader.RowGroup(g), leaf) {
			continue
		}
		var c *record
		var found []int
		err := guard(func() (err error) {
			c, found, err = r.records(f, g, leaf, mark[0])
			return err
		})
		if err != nil {
			return r.corrupt(f, err)
		}
		for _, c.row = range found {
			if err := visit(c); err != nil {
				return r.corrupt(f, err)
			}
		}
	}
	return nil
}

// noValues says that the footer rules out any value of a column in a row group.
func noValues(g *file.RowGroupReader, leaf int) bool {
	meta, err := g.MetaData().ColumnChunk(leaf)
	if err != nil {
		return false
	}
	set, err := meta.StatsSet()
	if err != nil || !set {
		return false
	}
	st, err := meta.Statistics()
	return err == nil && st != nil && st.HasNullCount() && st.NullCount() == meta.NumValues() && meta.NumValues() > 0
}

func (r *Reader) records(f *parquetFile, g, leaf int, kind string) (*record, []int, error) {
	group := f.reader.RowGroup(g)
	mark, err := f.column(group, leaf)
	if err == nil {
		err = mark.whole()
	}
	if err != nil {
		return nil, nil, err
	}
	var found []int
	for row := range len(mark.rows) - 1 {
		if mark.has(int(mark.rows[row])) {
			found = append(found, row)
		}
	}
	c := &record{kind: kind, columns: map[string][]*column{}}
	if len(found) == 0 {
		return c, nil, nil
	}
	for _, i := range f.under(kind) {
		col, err := f.column(group, i)
		if err == nil {
			err = col.whole()
		}
		if err != nil {
			return nil, nil, err
		}
		if want := len(mark.rows); len(col.rows) != want {
			return nil, nil, errors.New("damaged Parquet file: columns of different length")
		}
		name := f.paths[i][1]
		if (name == "format" || name == "deletionVector") && len(f.paths[i]) > 2 {
			name += "." + f.paths[i][2]
		}
		c.columns[name] = append(c.columns[name], col)
	}
	return c, found, nil
}

// Tombstones visits the remove actions of the checkpoint.
func (r *Reader) Tombstones(ctx context.Context, visit func(*log.Remove) error) error {
	if r.actions != nil {
		for i := range r.actions.Removes {
			if err := visit(&r.actions.Removes[i].Remove); err != nil {
				return err
			}
		}
	}
	for _, f := range r.files {
		err := r.rows(ctx, f, []string{"remove", "path"}, func(c *record) error {
			path, err := log.DecodePath(c.text("path"))
			if err != nil {
				return err
			}
			d := &log.Remove{Path: path, DeletedAt: c.number("deletionTimestamp"), DataChange: c.truth("dataChange"),
				Extended: c.truth("extendedFileMetadata"), Size: c.number("size"), DeletionVector: c.vector(),
				BaseRowID: c.maybe("baseRowId"), RowCommitVersion: c.maybe("defaultRowCommitVersion")}
			for k, v := range c.nullable("partitionValues") {
				if d.PartitionValues == nil {
					d.PartitionValues = map[string]*string{}
				}
				d.PartitionValues[k] = v
			}
			return visit(d)
		})
		if err != nil {
			return err
		}
	}
	return nil
}
