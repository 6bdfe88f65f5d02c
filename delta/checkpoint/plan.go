package checkpoint

import (
	"slices"

	"github.com/petalake/petalake/delta/log"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/delta/stats"
)

// Plan decides which files a predicate keeps. It is for one goroutine.
type Plan struct {
	where   stats.Predicate
	columns [][]string // that the predicate names, partition columns apart
	parts   []partitionColumn
	schema  *schema.Struct
	wanted  *stats.Parser // of columns; nil where there are none
	rows    *stats.Parser // of no column: the number of rows alone
	full    *stats.Parser // of every column; nil where nobody asked

	scratch []stats.Column
}

// partitionColumn is one that the predicate names.
type partitionColumn struct {
	name string
	typ  schema.Type

	value stats.Value // of the file at hand
	known bool
}

// NewPlan makes the plan of a predicate, nil for all files. It reads statistics of every column for the files it keeps where full, else the number of
// their rows alone.
func NewPlan(m *log.MetadataAction, where stats.Predicate, full bool) *Plan {
	p := &Plan{where: where, schema: m.Schema}
	for _, path := range stats.Columns(where, nil) {
		if len(path) == 0 {
			continue
		}
		if at := m.Schema.Index(path[0]); len(path) == 1 && at >= 0 && slices.Contains(m.PartitionColumns, path[0]) {
			if p.part(path) == nil {
				p.parts = append(p.parts, partitionColumn{name: path[0], typ: m.Schema.Fields[at].Type})
			}
		} else if !slices.ContainsFunc(p.columns, func(c []string) bool { return slices.Equal(c, path) }) {
			p.columns = append(p.columns, path)
		}
	}
	if len(p.columns) > 0 {
		p.wanted = stats.NewParser(m.Schema, p.columns...)
	}
	p.rows = stats.NewParser(&schema.Struct{})
	if full {
		p.full = stats.NewParser(m.Schema)
	}
	return p
}

func (p *Plan) part(path []string) *partitionColumn {
	if len(path) != 1 {
		return nil
	}
	for i := range p.parts {
		if p.parts[i].name == path[0] {
			return &p.parts[i]
		}
	}
	return nil
}

// Keeps says whether a file may hold a row where the predicate is true. Damaged statistics are none.
func (p *Plan) Keeps(a *log.AddAction) bool {
	if p.where == nil {
		return true
	}
	f := stats.File{NumRecords: -1}
	switch {
	case a.Typed:
		f = a.Stats
	case a.StatsText != "" && p.wanted != nil:
		f = parsed(p.wanted, a.StatsText)
	case a.StatsText != "":
		f = parsed(p.rows, a.StatsText)
	}
	p.setPartition(a.PartitionValues)
	return p.matches(f)
}

// setPartition sets the partition values of the file at hand from the text of the log.
func (p *Plan) setPartition(values map[string]*string) {
	for i := range p.parts {
		c := &p.parts[i]
		text, ok := values[c.name]
		v, err := stats.ParsePartition(c.typ, text)
		c.value, c.known = v, ok && err == nil
	}
}

func (p *Plan) matches(f stats.File) bool {
	if len(p.parts) == 0 {
		return stats.Matches(p.where, f, nil)
	}
	return stats.Matches(p.where, f, func(path []string) (stats.Value, bool) {
		if c := p.part(path); c != nil && c.known {
			return c.value, true
		}
		return nil, false
	})
}

func parsed(p *stats.Parser, text string) stats.File {
	f, err := p.Parse([]byte(text))
	if err != nil {
		return stats.File{NumRecords: -1}
	}
	return f
}

// Describe fills in the statistics of a file that was kept.
func (p *Plan) Describe(a *log.AddAction) {
	switch {
	case a.Typed:
	case a.StatsText == "":
		a.Stats = stats.File{NumRecords: -1}
	case p.full != nil:
		a.Stats = parsed(p.full, a.StatsText)
	default:
		a.Stats = parsed(p.rows, a.StatsText)
	}
	if a.DeletionVector != nil && a.Stats.NumRecords >= 0 {
		a.Stats.NumRecords -= a.DeletionVector.Cardinality
		a.Stats.TightBounds = false
	}
}

// Columns are those that the predicate names, partition columns apart.
func (p *Plan) Columns() [][]string { return p.columns }

// Undecided says whether some row of a file with these partition values may fail the predicate, although it is one of a
// file that may match: a value could not be read, or the predicate is not one that values decide.
func (p *Plan) Undecided(values map[string]*string) bool {
	p.setPartition(values)
	for _, c := range p.parts {
		if !c.known {
			return true
		}
	}
	one := stats.File{NumRecords: 1}
	q := *p
	q.where = stats.Not{Predicate: p.where}
	return q.matches(one)
}
