package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/petalake/petalake/internal/assembly"
	"github.com/petalake/petalake/internal/cli/render"
	"github.com/petalake/petalake/internal/query"
	"github.com/petalake/petalake/internal/words"
	"github.com/petalake/petalake/spec"
)

// verifyRow is how both engines agree on one query.
type verifyRow struct {
	Query      string   `json:"query"`  // a model, or a statement of a file
	Result     string   `json:"result"` // same, differs, failed
	Rows       int64    `json:"rows"`
	DuckDB     float64  `json:"duckdb_seconds"`
	Spark      float64  `json:"spark_seconds"`
	Difference string   `json:"difference,omitempty"`
	Error      string   `json:"error,omitempty"`
	Notes      []string `json:"notes,omitempty"`
}

// verifying is a query to compare.
type verifying struct{ name, sql string }

// verifyCommand compares what both engines answer.
type verifyCommand struct{ *app }

func (c *verifyCommand) command() *cobra.Command {
	return &cobra.Command{
		Use:   "verify [MODEL | FILE.sql | FOLDER ...]",
		Short: "Run models and queries on DuckDB and Spark, and compare the rows",
		Long: `Run queries on both engines and compare what they give: nulls, decimals and
texts exactly, floating-point numbers to nine digits, in any order. Without an
argument the queries are the models. The first difference is shown.`,
		Example: "petalake verify gold.revenue_by_day",
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.withLake(cmd.Context(), func(rooms *assembly.Assembly) error { return c.run(cmd.Context(), rooms, args) })
		},
	}
}

func (c *verifyCommand) run(ctx context.Context, rooms *assembly.Assembly, args []string) error {
	queries, err := c.queries(rooms, args)
	if err != nil {
		return err
	}
	if len(queries) == 0 {
		return &usageError{errors.New("there is nothing to verify: lakehouse.yaml has no models"), "name a file with queries, as in petalake verify queries.sql"}
	}
	out := list(c.app, []render.Column{{Name: "query"}, {Name: "result"}, {Name: "rows", Right: true}, {Name: "duckdb", Right: true}, {Name: "spark", Right: true}},
		func(r verifyRow) []string {
			return []string{r.Query, r.Result, words.Count(r.Rows), fmt.Sprintf("%.2f s", r.DuckDB), fmt.Sprintf("%.2f s", r.Spark)}
		})
	var wrong []verifyRow
	for _, q := range queries {
		wait := c.progress("verifying " + q.name)
		agreed, err := rooms.Engines.Verify(ctx, q.sql)
		wait.end()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		row := verifyRow{Query: q.name, Result: "same", Rows: agreed.Rows, DuckDB: agreed.DuckDB.Seconds(), Spark: agreed.Spark.Seconds(),
			Difference: agreed.Difference, Notes: agreed.Notes}
		switch {
		case err != nil:
			var dialect *query.DialectError
			if row.Result, row.Error = "failed", err.Error(); !errors.As(err, &dialect) && len(queries) == 1 {
				return err
			}
		case row.Difference != "":
			row.Result = "differs"
		}
		if err := out.add(row); err != nil {
			return err
		}
		if row.Result != "same" || len(row.Notes) > 0 {
			wrong = append(wrong, row)
		}
	}
	if err := out.close(); err != nil {
		return err
	}
	return c.disagreements(wrong, len(queries))
}

// disagreements shows what differs, for people, and is an error where something does.
func (c *verifyCommand) disagreements(rows []verifyRow, of int) error {
	bad := 0
	for _, r := range rows {
		if r.Result != "same" {
			bad++
		}
		for _, text := range append([]string{r.Difference, r.Error}, r.Notes...) {
			if text != "" && c.output == "text" {
				fmt.Fprintf(c.out, "\n%s: %s\n", r.Query, render.Escape(text))
			}
		}
	}
	if bad == 0 {
		return nil
	}
	return &hintedError{fmt.Errorf("the engines do not agree on %d of %d", bad, of),
		"docs/dialects.md says where the dialects differ, and how to write what both understand alike"}
}

// hintedError is an error with what to do about it.
type hintedError struct {
	error
	hint string
}

func (e *hintedError) Hint() string { return e.hint }

// toVerify finds the queries that the arguments name.
func (c *verifyCommand) queries(rooms *assembly.Assembly, args []string) (all []verifying, err error) {
	models := rooms.Env.Spec.Models
	for _, m := range models {
		if len(args) == 0 || slices.ContainsFunc(args, func(arg string) bool { return m.Name.Same(named(arg)) }) {
			all = append(all, verifying{m.Name.String(), m.Query})
		}
	}
	for _, arg := range args {
		if slices.ContainsFunc(models, func(m *spec.Model) bool { return m.Name.Same(named(arg)) }) {
			continue
		}
		files := []string{arg}
		info, err := os.Stat(arg)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, &usageError{fmt.Errorf("%s is no model and no file", arg), "`petalake verify` alone takes all models"}
		case err != nil:
			return nil, err
		case info.IsDir():
			if files, err = filepath.Glob(filepath.Join(arg, "*.sql")); err != nil {
				return nil, err
			}
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			statements := c.statements(string(text))
			for i, sql := range statements {
				name := strings.TrimSuffix(filepath.Base(file), ".sql")
				if len(statements) > 1 {
					name = fmt.Sprintf("%s:%d", name, i+1)
				}
				all = append(all, verifying{name, sql})
			}
		}
	}
	return all, nil
}

// named is a name of a table, as lakehouse.yaml has it.
func named(text string) spec.TableName {
	schema, table, ok := strings.Cut(text, ".")
	if !ok {
		schema, table = "", text
	}
	return spec.NewTableName(schema, table)
}
