package petalake

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"github.com/petalake/petalake/catalog"
	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/engine/duck"
	"github.com/petalake/petalake/ingest"
	"github.com/petalake/petalake/ingest/files"
	"github.com/petalake/petalake/spec"
)

// quarantine is the table that takes rows which cannot be read.
var quarantine = spec.TableName{Table: "_quarantine"}

// loading is one load of raw files into one table.
type loading struct {
	lake    *Lake
	table   *delta.Table
	name    spec.TableName
	source  string // what the quarantine says the rows came from
	decl    *spec.Table
	raw     duck.Raw
	place   files.Place // where the files are
	files   []files.File
	replace bool
	evolve  spec.Evolution
	onError spec.OnError

	event Event // what is told while it runs
	tell  func(Event)
}

// Load loads raw files into a table, in one commit. Progress may be nil.
func (l *Lake) Load(ctx context.Context, load Load, progress func(Event)) (Event, error) {
	began := time.Now()
	load.Table = spec.NewTableName(load.Table.Schema, load.Table.Table)
	if load.Table.Same(quarantine) {
		return Event{}, fmt.Errorf("load %s: the table belongs to petalake: %w", load.Table, fs.ErrInvalid)
	}
	table, err := l.env.Table(ctx, load.Table)
	if err != nil {
		return Event{}, err
	}
	w, err := l.loading(ctx, load, table, progress)
	if err != nil {
		return Event{}, err
	}
	if w.decl != nil && !w.replace {
		if _, err := l.settle(ctx, w.decl); err != nil {
			return Event{}, err
		}
	}
	written, change, err := w.write(ctx)
	if err == nil {
		err = l.isolate(ctx, written.Bad, nil)
	}
	var commit delta.Commit
	if err == nil {
		commit, err = table.Update(ctx, change)
	}
	if err != nil {
		return Event{}, failure("", w.name.String(), err)
	}
	return w.built(commit, written, began), nil
}

// loading gathers what a load by hand works on; what it leaves open, lakehouse.yaml says.
func (l *Lake) loading(ctx context.Context, load Load, table *delta.Table, tell func(Event)) (*loading, error) {
	patterns := make([]string, len(load.Paths))
	for i, p := range load.Paths {
		abs, err := filepath.Abs(p)
		if err != nil {
			return nil, err
		}
		patterns[i] = abs
		if found, err := files.List(ctx, "", []string{abs}); err != nil {
			return nil, err
		} else if len(found) == 0 {
			return nil, fmt.Errorf("load %s: no such file: %w", p, fs.ErrNotExist)
		}
	}
	found, err := files.List(ctx, "", patterns)
	if err != nil {
		return nil, err
	}
	format, err := formatOf(spec.Format(load.Format), found)
	if err != nil {
		return nil, err
	}
	if tell == nil {
		tell = func(Event) {}
	}
	decl := l.env.Spec.Table(load.Table)
	w := &loading{
		lake: l, table: table, name: load.Table, source: "petalake load " + load.Table.String(), decl: decl, files: found, place: files.Folder(""), replace: load.Replace,
		evolve: spec.Evolution(load.Evolve), onError: cmp.Or(spec.OnError(load.OnError), spec.Reject),
		event: Event{Kind: "load", Name: load.Table.String(), Table: load.Table, Files: len(found)}, tell: tell,
	}
	if w.evolve == "" && decl != nil {
		w.evolve = decl.Evolve
	}
	w.raw = duck.Raw{Format: duck.Format(format), Paths: files.Absolute("", found), CSV: tabs(format, found, load.CSV)}
	return w, nil
}

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
func tabs(format spec.Format, found []files.File, csv duck.CSV) duck.CSV {
	if format == spec.CSV && csv.Delimiter == "" && len(found) > 0 {
		if _, isTabs := spec.FormatOf(found[0].Path); isTabs {
			csv.Delimiter = "\t"
		}
	}
	return csv
}

// write makes the data files, and the change that makes them visible.
func (w *loading) write(ctx context.Context) (duck.Written, func(*delta.Txn) error, error) {
	if len(w.files) == 0 {
		return w.nothing(ctx)
	}
	snapshot, err := w.table.Snapshot(ctx, delta.When{})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return duck.Written{}, nil, err
	}
	target, err := w.target(ctx, snapshot)
	if err != nil {
		return duck.Written{}, nil, about(w.files, err)
	}
	written, err := w.attempt(ctx, target.metadata)
	if target.wider != nil && (isBadRow(err) || err == nil && written.BadRows > 0) {
		w.discard(ctx, written)
		target.metadata = *target.wider
		written, err = w.attempt(ctx, target.metadata)
	}
	if err != nil {
		return duck.Written{}, nil, about(w.files, err)
	}
	if err := files.Unchanged(ctx, w.place, w.files); err != nil {
		w.discard(ctx, written)
		return duck.Written{}, nil, err
	}
	return written, func(x *delta.Txn) error { return w.change(ctx, x, target, written) }, nil
}

