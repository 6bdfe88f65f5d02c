package write

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/petalake/petalake/catalog"
	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/engine/duck/raw"
	"github.com/petalake/petalake/engine/duck/tablefile"
	"github.com/petalake/petalake/ingest/files"
	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/spec"
)

// Load says which raw files go into which table.
type Load struct {
	Table   spec.TableName
	Paths   []string // files or patterns with *, ** and ?
	Format  string   // csv, json, parquet; "" by the files' names
	Replace bool     // the rows replace what the table has
	Evolve  string   // none, add, widen; "" as lakehouse.yaml says
	OnError string   // reject, quarantine; "" is reject
	CSV     raw.CSV
	Columns map[string]string // that are loaded: names in the files by names in the table, and "*" by "*" for the others; nil for all
	MaxBad  spec.Share        // of the rows, that may be bad
}

// load is one load of raw files into one table: its files are found, what was left open is decided.
type load struct {
	writer *Writer
	decl   *spec.Table // what lakehouse.yaml says of the table; nil for nothing
	table  *delta.Table

	Table   spec.TableName
	From    string // what the quarantine and the table's history say the rows came from
	Raw     raw.Files
	Place   files.Place // where the files are
	Files   []files.File
	Replace bool
	Evolve  spec.Evolution
	OnError spec.OnError

	MaxBad spec.Share // of the rows, that may be bad

	inspected raw.Inspection // of the files
	aside     []badFile      // that are not among the files any more: they cannot be loaded

	event lake.Event // what is told while it runs
	tell  func(lake.Event)
	done  func() // to be called after a load by hand
}

// Load loads raw files into a table, in one commit. Tell hears of its progress; it may be nil.
func (w *Writer) Load(ctx context.Context, o Load, tell func(lake.Event)) (lake.Event, error) {
	began := time.Now()
	o.Table = spec.NewTableName(o.Table.Schema, o.Table.Table)
	if o.Table.Same(Quarantine) {
		return lake.Event{}, fmt.Errorf("load %s: the table belongs to petalake: %w", o.Table, fs.ErrInvalid)
	}
	if _, ok := o.MaxBad.Of(1); !ok && o.MaxBad != "" {
		return lake.Event{}, fmt.Errorf("load %s: max_bad %q is neither a number of rows nor a part of them such as 1%%", o.Table, o.MaxBad)
	}
	l, err := w.byHand(ctx, o, tell)
	if err != nil {
		return lake.Event{}, err
	}
	defer l.done()
	if l.decl != nil && !l.Replace {
		if _, err := w.ApplyDeclaration(ctx, l.decl); err != nil {
			return lake.Event{}, err
		}
	}
	change, err := l.prepareFiles(ctx, spec.Format(o.Format))
	if err == nil {
		err = w.quarantine(ctx, change.Rows.Bad, nil)
	}
	var commit delta.Commit
	if err == nil {
		commit, err = w.Commit(ctx, change)
	}
	if err != nil {
		return lake.Event{}, failure("", o.Table.String(), lake.OriginalNames(l.Raw.OriginalNames).In(err))
	}
	event := l.built(change.Rows)
	event.Version, event.Took = commit.Version, time.Since(began)
	return event, nil
}

// byHand decides what a load by hand leaves open, as lakehouse.yaml says.
func (w *Writer) byHand(ctx context.Context, o Load, tell func(lake.Event)) (*load, error) {
	table, err := w.Env.Table(ctx, o.Table)
	if err != nil {
		return nil, err
	}
	place, found, err := w.named(ctx, o.Paths)
	if err != nil {
		return nil, err
	}
	paths, done, err := place.Here(ctx, found)
	if err != nil {
		return nil, err
	}
	if tell == nil {
		tell = func(lake.Event) {}
	}
	l := &load{
		writer: w, decl: w.Env.Spec.Table(o.Table), table: table,
		Table: o.Table, From: "petalake load " + o.Table.String(), Place: place, Files: found, done: done,
		Replace: o.Replace, Evolve: spec.Evolution(o.Evolve), OnError: cmp.Or(spec.OnError(o.OnError), spec.Reject), MaxBad: o.MaxBad,
		Raw:   raw.Files{Paths: paths, OriginalNames: lake.NamesIn(place, found, paths), CSV: o.CSV, Pick: pickOf(o.Columns), Table: o.Table.String()},
		event: lake.Event{Kind: lake.LoadEvent, Name: o.Table.String(), Table: o.Table, Files: len(found)}, tell: tell,
	}
	l.declared()
	return l, nil
}

