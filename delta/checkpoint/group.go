package checkpoint

import (
	"github.com/apache/arrow-go/v18/parquet/file"
	pqmeta "github.com/apache/arrow-go/v18/parquet/metadata"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/delta/stats"
)

// keepsGroup evaluates the predicate on the bounds that the footer has for the statistics columns of
// a whole row group: the least of the least, the greatest of the greatest. One counts only where
// every add of the group has it.
func (p *Plan) keepsGroup(f *parquetFile, group *file.RowGroupReader) bool {
	if p.where == nil || len(p.columns) == 0 || f.calendar.Hybrid() { // bounds of days under other names are none
		return true
	}
	path := footer(f, group, "add", "path")
	if path == nil || !path.HasNullCount() {
		return true
	}
	all := stats.File{NumRecords: -1}
	for _, name := range p.columns {
		_, field, ok := p.schema.Lookup(name...)
		if !ok || field.Type == schema.Float || field.Type == schema.Double { // NaN is in no footer
			continue
		}
		least, _ := p.bound(f, group, "minValues", name, field.Type, path.NullCount())
		_, greatest := p.bound(f, group, "maxValues", name, field.Type, path.NullCount())
		all.Columns = append(all.Columns, stats.Column{Path: name, Min: least, Max: upper(greatest), NullCount: -1})
	}
	for i := range p.parts {
		p.parts[i].known = false
	}
	return p.matches(all)
}

// bound is the least and greatest value of a statistics column in a row group.
func (p *Plan) bound(f *parquetFile, group *file.RowGroupReader, section string, name []string, t schema.Type, nulls int64) (least, greatest stats.Value) {
	path := append([]string{"add", "stats_parsed", section}, name...)
	st := footer(f, group, path...)
	if st == nil || !st.HasMinMax() || !st.HasNullCount() || st.NullCount() != nulls {
		return nil, nil
	}
	c := &column{node: group.MetaData().Schema.Column(f.leaf(path...)), at: []int32{0, 1}}
	switch st := st.(type) {
	case *pqmeta.Int64Statistics:
		c.ints = []int64{st.Min(), st.Max()}
	case *pqmeta.Int32Statistics:
		c.ints = []int64{int64(st.Min()), int64(st.Max())}
	case *pqmeta.ByteArrayStatistics:
		c.text = append(append(c.text, st.Min()...), st.Max()...)
		c.ends = []int32{int32(len(st.Min())), int32(len(c.text))}
	default:
		return nil, nil
	}
	return c.value(0, t), c.value(1, t)
}

// footer is the statistics of a column chunk, nil where there are none.
func footer(f *parquetFile, group *file.RowGroupReader, path ...string) pqmeta.TypedStatistics {
	leaf := f.leaf(path...)
	if leaf < 0 {
		return nil
	}
	meta, err := group.MetaData().ColumnChunk(leaf)
	if err != nil {
		return nil
	}
	if set, err := meta.StatsSet(); err != nil || !set {
		return nil
	}
	st, err := meta.Statistics()
	if err != nil {
		return nil
	}
	return st
}
