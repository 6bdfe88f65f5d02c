package delta

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"iter"

	"github.com/apache/arrow-go/v18/arrow"

	"github.com/petalake/petalake/delta/datafile"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/delta/stats"
)

// AppendOptions say how rows become files. The zero value appends to a table that exists.
type AppendOptions struct {
	// Create makes the table where there is none. Its Schema may be nil: the rows' own is taken.
	Create *Metadata
	// Evolve lets the table's schema follow the rows. Without it they must fit (see schema.Conform):
	// columns that may be null can be missing, and narrower types are cast.
	Evolve schema.Mode
	// Replace removes the files first: all, or those of ReplaceWhere, which names partition columns.
	Replace      bool
	ReplaceWhere stats.Predicate
}

// Append writes rows as new files and commits them. Rows that do not fit the table are a
// *schema.MismatchError. Batches are cast to the table's schema and not released. Rows of a
// partitioned table are held in memory until the end.
func Append(ctx context.Context, t *Table, rows iter.Seq2[arrow.RecordBatch, error], o AppendOptions) (Commit, error) {
	m, rows, stop, err := targetMetadata(ctx, t, rows, o)
	defer stop()
	if err != nil {
		return Commit{Version: -1}, err
	}
	files, err := WriteFiles(ctx, t, m, rows)
	if err != nil {
		return Commit{Version: -1}, err
	}
	c, err := t.Update(ctx, func(x *Txn) error {
		switch have := x.Schema(); {
		case have == nil && o.Create == nil:
			return fmt.Errorf("%s: no table: %w", t.root, fs.ErrNotExist)
		case have == nil:
			x.SetMetadata(m)
		default:
			if err := x.follow(have, m.Schema, o.Evolve); err != nil {
				return err
			}
		}
		mode := "Append"
		if o.Replace {
			mode = "Overwrite"
			if err := x.RemoveWhere(ctx, o.ReplaceWhere); err != nil {
				return err
			}
		}
		x.Add(files...)
		x.Operation("WRITE", map[string]string{"mode": mode}, Metrics(files))
		return nil
	})
	if err != nil && !errors.Is(err, ErrUnknownOutcome) {
		err = errors.Join(err, discard(ctx, t, files))
	}
	return c, err
}

// Metrics are the operationMetrics of a commit that adds files.
func Metrics(files []Add) map[string]string {
	rows, bytes := int64(0), int64(0)
	for _, f := range files {
		rows, bytes = rows+max(f.Stats.NumRecords, 0), bytes+f.Size
	}
	return map[string]string{"numFiles": itoa(int64(len(files))), "numOutputRows": itoa(rows), "numOutputBytes": itoa(bytes)}
}

// discard deletes files that no commit will name.
func discard(ctx context.Context, t *Table, files []Add) error {
	keys := make([]string, len(files))
	for i, f := range files {
		keys[i] = t.key(f.Path)
	}
	return t.store.Delete(context.WithoutCancel(ctx), keys...)
}

// WriteFiles writes rows as data files of a table of that description, one for each partition, and
// returns the adds that make them live. Nothing is committed.
func WriteFiles(ctx context.Context, t *Table, m Metadata, rows iter.Seq2[arrow.RecordBatch, error]) ([]Add, error) {
	sch := m.Schema.Without(m.PartitionColumns...)
	p, err := propertiesOf(&m)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.root, err)
	}
	codec, err := datafile.CodecOf(m.Configuration)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", t.root, err)
	}
	o := datafile.Options{Codec: codec, Indexed: stats.Indexed(sch, m.Configuration), Prefix: int(p.stringPrefix)}
	if len(m.PartitionColumns) == 0 {
		a, err := t.writeFile(ctx, sch, "", nil, rows, o)
		if err != nil || a.Stats.NumRecords == 0 {
			return nil, errors.Join(err, emptied(ctx, t, a))
		}
		return []Add{a}, nil
	}
	parts, order, err := split(ctx, m, rows)
	defer func() {
		for _, p := range parts {
			for _, b := range p.batches {
				b.Release()
			}
		}
	}()
	var out []Add
	for _, dir := range order {
		if err != nil {
			break
		}
		var a Add
		p := parts[dir]
		if a, err = t.writeFile(ctx, sch, dir, p.values, p.all(), o); err == nil {
			out = append(out, a)
		}
	}
	if err != nil {
		return nil, errors.Join(err, discard(ctx, t, out))
	}
	return out, nil
}

