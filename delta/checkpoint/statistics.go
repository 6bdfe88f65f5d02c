package checkpoint

import (
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/delta/stats"
)

// opener opens columns of a row group and remembers the first error.
type opener struct {
	file  *parquetFile
	group *file.RowGroupReader
	err   error
}

// open is nil for a column that the file does not have.
func (o *opener) open(path ...string) *column {
	leaf := o.file.leaf(path...)
	if leaf < 0 || o.err != nil {
		return nil
	}
	c, err := o.file.column(o.group, leaf)
	if o.err = err; err != nil {
		return nil
	}
	if c.node.MaxRepetitionLevel() > 0 {
		return nil // not the plain column it should be
	}
	return c
}

func (o *opener) pairs(path ...string) *pairs {
	leaves := o.file.under(path...)
	if len(leaves) != 2 || noValues(o.group, leaves[0]) {
		return nil
	}
	return &pairs{file: o.file, group: o.group, leaves: leaves}
}

// pairs is a map column. It is read whole, for its rows are not of one size, and only when the
// first row of it is wanted.
type pairs struct {
	file       *parquetFile
	group      *file.RowGroupReader
	leaves     []int
	key, value *column
}

func (m *pairs) of(row int) (map[string]*string, error) {
	if m == nil {
		return nil, nil
	}
	if m.key == nil {
		var err error
		if m.key, err = m.file.column(m.group, m.leaves[0]); err == nil {
			err = m.key.whole()
		}
		if err != nil {
			return nil, err
		}
		if m.value, err = m.file.column(m.group, m.leaves[1]); err == nil {
			err = m.value.whole()
		}
		if err != nil {
			return nil, err
		}
	}
	if row+1 >= len(m.key.rows) {
		return nil, nil
	}
	var out map[string]*string
	for i := m.key.rows[row]; i < m.key.rows[row+1]; i++ {
		if !m.key.has(int(i)) {
			continue
		}
		if out == nil {
			out = map[string]*string{}
		}
		out[m.key.string(int(i))] = nil
		if text := m.value.string(int(i)); text != "" {
			out[m.key.string(int(i))] = &text
		}
	}
	return out, nil
}

// statColumns are the columns of stats_parsed for some columns of the table.
type statColumns struct {
	rows, tight *column
	leaves      []statLeaf
}

type statLeaf struct {
	path            []string
	typ             schema.Type
	least, greatest *column
	nulls           *column
}

// stats opens the statistics of the leaf columns at or under the given paths.
func (o *opener) stats(sch *schema.Struct, paths [][]string) *statColumns {
	s := &statColumns{rows: o.open("add", "stats_parsed", "numRecords"), tight: o.open("add", "stats_parsed", "tightBounds")}
	for path, field := range sch.Leaves() {
		if !under(path, paths) {
			continue
		}
		at := func(section string) *column {
			return o.open(append([]string{"add", "stats_parsed", section}, path...)...)
		}
		l := statLeaf{path: path, typ: field.Type, least: at("minValues"), greatest: at("maxValues"), nulls: at("nullCount")}
		if l.least != nil || l.greatest != nil || l.nulls != nil {
			s.leaves = append(s.leaves, l)
		}
	}
	return s
}

func under(path []string, paths [][]string) bool {
	for _, p := range paths {
		if len(p) <= len(path) && equalPath(p, path[:len(p)]) {
			return true
		}
	}
	return false
}

func equalPath(a, b []string) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return len(a) == len(b)
}

func (s *statColumns) all() []*column {
	if s == nil {
		return nil
	}
	out := []*column{s.rows, s.tight}
	for _, l := range s.leaves {
		out = append(out, l.least, l.greatest, l.nulls)
	}
	return present(out)
}

// file is the statistics of a row. Columns are appended to scratch, those of which nothing is known
// left out.
func (s *statColumns) file(i int, scratch []stats.Column) stats.File {
	f := stats.File{NumRecords: -1, TightBounds: true, Columns: scratch}
	if s.rows.has(i) {
		f.NumRecords = s.rows.integer(i)
	}
	if s.tight.has(i) {
		f.TightBounds = s.tight.bools[s.tight.at[i]]
	}
	for _, l := range s.leaves {
		c := stats.Column{Path: l.path, Min: l.least.value(i, l.typ), Max: upper(l.greatest.value(i, l.typ)), NullCount: -1}
		if l.nulls.has(i) {
			c.NullCount = l.nulls.integer(i)
		}
		if c.Min != nil || c.Max != nil || c.NullCount >= 0 {
			f.Columns = append(f.Columns, c)
		}
	}
	return f
}

// upper widens a greatest timestamp that may have been cut to milliseconds on its way through JSON.
func upper(v stats.Value) stats.Value {
	if t, ok := v.(stats.Timestamp); ok && t%1000 == 0 {
		return t + 999
	}
	return v
}
