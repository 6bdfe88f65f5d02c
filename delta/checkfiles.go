package delta

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/petalake/petalake/delta/datafile"
	"github.com/petalake/petalake/delta/log"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/delta/stats"
)

// files holds the live files against what is in the table's folder.
func (c *checker) files(ctx context.Context) error {
	want := make(map[string]*log.AddAction, len(c.live))
	foreign := 0
	for _, a := range c.live {
		if a.Foreign {
			foreign++
		}
		c.report.Files++
		c.report.Bytes += a.Size
		if !log.Absolute(a.Path) {
			want[a.Path] = a
		}
	}
	if foreign > 0 {
		c.report.Warnings = append(c.report.Warnings, fmt.Sprintf("%d files have letters beyond ASCII in their paths, escaped in a form by which Spark's VACUUM does not find them: it deletes them; "+
			"before a VACUUM write the rows anew: INSERT OVERWRITE t SELECT * FROM t", foreign))
	}
	prefix := c.table.key("")
	for o, err := range c.table.store.List(ctx, prefix, "") {
		if err != nil {
			return err
		}
		path := o.Key[len(prefix):]
		a := want[path]
		switch {
		case a == nil:
			if _, dead := c.dead[path]; !dead && !hidden(path) {
				c.report.Orphans = append(c.report.Orphans, path)
			}
			continue
		case a.Size != o.Size:
			c.problem(ProblemSize, c.report.Version, a.Path, "%d bytes, the log says %d", o.Size, a.Size)
		}
		delete(want, path)
	}
	for _, path := range sortedKeys(want) {
		c.problem(ProblemMissing, c.report.Version, path, "live, but not there")
	}
	return nil
}

func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// hidden says whether a path is none of a data file: some name of it begins with "_" or ".". A
// partition's folder, "_x=1", is not hidden.
func hidden(path string) bool {
	for name := range strings.SplitSeq(path, "/") {
		if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "_") && !strings.Contains(name, "=") {
			return true
		}
	}
	return false
}

// data reads every live file and holds its statistics against its rows.
func (c *checker) data(ctx context.Context) error {
	m := c.state.metadata
	sch := m.Schema.Without(m.PartitionColumns...)
	full := stats.NewParser(m.Schema)
	for _, key := range sortedKeys(c.live) {
		a := c.live[key]
		if err := ctx.Err(); err != nil {
			return err
		}
		file, err := c.table.Key(a.Path)
		if err != nil || a.DeletionVector != nil {
			continue
		}
		said := a.Stats
		if !a.Typed {
			said = stats.File{NumRecords: -1}
			if a.StatsText != "" {
				if said, err = full.Parse([]byte(a.StatsText)); err != nil {
					c.problem(ProblemStatistics, c.report.Version, a.Path, "%v", err)
					continue
				}
			}
		}
		if err := c.rows(ctx, a, file, sch, said); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) rows(ctx context.Context, a *log.AddAction, key string, sch *schema.Struct, said stats.File) error {
	var columns []schema.Path
	for _, col := range said.Columns {
		columns = append(columns, col.Path)
	}
	const whole = 1 << 20 // of strings: as good as their full length
	found := stats.NewCollector(sch, columns, whole)
	for batch, err := range datafile.Read(ctx, c.table.store, key, a.Size, sch, datafile.ReadOptions{}) {
		if err == nil {
			err = found.Add(batch)
			batch.Release()
		}
		if err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			c.problem(ProblemData, c.report.Version, a.Path, "%v", err)
			return nil
		}
	}
	c.compare(a.Path, said, found.File())
	return nil
}

func (c *checker) compare(path string, said, found stats.File) {
	if said.NumRecords >= 0 && said.NumRecords != found.NumRecords {
		c.problem(ProblemStatistics, c.report.Version, path, "%d rows, the log says %d", found.NumRecords, said.NumRecords)
	}
	for _, f := range found.Columns {
		for _, s := range said.Columns {
			if slices.Equal(s.Path, f.Path) {
				c.column(path, s, f)
			}
		}
	}
}

func (c *checker) column(path string, said, found stats.Column) {
	name := schema.Path(found.Path)
	if said.NullCount >= 0 && found.NullCount >= 0 && said.NullCount != found.NullCount {
		c.problem(ProblemStatistics, c.report.Version, path, "column %s: %d nulls, the log says %d", name, found.NullCount, said.NullCount)
	}
	if order, ok := stats.Order(said.Min, found.Min); ok && order > 0 {
		c.problem(ProblemStatistics, c.report.Version, path, "column %s: holds %v, the log says at least %v", name, found.Min, said.Min)
	}
	if order, ok := stats.Order(said.Max, found.Max); ok && order < 0 {
		c.problem(ProblemStatistics, c.report.Version, path, "column %s: holds %v, the log says at most %v", name, found.Max, said.Max)
	}
}
