package checkpoint

import (
	"context"
	"errors"
	"slices"

	"github.com/apache/arrow-go/v18/parquet/file"

	"github.com/petalake/petalake/delta/log"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/delta/stats"
)

// batchRows is how many rows of a checkpoint are looked at together.
const batchRows = 8192

// ErrStop is what Scan returns where yield has ended it.
var ErrStop = errors.New("stop")

// Scan yields the adds of the checkpoint that the plan keeps and that no later commit names. Of a
// row group only the columns that the predicate needs are read, and of the others only where a row
// was kept.
func (r *Reader) Scan(ctx context.Context, p *Plan, seen map[string]int64, everything bool, yield func(*log.AddAction) bool) error {
	if r.actions != nil {
		for i := range r.actions.Adds {
			a := r.actions.Adds[i]
			if _, old := seen[a.Key()]; !old && p.Keeps(&a) && !yield(&a) {
				return ErrStop
			}
		}
	}
	for _, f := range r.files {
		for g := range f.reader.NumRowGroups() {
			if err := ctx.Err(); err != nil {
				return err
			}
			group := f.reader.RowGroup(g)
			if leaf := f.leaf("add", "path"); leaf < 0 || noValues(group, leaf) || !p.keepsGroup(f, group) {
				continue
			}
			if err := r.scanGroup(ctx, f, group, p, seen, everything, yield); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *Reader) scanGroup(ctx context.Context, f *parquetFile, group *file.RowGroupReader, p *Plan, seen map[string]int64, everything bool, yield func(*log.AddAction) bool) error {
	var x *addColumns
	err := guard(func() (err error) {
		x, err = r.addColumns(f, group, p, everything)
		return err
	})
	if err != nil {
		return r.corrupt(f, err)
	}
	var out []*log.AddAction
	for left := group.NumRows(); left > 0; {
		n := min(left, batchRows)
		left -= n
		err := guard(func() (err error) {
			out, err = x.batch(int(n), p, seen, out[:0])
			return err
		})
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return r.corrupt(f, err)
		}
		for _, a := range out {
			if !yield(a) {
				return ErrStop
			}
		}
	}
	return nil
}

// addColumns are the columns of the add actions of one row group: first those that decide, then
// those that are read for the rows that were kept.
type addColumns struct {
	file  *parquetFile
	group *file.RowGroupReader
	row   int // of the row group: where the batch begins

	size    *column
	decide  []*column // all that are read for every row, size among them
	rest    []*column // all that are read for kept rows
	pruning *statColumns
	parts   []*column // of plan.parts, typed; nil where the file does not have it
	json    *column   // stats, where the predicate or the caller needs it
	jsonWhy bool      // the predicate does
	values  *pairs    // partitionValues as text
	early   bool      // values decide

	path, modified                    *column
	storage, dv, offset, dvSize, dead *column
	rowID, rowVersion, provider       *column
	tags                              *pairs
	full                              *statColumns
}

func (r *Reader) addColumns(f *parquetFile, group *file.RowGroupReader, p *Plan, everything bool) (*addColumns, error) {
	o := &opener{file: f, group: group}
	x := &addColumns{file: f, group: group}
	x.size = o.open("add", "size")
	x.decide = append(x.decide, x.size)
	if x.size == nil && o.err == nil {
		o.err = errors.New("damaged checkpoint: no column add.size")
	}
	typed := f.leaf("add", "stats_parsed", "numRecords") >= 0
	if p.where != nil {
		if typed {
			x.pruning = o.stats(r.schema, p.columns)
			x.decide = append(x.decide, x.pruning.all()...)
		} else if x.json = o.open("add", "stats"); x.json != nil {
			x.jsonWhy = true
			x.decide = append(x.decide, x.json)
		}
		for _, c := range p.parts {
			col := o.open("add", "partitionValues_parsed", c.name)
			x.parts = append(x.parts, col)
			x.early = x.early || col == nil
			x.decide = append(x.decide, col)
		}
	}
	if len(r.parts) > 0 {
		x.values = o.pairs("add", "partitionValues")
	}
	x.path, x.modified = o.open("add", "path"), o.open("add", "modificationTime")
	x.storage, x.dv = o.open("add", "deletionVector", "storageType"), o.open("add", "deletionVector", "pathOrInlineDv")
	x.offset, x.dvSize = o.open("add", "deletionVector", "offset"), o.open("add", "deletionVector", "sizeInBytes")
	x.dead = o.open("add", "deletionVector", "cardinality")
	x.rowID, x.rowVersion = o.open("add", "baseRowId"), o.open("add", "defaultRowCommitVersion")
	x.provider = o.open("add", "clusteringProvider")
	x.rest = append(x.rest, x.path, x.modified, x.storage, x.dv, x.offset, x.dvSize, x.dead, x.rowID, x.rowVersion, x.provider)
	x.tags = o.pairs("add", "tags")
	x.details(o, r.schema, p, typed, everything)
	x.decide, x.rest = present(x.decide), present(x.rest)
	return x, o.err
}

// details adds the statistics of kept rows: in columns where the file has them, else as JSON.
func (x *addColumns) details(o *opener, sch *schema.Struct, p *Plan, typed, everything bool) {
	switch {
	case typed && (everything || p.full != nil):
		x.full = o.stats(sch, [][]string{{}})
	case typed:
		x.full = o.stats(sch, nil)
	}
	x.rest = append(x.rest, x.full.all()...)
	if x.json == nil && (everything || !typed) {
		x.json = o.open("add", "stats")
		x.rest = append(x.rest, x.json)
	}
}

func present(list []*column) []*column {
	return slices.DeleteFunc(list, func(c *column) bool { return c == nil })
}

// batch reads the next n rows.
func (x *addColumns) batch(n int, p *Plan, seen map[string]int64, out []*log.AddAction) ([]*log.AddAction, error) {
	for _, c := range x.decide {
		if err := c.read(n); err != nil {
			return nil, err
		}
	}
	start := x.row
	x.row += n
	var kept []int
	for i := range n {
		if !x.size.has(i) {
			continue
		}
		ok, err := x.keeps(i, start+i, p)
		if err != nil {
			return nil, err
		}
		if ok {
			kept = append(kept, i)
		}
	}
	if len(kept) == 0 {
		for _, c := range x.rest {
			c.skip(n)
		}
		return out, nil
	}
	for _, c := range x.rest {
		if err := c.read(n); err != nil {
			return nil, err
		}
	}
	for _, i := range kept {
		a, err := x.add(i, start+i, seen)
		if err != nil {
			return nil, err
		}
		if a != nil {
			out = append(out, a)
		}
	}
	return out, nil
}

func (x *addColumns) keeps(i, row int, p *Plan) (bool, error) {
	if p.where == nil {
		return true, nil
	}
	f := stats.File{NumRecords: -1}
	switch {
	case x.pruning != nil:
		f = x.pruning.file(i, p.scratch[:0])
		p.scratch = f.Columns
	case x.jsonWhy && x.json.has(i):
		parser := p.rows
		if p.wanted != nil {
			parser = p.wanted
		}
		if g, err := parser.Parse(x.json.bytes(i)); err == nil {
			f = g
		}
	}
	if x.early {
		values, err := x.values.of(row)
		if err != nil {
			return false, err
		}
		p.setPartition(values)
	}
	for k, c := range x.parts {
		if c != nil {
			v := c.value(i, p.parts[k].typ)
			p.parts[k].value, p.parts[k].known = v, v != nil || c.defs[i] == c.node.MaxDefinitionLevel()-1
		}
	}
	return p.matches(f), nil
}

// add is the action of a kept row, or nil where a later commit names the file.
func (x *addColumns) add(i, row int, seen map[string]int64) (*log.AddAction, error) {
	a := &log.AddAction{}
	var err error
	uri := x.path.string(i)
	if a.Path, err = log.DecodePath(uri); err != nil {
		return nil, err
	}
	a.Foreign = log.Foreign(uri, a.Path)
	a.DeletionVector = x.vector(i)
	if len(seen) > 0 {
		if _, old := seen[a.Key()]; old {
			return nil, nil
		}
	}
	a.Size, a.ModTime, a.DataChange = x.size.integer(i), x.modified.integer(i), true
	a.BaseRowID, a.RowCommitVersion = x.rowID.maybe(i), x.rowVersion.maybe(i)
	a.Clustering = x.provider.string(i)
	if a.PartitionValues, err = x.values.of(row); err != nil {
		return nil, err
	}
	tags, err := x.tags.of(row)
	if err != nil {
		return nil, err
	}
	for k, v := range tags {
		if a.Tags == nil {
			a.Tags = map[string]string{}
		}
		if v != nil {
			a.Tags[k] = *v
		}
	}
	if x.full != nil {
		if f := x.full.file(i, nil); f.NumRecords >= 0 || len(f.Columns) > 0 {
			a.Stats, a.Typed = f, true
		}
	}
	a.StatsText = x.json.string(i)
	return a, nil
}

func (x *addColumns) vector(i int) *log.DeletionVector {
	if !x.storage.has(i) {
		return nil
	}
	v := &log.DeletionVector{Storage: x.storage.string(i), PathOrData: x.dv.string(i), Size: int32(x.dvSize.integer(i)), Cardinality: x.dead.integer(i)}
	if at := x.offset.maybe(i); at != nil {
		n := int32(*at)
		v.Offset = &n
	}
	return v
}
