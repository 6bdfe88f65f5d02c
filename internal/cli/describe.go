package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/internal/assembly"
	"github.com/petalake/petalake/internal/cli/render"
	"github.com/petalake/petalake/internal/words"
)

// tableDetail is everything about a table.
type tableDetail struct {
	tableRow
	ID          string            `json:"id"`
	Description string            `json:"description,omitempty"`
	PartitionBy []string          `json:"partition_by,omitempty"`
	Columns     []columnRow       `json:"columns"`
	Properties  map[string]string `json:"properties,omitempty"`
	Protocol    protocolRow       `json:"protocol"`
}

// protocolRow is what a reader and a writer of a table must understand.
type protocolRow struct {
	MinReader      int      `json:"min_reader"`
	MinWriter      int      `json:"min_writer"`
	ReaderFeatures []string `json:"reader_features,omitempty"`
	WriterFeatures []string `json:"writer_features,omitempty"`
}

// columnRow is a column of a table.
type columnRow struct {
	Column      string `json:"column"`
	Type        string `json:"type"`
	Nullable    bool   `json:"nullable"`
	Description string `json:"description"`
}

func columnRows(s *schema.Struct) []columnRow {
	var all []columnRow
	for _, f := range s.Fields {
		row := columnRow{Column: f.Name, Type: f.Type.String(), Nullable: f.Nullable}
		if comment, ok := f.Metadata["comment"].(string); ok {
			row.Description = comment
		}
		all = append(all, row)
	}
	return all
}

// describeCommand shows a table: its columns, size and properties.
type describeCommand struct{ *app }

func (c *describeCommand) command() *cobra.Command {
	return &cobra.Command{
		Use:   "describe TABLE",
		Short: "Show the columns, size and properties of a table",
		Long: `Show the columns of a table with their types, and what else is known of it:
size, version, partitioning and properties. CSV holds the columns alone.`,
		Example:           "petalake describe bronze.orders",
		Args:              exactly("TABLE"),
		ValidArgsFunction: c.completeTable(false),
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withLake(cmd.Context(), func(rooms *assembly.Assembly) error { return c.run(cmd.Context(), rooms, args[0]) })
		},
	}
}

func (c *describeCommand) run(ctx context.Context, rooms *assembly.Assembly, name string) error {
	d, err := detail(ctx, rooms, name)
	if err != nil {
		return err
	}
	if c.output == "json" {
		return c.object(d)
	}
	if c.output == "text" {
		fmt.Fprint(c.out, d.head(c.app))
	}
	out := list(c.app, []render.Column{{Name: "column"}, {Name: "type"}, {Name: "nullable"}, {Name: "description"}},
		func(c columnRow) []string {
			return []string{c.Column, c.Type, map[bool]string{true: "yes", false: "no"}[c.Nullable], c.Description}
		})
	for _, c := range d.Columns {
		if err := out.add(c); err != nil {
			return err
		}
	}
	keys := slices.DeleteFunc(slices.Sorted(maps.Keys(d.Properties)), func(k string) bool {
		return strings.HasPrefix(k, "petalake.") // what petalake notes for itself is for programs
	})
	if err := out.close(); err != nil || c.output != "text" || len(keys) == 0 {
		return err
	}
	fmt.Fprintln(c.out, "\nproperties")
	for _, k := range keys {
		fmt.Fprintf(c.out, "  %s = %s\n", render.Escape(k), render.Escape(d.Properties[k]))
	}
	return nil
}

// detail finds out everything about a table.
func detail(ctx context.Context, rooms *assembly.Assembly, name string) (*tableDetail, error) {
	table, err := rooms.Env.Existing(ctx, name)
	if err != nil {
		return nil, err
	}
	s, err := table.Snapshot(ctx, delta.When{})
	if err != nil {
		return nil, err
	}
	m, at := s.Metadata(), s.Time()
	d := &tableDetail{ID: m.ID, Description: m.Description, PartitionBy: m.PartitionColumns,
		Columns: columnRows(m.Schema), Properties: m.Configuration, Protocol: protocolRow(s.Protocol())}
	d.tableRow = tableRow{Table: strings.ReplaceAll(table.Root(), "/", "."), Version: s.Version(), Modified: &at}
	for t, err := range rooms.Env.Tables(ctx) {
		if err == nil && t.Name.String() == d.Table {
			d.tableRow = tableRowOf(t)
		}
	}
	return d, nil
}

// head is what stands above the columns.
func (d *tableDetail) head(a *app) string {
	var b strings.Builder
	style := a.style(a.out)
	fmt.Fprintln(&b, style.Bold(render.Escape(d.Table)))
	if d.Description != "" {
		fmt.Fprintln(&b, render.Escape(d.Description))
	}
	rows := "? rows"
	if d.Rows != nil {
		rows = words.Counted(*d.Rows, "row")
	}
	fmt.Fprintf(&b, "%s in %s, %s; version %d, changed %s\n", rows,
		words.Counted(d.Files, "file"), words.Bytes(d.Bytes), d.Version, words.Ago(*d.Modified, a.now()))
	if len(d.PartitionBy) > 0 {
		fmt.Fprintf(&b, "partitioned by %s\n", render.Escape(strings.Join(d.PartitionBy, ", ")))
	}
	b.WriteByte('\n')
	return b.String()
}