// discard takes away data files that no commit will name. What cannot be deleted is an orphan, which
// harms nobody.
func (w *loading) discard(ctx context.Context, written duck.Written) {
	var keys []string
	for _, f := range written.Files {
		keys = append(keys, w.table.Root()+"/"+f.Path)
	}
	for _, f := range written.Bad {
		keys = append(keys, catalog.Root(quarantine)+"/"+f.Path)
	}
	_ = w.lake.env.Storage.Store.Delete(context.WithoutCancel(ctx), keys...)
}

// nothing is the change of a load without files: they vanished, or a source that replaces its rows
// has none any more.
func (w *loading) nothing(ctx context.Context) (duck.Written, func(*delta.Txn) error, error) {
	return duck.Written{}, func(x *delta.Txn) error {
		t := target{metadata: x.Snapshot().Metadata()}
		if x.Snapshot().Version() < 0 {
			if err := w.first(&t.metadata); err != nil {
				return err
			}
			if t.metadata.Schema == nil {
				return errNoColumns
			}
		}
		return become(ctx, x, t.metadata, w.replace)
	}, nil
}

// errNoColumns says that there is nothing to learn a new table's columns from. A batch of a source
// is passed over before it comes to that.
var errNoColumns = errors.New("no file is left to learn the table's columns from")

func isBadRow(err error) bool {
	var bad *duck.BadRowError
	return errors.As(err, &bad)
}

// attempt writes the rows as a table of this description would hold them.
func (w *loading) attempt(ctx context.Context, metadata delta.Metadata) (duck.Written, error) {
	job := w.lake.job(w.table, metadata)
	job.Source = w.source
	if w.decl != nil {
		job.SortBy = w.decl.ClusterBy
	}
	if w.onError == spec.Quarantine {
		job.Quarantine = catalog.Root(quarantine)
	}
	job.Progress = func(p duck.Progress) {
		running := w.event
		running.State, running.Done, running.Bytes = Running, p.Done, p.Bytes
		w.tell(running)
	}
	return w.lake.loader.Load(ctx, w.raw, job)
}

// job is what every write has in common.
func (l *Lake) job(table *delta.Table, metadata delta.Metadata) duck.Job {
	job := duck.Job{
		Store: l.env.Storage.Store, Root: table.Root(), Schema: metadata.Schema, PartitionBy: metadata.PartitionColumns,
		Constraints: metadata.Constraints(), Now: time.Now(),
	}
	if l.env.Storage.Folder != "" {
		job.Staging = filepath.Join(l.env.Storage.Folder, "_petalake", "staging")
	}
	return job
}

// change is the commit of a load.
func (w *loading) change(ctx context.Context, x *delta.Txn, target target, written duck.Written) error {
	metadata, err := target.onto(x.Snapshot())
	if err != nil {
		return err
	}
	if err := become(ctx, x, metadata, w.replace); err != nil {
		return err
	}
	x.Add(written.Files...)
	mode := "Append"
	if w.replace {
		mode = "Overwrite"
	}
	x.Operation("WRITE", map[string]string{"mode": mode, "source": w.source}, map[string]string{
		"numFiles": fmt.Sprint(len(written.Files)), "numOutputRows": fmt.Sprint(written.Rows), "numOutputBytes": fmt.Sprint(written.Bytes),
	})
	return nil
}

// become gives the table a description, and takes all rows away where it starts anew.
func become(ctx context.Context, x *delta.Txn, metadata delta.Metadata, replace bool) error {
	snapshot := x.Snapshot()
	if snapshot.Version() >= 0 {
		now := snapshot.Metadata()
		metadata.ID, metadata.CreatedAt = now.ID, now.CreatedAt
	}
	if snapshot.Version() < 0 || !same(snapshot.Metadata(), metadata) {
		x.SetMetadata(metadata)
	}
	if !replace || snapshot.Version() < 0 {
		return nil
	}
	x.Read(nil)
	for f, err := range snapshot.Files(ctx, nil) {
		if err != nil {
			return err
		}
		x.Remove(f)
	}
	return nil
}

func (w *loading) built(commit delta.Commit, written duck.Written, began time.Time) Event {
	event := w.event
	event.State, event.Version, event.Rows, event.Rejected = Built, commit.Version, written.Rows, written.BadRows
	for _, f := range w.files {
		event.Bytes += f.Size
	}
	event.Took = time.Since(began)
	return event
}

// isolate commits rows that could not be read to the quarantine table; a batch only once.
func (l *Lake) isolate(ctx context.Context, bad []delta.Add, batch *ingest.Batch) error {
	if len(bad) == 0 {
		return nil
	}
	table, err := l.env.Table(ctx, quarantine)
	if err != nil {
		return err
	}
	change := func(x *delta.Txn) error {
		if x.Snapshot().Version() < 0 {
			x.SetMetadata(delta.Metadata{
				ID: uuid.NewString(), Schema: duck.QuarantineSchema(), CreatedAt: time.Now().UnixMilli(),
				Description: "rows of raw files that could not be read",
			})
		}
		x.Add(bad...)
		x.Operation("WRITE", map[string]string{"mode": "Append"}, map[string]string{"numFiles": fmt.Sprint(len(bad))})
		return nil
	}
	if batch == nil {
		_, err = table.Update(ctx, change)
		return err
	}
	_, err = ingest.CommitAside(ctx, table, *batch, change)
	return err
}
