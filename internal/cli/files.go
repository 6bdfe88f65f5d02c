package cli

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/internal/assembly"
	"github.com/petalake/petalake/internal/cli/render"
	"github.com/petalake/petalake/internal/words"
)

// fileRow is a live data file of a table.
type fileRow struct {
	Path      string             `json:"path"` // relative to the table
	Rows      *int64             `json:"rows"` // null where no statistics tell
	Bytes     int64              `json:"bytes"`
	Modified  time.Time          `json:"modified"`
	Partition map[string]*string `json:"partition"`
	Deleted   int64              `json:"deleted"` // rows of the file that a deletion vector hides
}

func fileRowOf(f delta.Add) fileRow {
	row := fileRow{Path: f.Path, Bytes: f.Size, Modified: time.UnixMilli(f.ModTime).UTC(), Partition: f.PartitionValues}
	if f.Stats.NumRecords >= 0 {
		row.Rows = &f.Stats.NumRecords
	}
	if f.DeletionVector != nil {
		row.Deleted = f.DeletionVector.Cardinality
	}
	return row
}

// filesCommand lists the data files of a table.
type filesCommand struct {
	*app
	where string // a condition in SQL
}

func (c *filesCommand) command() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "files TABLE",
		Short: "List the data files of a table, or those a condition needs",
		Long: `List the live data files of a table. With --where only those that may hold a
row for which the SQL condition is true, by partitions and statistics: the files
that a query with this condition reads.`,
		Example:           `petalake files bronze.orders --where "order_id > 5"`,
		Args:              exactly("TABLE"),
		ValidArgsFunction: c.completeTable(false),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withLake(cmd.Context(), func(rooms *assembly.Assembly) error {
				return c.run(cmd.Context(), rooms, args[0])
			})
		},
	}
	cmd.Flags().StringVar(&c.where, "where", "", "a SQL `CONDITION` on the table's columns")
	return cmd
}

func (c *filesCommand) run(ctx context.Context, rooms *assembly.Assembly, name string) error {
	now := c.now()
	columns := []render.Column{{Name: "file"}, {Name: "rows", Right: true, Whole: true}, {Name: "size", Right: true, Whole: true}, {Name: "written"}, {Name: "partition"}}
	if partitioned, err := isPartitioned(ctx, rooms, name); err != nil {
		return err
	} else if !partitioned {
		columns = columns[:4]
	}
	out := list(c.app, columns, func(f fileRow) []string { return f.text(now)[:len(columns)] })
	var n, bytes int64
	for f, err := range rooms.Engines.Files(ctx, name, c.where) {
		if err != nil {
			return err
		}
		n, bytes = n+1, bytes+f.Size
		if err := out.add(fileRowOf(f)); err != nil {
			return err
		}
	}
	if err := out.close(); err != nil {
		return err
	}
	c.say("%s", c.style(c.err).Dim(words.Counted(n, "file")+", "+words.Bytes(bytes)))
	return nil
}

func (f fileRow) text(now time.Time) []string {
	rows := knownCount(f.Rows)
	if f.Deleted > 0 {
		rows += " - " + words.Count(f.Deleted)
	}
	var partition []string
	for _, k := range slices.Sorted(maps.Keys(f.Partition)) {
		value := "NULL"
		if v := f.Partition[k]; v != nil {
			value = *v
		}
		partition = append(partition, k+"="+value)
	}
	return []string{f.Path, rows, words.Bytes(f.Bytes), words.Ago(f.Modified, now), strings.Join(partition, " ")}
}

func isPartitioned(ctx context.Context, rooms *assembly.Assembly, name string) (bool, error) {
	table, err := rooms.Env.Existing(ctx, name)
	if err != nil {
		return false, err
	}
	s, err := table.Snapshot(ctx, delta.When{})
	if err != nil {
		return false, err
	}
	return len(s.Metadata().PartitionColumns) > 0, nil
}