// emptied deletes the file of no rows.
func emptied(ctx context.Context, t *Table, a Add) error {
	if a.Path == "" {
		return nil
	}
	return discard(ctx, t, []Add{a})
}

// part is the rows of one partition.
type part struct {
	values  map[string]*string
	batches []arrow.RecordBatch
}

func (p *part) all() iter.Seq2[arrow.RecordBatch, error] {
	return func(yield func(arrow.RecordBatch, error) bool) {
		for _, b := range p.batches {
			if !yield(b, nil) {
				return
			}
		}
	}
}

func split(ctx context.Context, m Metadata, rows iter.Seq2[arrow.RecordBatch, error]) (parts map[string]*part, order []string, err error) {
	parts = map[string]*part{}
	for batch, err := range rows {
		if err != nil {
			return parts, nil, err
		}
		adapted, err := datafile.Adapt(ctx, batch, m.Schema)
		if err != nil {
			return parts, nil, err
		}
		pieces, err := datafile.Split(adapted, m.Schema, m.PartitionColumns)
		adapted.Release()
		if err != nil {
			return parts, nil, err
		}
		for _, piece := range pieces {
			dir := datafile.Dir(m.PartitionColumns, piece.Values)
			if parts[dir] == nil {
				parts[dir] = &part{values: piece.Values}
				order = append(order, dir)
			}
			parts[dir].batches = append(parts[dir].batches, piece.Rows)
		}
	}
	return parts, order, nil
}

func (t *Table) writeFile(ctx context.Context, sch *schema.Struct, dir string, values map[string]*string, rows iter.Seq2[arrow.RecordBatch, error], o datafile.Options) (Add, error) {
	a := Add{Path: dir + "part-00000-" + t.id() + "-c000" + o.Codec.Suffix() + ".parquet", PartitionValues: values, DataChange: true}
	var err error
	a.Size, a.Stats, err = datafile.Write(ctx, t.store, t.key(a.Path), sch, rows, o)
	a.ModTime = t.now().UnixMilli()
	if err != nil {
		return Add{}, err
	}
	return a, nil
}

// Scan yields the rows of a snapshot's files that may match the predicate, with the named columns
// (all where there are none). Files are left out by their statistics; rows are not filtered. The
// caller releases each batch.
func Scan(ctx context.Context, s *Snapshot, columns []string, where stats.Predicate) iter.Seq2[arrow.RecordBatch, error] {
	return func(yield func(arrow.RecordBatch, error) bool) {
		want, err := project(s, columns)
		if err != nil {
			yield(nil, err)
			return
		}
		for a, err := range s.Plan(ctx, where) {
			if err == nil {
				err = s.scanFile(ctx, a, want, yield)
			}
			if errors.Is(err, errStop) {
				return
			}
			if err != nil {
				yield(nil, err)
				return
			}
		}
	}
}

func project(s *Snapshot, columns []string) (*schema.Struct, error) {
	all := s.Schema()
	if len(columns) == 0 {
		return all, nil
	}
	want := &schema.Struct{}
	for _, name := range columns {
		at := all.Index(name)
		if at < 0 {
			return nil, fmt.Errorf("%s: no column %s", s.table.root, name)
		}
		want.Fields = append(want.Fields, all.Fields[at])
	}
	return want, nil
}

// errStop ends the reading of a file that its consumer has left.
var errStop = errors.New("stop")

func (s *Snapshot) scanFile(ctx context.Context, a Add, want *schema.Struct, yield func(arrow.RecordBatch, error) bool) error {
	key, err := s.table.Key(a.Path)
	if err != nil {
		return err
	}
	values := map[string]stats.Value{}
	m := s.state.metadata
	for _, name := range m.PartitionColumns {
		f := m.Schema.Fields[m.Schema.Index(name)]
		if values[f.Name], err = stats.ParsePartition(f.Type, a.PartitionValues[name]); err != nil {
			return fmt.Errorf("%s: partition column %s: %w", a.Path, name, err)
		}
	}
	for batch, err := range datafile.Read(ctx, s.table.store, key, a.Size, want, datafile.ReadOptions{Partition: values}) {
		if err != nil {
			return err
		}
		if !yield(batch, nil) {
			return errStop
		}
	}
	return nil
}