// named are the files of a load by hand, and where they are; each path must have some.
func (w *Writer) named(ctx context.Context, paths []string) (files.Place, []files.File, error) {
	absolute := slices.Clone(paths)
	for i, p := range absolute {
		if strings.HasPrefix(p, "s3://") {
			continue
		}
		var err error
		if absolute[i], err = filepath.Abs(p); err != nil {
			return nil, nil, err
		}
	}
	local := !slices.ContainsFunc(paths, func(p string) bool { return strings.HasPrefix(p, "s3://") })
	place, patterns, err := files.Place(files.Folder("")), absolute, error(nil)
	if !local {
		if place, patterns, err = w.Env.RawFiles(ctx, "", absolute); err != nil {
			return nil, nil, err
		}
	}
	for i, pattern := range patterns {
		if found, err := place.List(ctx, []string{pattern}); err != nil {
			return nil, nil, err
		} else if len(found) == 0 {
			return nil, nil, fmt.Errorf("load %s: no such file: %w", paths[i], fs.ErrNotExist)
		}
	}
	found, err := place.List(ctx, patterns)
	return place, found, err
}

// declared sets what lakehouse.yaml says of the table: the columns whose types it has, and how the table evolves where nobody said.
func (l *load) declared() {
	if l.decl == nil {
		return
	}
	for _, c := range l.decl.Columns {
		l.Raw.Declared = append(l.Raw.Declared, c.Name)
	}
	if l.Evolve == "" {
		l.Evolve = l.decl.Evolve
	}
}

// prepareFiles is prepare for files of a format; where that is "" their names tell. Where bad rows are put aside, so are files
// that cannot be loaded as a whole.
func (l *load) prepareFiles(ctx context.Context, said spec.Format) (*Change, error) {
	csv := l.Raw.CSV
	for {
		err := l.setFormat(said, csv)
		var change *Change
		if err == nil {
			change, err = l.prepare(ctx)
		}
		if err == nil {
			return change, l.keepAside(ctx, change)
		}
		if !l.setAside(ctx, err) {
			return nil, err
		}
	}
}

// setFormat decides how the files are read.
func (l *load) setFormat(said spec.Format, csv raw.CSV) error {
	format, err := formatOf(said, l.Files)
	l.Raw.Format, l.Raw.CSV = raw.Format(format), tabs(format, l.Files, csv)
	if l.Raw.Rescue = ""; l.OnError == spec.Rescue && format != spec.Parquet {
		l.Raw.Rescue = rescued
	}
	return err
}

// prepare writes the data files, and says what the commit is that makes them visible.
func (l *load) prepare(ctx context.Context) (*Change, error) {
	if len(l.Files) == 0 {
		return l.withoutFiles(), nil
	}
	snapshot, err := l.table.Snapshot(ctx, delta.When{})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	target, written, err := l.rows(ctx, snapshot)
	if err != nil {
		return nil, about(l.Files, err)
	}
	if err := files.Unchanged(ctx, l.Place, l.Files); err != nil {
		l.writer.Discard(ctx, l.table, written)
		return nil, err
	}
	c := l.change()
	c.Base, c.Metadata, c.Rows, c.Rebase = target.base, target.metadata, written, KeepOthers
	return c, nil
}

