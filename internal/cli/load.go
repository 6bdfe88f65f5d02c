package cli

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/petalake/petalake/catalog"
	"github.com/petalake/petalake/internal/assembly"
	"github.com/petalake/petalake/internal/cli/render"
	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/internal/write"
	"github.com/petalake/petalake/spec"
)

// loadCommand loads files into a table.
type loadCommand struct {
	*app
	format, mode, onError, evolve string
	options, columns              []string
	maxBad                        string
	dryRun                        bool
}

func (c *loadCommand) command() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "load TABLE FILE...",
		Short: "Load files into a table, in one commit",
		Long: `Load CSV, JSON or Parquet files into a table, plain or compressed (.gz,
.zst), in one commit: all rows or none. A table that does not exist is made,
with the types found in the files. FILE may hold *, ** and ?, or be s3://...`,
		Example: "petalake load bronze.orders 'raw/*.csv'",
		Args: usage(func(_ *cobra.Command, args []string) error {
			if len(args) < 2 {
				return fmt.Errorf("%s is missing", []string{"TABLE", "FILE"}[len(args)])
			}
			return nil
		}),
		ValidArgsFunction: c.completeTable(false),
		RunE:              func(cmd *cobra.Command, args []string) error { return c.run(cmd.Context(), args[0], args[1:]) },
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVar(&c.format, "format", "", "csv, json or parquet; default: by the names")
	flags.StringVar(&c.mode, "mode", "append", "append, or replace: instead of all rows")
	flags.StringVar(&c.onError, "on-error", "reject", "reject, quarantine (to table _quarantine) or rescue")
	flags.StringVar(&c.evolve, "evolve", "", "none, add (columns) or widen (types too)")
	flags.BoolVar(&c.dryRun, "dry-run", false, "show columns, types and why; load nothing")
	flags.StringArrayVar(&c.options, "option", nil, "how CSV is written, as in `delimiter=;` (repeat)")
	flags.StringArrayVar(&c.columns, "column", nil, "only `NEW=OLD` names of columns (repeat); '*': others")
	flags.StringVar(&c.maxBad, "max-bad", "", "most bad rows, as in 1% or 100; with more it fails")
	for name, values := range c.choices() {
		must(cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)))
	}
	return cmd
}

func (*loadCommand) choices() map[string][]string {
	return map[string][]string{
		"format":   {"csv", "json", "parquet"},
		"mode":     {"append", "replace"},
		"on-error": {"reject", "quarantine", "rescue"},
		"evolve":   {"none", "add", "widen"},
	}
}

// check finds values that are not a choice; an empty one is the default.
func (c *loadCommand) check() error {
	given := map[string]string{"format": c.format, "mode": c.mode, "on-error": c.onError, "evolve": c.evolve}
	for name, values := range c.choices() {
		if given[name] != "" && !slices.Contains(values, given[name]) {
			return &usageError{fmt.Errorf("--%s %s: want %s", name, given[name], strings.Join(values, ", ")), ""}
		}
	}
	return nil
}

func (c *loadCommand) run(ctx context.Context, table string, paths []string) error {
	if err := c.check(); err != nil {
		return err
	}
	name, err := catalog.ParseName(table)
	if err != nil {
		return &usageError{err, ""}
	}
	job := write.Load{Table: name, Paths: paths, Format: c.format, Replace: c.mode == "replace", OnError: c.onError, Evolve: c.evolve}
	for _, o := range c.options {
		if err := setOption(&job, o); err != nil {
			return err
		}
	}
	if err := c.shape(&job); err != nil {
		return err
	}
	return c.withLake(ctx, func(rooms *assembly.Assembly) error {
		if c.dryRun {
			return c.preview(ctx, rooms, job)
		}
		bar := c.progress("loading " + table)
		done, err := rooms.Writer.Load(ctx, job, func(e lake.Event) { bar.set(amountOf(e)) })
		bar.end()
		if err != nil {
			return err
		}
		return c.event(done, list[eventRow](c.app, nil, nil))
	})
}

