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
)

// loadFlags are the flags of `petalake load`.
type loadFlags struct {
	format, mode, onError, evolve string
	options                       []string
	dryRun                        bool
}

func (a *app) loadCommand() *cobra.Command {
	var f loadFlags
	c := &cobra.Command{
		Use:   "load TABLE FILE...",
		Short: "Load files into a table, in one commit",
		Long: `Load CSV, JSON or Parquet files into a table, plain or compressed (.gz,
.zst), in one commit: all rows or none. A table that does not exist is made,
with the types found in the files. FILE may hold *, ** and ?.`,
		Example: "petalake load bronze.orders 'raw/*.csv'",
		Args: usage(func(_ *cobra.Command, args []string) error {
			if len(args) < 2 {
				return fmt.Errorf("%s is missing", []string{"TABLE", "FILE"}[len(args)])
			}
			return nil
		}),
		ValidArgsFunction: a.completeTable(false),
		RunE:              func(c *cobra.Command, args []string) error { return a.load(c.Context(), f, args[0], args[1:]) },
	}
	flags := c.Flags()
	flags.SortFlags = false
	flags.StringVar(&f.format, "format", "", "csv, json or parquet; default: by the names")
	flags.StringVar(&f.mode, "mode", "append", "append, or replace: instead of all rows")
	flags.StringVar(&f.onError, "on-error", "reject", "reject, or quarantine: bad rows to table _quarantine")
	flags.StringVar(&f.evolve, "evolve", "", "none, add (columns) or widen (types too)")
	flags.BoolVar(&f.dryRun, "dry-run", false, "show columns, types and why; load nothing")
	flags.StringArrayVar(&f.options, "option", nil, "how CSV is written, as in `delimiter=;` (repeat)")
	for name, values := range f.choices() {
		must(c.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp)))
	}
	return c
}

func (loadFlags) choices() map[string][]string {
	return map[string][]string{
		"format":   {"csv", "json", "parquet"},
		"mode":     {"append", "replace"},
		"on-error": {"reject", "quarantine"},
		"evolve":   {"none", "add", "widen"},
	}
}

// check finds values that are not a choice; an empty one is the default.
func (f loadFlags) check() error {
	given := map[string]string{"format": f.format, "mode": f.mode, "on-error": f.onError, "evolve": f.evolve}
	for name, values := range f.choices() {
		if given[name] != "" && !slices.Contains(values, given[name]) {
			return &usageError{fmt.Errorf("--%s %s: want %s", name, given[name], strings.Join(values, ", ")), ""}
		}
	}
	return nil
}

func (a *app) load(ctx context.Context, f loadFlags, table string, paths []string) error {
	if err := f.check(); err != nil {
		return err
	}
	name, err := catalog.ParseName(table)
	if err != nil {
		return &usageError{err, ""}
	}
	job := write.Load{Table: name, Paths: paths, Format: f.format, Replace: f.mode == "replace", OnError: f.onError, Evolve: f.evolve}
	for _, o := range f.options {
		if err := setOption(&job, o); err != nil {
			return err
		}
	}
	return a.withLake(ctx, func(rooms *assembly.Assembly) error {
		if f.dryRun {
			return a.preview(ctx, rooms, job)
		}
		bar := a.progress("loading " + table)
		done, err := rooms.Writer.Load(ctx, job, func(e lake.Event) { bar.set(amountOf(e)) })
		bar.end()
		if err != nil {
			return err
		}
		return a.event(done, list[eventRow](a, nil, nil))
	})
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
func (a *app) preview(ctx context.Context, rooms *assembly.Assembly, job write.Load) error {
	columns, err := rooms.Writer.Preview(ctx, job)
	if err != nil {
		return err
	}
	out := list(a, []render.Column{{Name: "column"}, {Name: "type"}, {Name: "from"}, {Name: "found"}, {Name: "why"}}, func(r previewRow) []string {
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
		return &usageError{fmt.Errorf("no option %q", key), "the options are delimiter, header, quote, escape, null, date_format, timestamp_format, time_zone, encoding, comment, decimal, thousands, skip"}
	}
	return nil
}