// rows decides what the table is to be and writes the rows. A row that does not fit may show that the sample which
// decided told too little: then all rows decide.
func (l *load) rows(ctx context.Context, snapshot *delta.Snapshot) (target, tablefile.Written, error) {
	t, err := l.target(ctx, snapshot, false)
	if err != nil {
		return t, tablefile.Written{}, err
	}
	written, err := l.fit(ctx, &t)
	if t.whole || !misread(written, err) {
		return t, written, err
	}
	all, unfit := l.target(ctx, snapshot, true)
	if unfit == nil && all.alike(t) {
		return t, written, err
	}
	l.writer.Discard(ctx, l.table, written)
	if unfit != nil {
		return t, tablefile.Written{}, unfit
	}
	written, err = l.fit(ctx, &all)
	return all, written, err
}

// misread says whether some rows were not what the columns are.
func misread(written tablefile.Written, err error) bool {
	var unknown *tablefile.SchemaError
	return isBadRow(err) || errors.As(err, &unknown) || err == nil && written.BadRows+written.Rescued > 0
}

// fit writes the rows with the types of the table, or with wider ones where some row needs them.
func (l *load) fit(ctx context.Context, t *target) (tablefile.Written, error) {
	written, err := l.write(ctx, t.metadata)
	if t.wider != nil && misread(written, err) {
		l.writer.Discard(ctx, l.table, written)
		t.metadata = *t.wider
		written, err = l.write(ctx, t.metadata)
	}
	return written, err
}

// change is the commit of the load, but for what its files decide.
func (l *load) change() *Change {
	return &Change{Table: l.table, Replace: l.Replace, Operation: "WRITE", Parameters: map[string]string{"source": l.From}}
}

// withoutFiles is the change of a load without files: they vanished, or a source that replaces its rows
// has none any more. The table stays what it is, or becomes what lakehouse.yaml declares.
func (l *load) withoutFiles() *Change {
	c := l.change()
	c.Rebase = func(_ *Change, now *delta.Snapshot) (delta.Metadata, error) {
		if now.Version() >= 0 {
			return now.Metadata(), nil
		}
		m, err := newDescription(l.decl)
		if err == nil && m.Schema == nil {
			err = errNoColumns
		}
		return m, err
	}
	return c
}

// errNoColumns says that there is nothing to learn a new table's columns from. A batch of a source
// is passed over before it comes to that.
var errNoColumns = errors.New("no file is left to learn the table's columns from")

func isBadRow(err error) bool {
	var bad *raw.BadRowError
	return errors.As(err, &bad)
}

// write writes the rows as a table of this description holds them.
func (l *load) write(ctx context.Context, metadata delta.Metadata) (tablefile.Written, error) {
	fileSpec := l.writer.FileSpec(l.table, metadata)
	fileSpec.Source = l.From
	if l.decl != nil {
		fileSpec.SortBy = l.decl.ClusterBy
	}
	if l.OnError != spec.Reject {
		fileSpec.Quarantine = catalog.Root(Quarantine)
	}
	fileSpec.Progress = func(p tablefile.Progress) {
		running := l.event
		running.State, running.Done, running.Bytes = lake.Running, p.Done, p.Bytes
		l.tell(running)
	}
	return l.writer.Loader.Load(ctx, l.Raw, fileSpec)
}

// FileSpec says how the data files of a table of this description are written: what every write has in
// common.
func (w *Writer) FileSpec(table *delta.Table, metadata delta.Metadata) tablefile.Spec {
	fileSpec := tablefile.Spec{
		Store: w.Env.Storage.Store, Root: table.Root(), Schema: metadata.Schema, PartitionBy: metadata.PartitionColumns,
		Constraints: metadata.Constraints(), Properties: metadata.Configuration, Now: time.Now(),
	}
	if folder := w.Env.Storage.Folder; folder != "" {
		fileSpec.Staging = filepath.Join(folder, "_petalake", "staging")
	}
	return fileSpec
}

// built is the event of the rows' commit, but for its version and the time that it took.
func (l *load) built(written tablefile.Written) lake.Event {
	event := l.event
	event.State, event.Rows, event.Rejected = lake.Built, written.Rows, written.BadRows
	for _, f := range l.Files {
		event.Bytes += f.Size
	}
	event.Note = l.remarks(written)
	return event
}