// shape sets which columns are loaded, and how many rows may be bad.
func (c *loadCommand) shape(job *write.Load) (err error) {
	if c.maxBad != "" {
		if job.MaxBad, err = spec.ParseShare(c.maxBad); err != nil {
			return &usageError{fmt.Errorf("--max-bad: %w", err), ""}
		}
	}
	for _, column := range c.columns {
		if job.Columns == nil {
			job.Columns = map[string]string{}
		}
		name, inFiles, ok := strings.Cut(column, "=")
		if !ok {
			inFiles = name
		}
		if name == "" || inFiles == "" || job.Columns[name] != "" {
			return &usageError{fmt.Errorf("--column %s: want NAME=NAME IN THE FILES, each once", column), ""}
		}
		job.Columns[name] = inFiles
	}
	return nil
}

// previewRow is a column as `petalake load --dry-run` shows it.
type previewRow struct {
	Column string `json:"column"`
	Type   string `json:"type"`
	From   string `json:"from"`
	Found  string `json:"found,omitempty"`
	Why    string `json:"why,omitempty"`
}

// preview shows what columns a load would make, and loads nothing.
func (c *loadCommand) preview(ctx context.Context, rooms *assembly.Assembly, job write.Load) error {
	columns, err := rooms.Writer.Preview(ctx, job)
	if err != nil {
		return err
	}
	out := list(c.app, []render.Column{{Name: "column"}, {Name: "type"}, {Name: "from"}, {Name: "found"}, {Name: "why"}}, func(r previewRow) []string {
		return []string{r.Column, r.Type, r.From, r.Found, r.Why}
	})
	for _, c := range columns {
		if err := out.add(previewRow{c.Name, c.Type.String(), c.From, c.Found, c.Why}); err != nil {
			return err
		}
	}
	return out.close()
}

// setOption sets one option of text files, named as in lakehouse.yaml.
func setOption(job *write.Load, option string) error {
	key, value, ok := strings.Cut(option, "=")
	if !ok {
		return &usageError{fmt.Errorf("--option %s: want NAME=VALUE", option), ""}
	}
	switch key {
	case "delimiter":
		job.CSV.Delimiter = value
	case "header":
		header, err := strconv.ParseBool(value)
		if err != nil {
			return &usageError{fmt.Errorf("--option header=%s: want true or false", value), ""}
		}
		job.CSV.Header = &header
	case "quote":
		job.CSV.Quote = &value
	case "escape":
		job.CSV.Escape = &value
	case "null":
		job.CSV.Null = append(job.CSV.Null, value)
	case "date_format":
		job.CSV.DateFormat = value
	case "timestamp_format":
		job.CSV.TimestampFormat = value
	case "time_zone":
		job.CSV.Zone = value
	case "encoding":
		job.CSV.Encoding = value
	case "pad":
		pad, err := strconv.ParseBool(value)
		if err != nil {
			return &usageError{fmt.Errorf("--option pad=%s: want true or false", value), ""}
		}
		job.CSV.Pad = pad
	case "max_row":
		size, err := spec.ParseSize(value)
		if err != nil {
			return &usageError{fmt.Errorf("--option max_row: %w", err), ""}
		}
		job.CSV.MaxRow = int(size)
	case "comment":
		job.CSV.Comment = value
	case "decimal":
		job.CSV.Decimal = value
	case "thousands":
		job.CSV.Thousands = value
	case "skip":
		lines, err := strconv.Atoi(value)
		if err != nil || lines < 0 {
			return &usageError{fmt.Errorf("--option skip=%s: want a number of lines", value), ""}
		}
		job.CSV.Skip = &lines
	default:
		return &usageError{fmt.Errorf("no option %q", key), "the options are delimiter, header, quote, escape, null, date_format, timestamp_format, time_zone, encoding, comment, decimal, thousands, skip, pad, max_row"}
	}
	return nil
}
