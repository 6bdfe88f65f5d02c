package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/spf13/cobra"

	"github.com/petalake/petalake/internal/assembly"
	"github.com/petalake/petalake/internal/cli/render"
	"github.com/petalake/petalake/internal/sql"
	"github.com/petalake/petalake/internal/words"
	"github.com/petalake/petalake/spec"
)

// sqlCommand answers statements in SQL.
type sqlCommand struct {
	*app
	input   string // a file of statements; "-" for standard input
	to      string // a file for the rows
	explain bool
	why     bool   // say which engine would run it, and run nothing
	as      string // whom access in lakehouse.yaml holds the statements to
	rows    int    // most rows of a table on a terminal; 0: all
	all     string // what to type to see all rows
}

func (c *sqlCommand) command() *cobra.Command {
	c.all = "--rows 0"
	cmd := &cobra.Command{
		Use:   "sql [STATEMENT]",
		Short: "Ask the tables in SQL; without a statement, a shell",
		Long: `Run SQL on the tables of the lake. Statements come from the command line, from
--input, from standard input, or from a person in a shell with history and
completion. Rows stream to standard output; counts and times to standard error.`,
		Example:     `petalake sql "select count(*) as orders from bronze.orders"`,
		Args:        usage(cobra.MaximumNArgs(1)),
		Annotations: map[string]string{formatsKey: "text json csv parquet"},
		RunE: func(cmd *cobra.Command, args []string) error {
			return c.run(cmd.Context(), args)
		},
	}
	flags := cmd.Flags()
	flags.SortFlags = false
	flags.StringVarP(&c.input, "input", "i", "", "read the statements from a file; - is standard input")
	flags.StringVar(&c.to, "out", "", "write the rows to a file; its name may give the format")
	flags.BoolVar(&c.explain, "explain", false, "show the plan and the files it reads, instead of rows")
	flags.StringVar((*string)(&c.engine), "engine", "", "duckdb, spark or auto; default: as lakehouse.yaml says")
	flags.BoolVar(&c.why, "explain-engine", false, "say which engine would run it, and why; run nothing")
	flags.IntVar(&c.rows, "rows", 40, "most rows to show as text on a terminal; 0 for all")
	flags.BoolVar(&c.files, "files", false, "read files too, as in: from 'raw/x.csv'; write nothing")
	flags.StringVar(&c.as, "as", "", "hold statements to what somebody may, by access")
	must(cmd.RegisterFlagCompletionFunc("engine", cobra.FixedCompletions([]string{string(spec.EngineDuckDB), string(spec.EngineSpark), string(spec.EngineAuto)}, cobra.ShellCompDirectiveNoFileComp)))
	return cmd
}

// sql finds the statements and runs them in order, or starts the shell.
func (c *sqlCommand) run(ctx context.Context, args []string) error {
	if err := c.outputByName(); err != nil {
		return err
	}
	if err := c.onlyReads(); err != nil {
		return err
	}
	var text string
	switch _, interactive := terminal(c.in); {
	case c.rows < 0:
		return &usageError{fmt.Errorf("--rows %d: want 0, for all, or more", c.rows), ""}
	case c.as != "" && (c.why || interactive && len(args) == 0 && c.input == ""):
		return &usageError{errors.New("--as holds statements alone to access, not the shell or --explain-engine"), `write a statement, as in petalake sql --as ann "show tables"`}
	case len(args) == 1 && c.input != "":
		return &usageError{errors.New("a statement and --input: only one can be given"), ""}
	case len(args) == 1:
		text = args[0]
	case c.input != "" && c.input != "-":
		b, err := os.ReadFile(c.input)
		if err != nil {
			return err
		}
		text = string(b)
	case interactive && c.input == "" && c.to != "":
		return &usageError{errors.New("--out takes the rows of a statement"), `write it, as in petalake sql --out rows.csv "select 1"`}
	case interactive && c.input == "":
		return c.withLake(ctx, func(rooms *assembly.Assembly) error { return c.shell(ctx, rooms) })
	default:
		b, err := io.ReadAll(c.in)
		if err != nil {
			return err
		}
		text = string(b)
	}
	statements := c.statements(text)
	if len(statements) == 0 {
		return &usageError{errors.New("no statement"), `write one, as in petalake sql "show tables"`}
	}
	if c.to != "" && len(statements) > 1 {
		return &usageError{fmt.Errorf("--out takes the rows of one statement; there are %d", len(statements)), ""}
	}
	return c.withLake(ctx, func(rooms *assembly.Assembly) error {
		on, err := acting(rooms, c.as)
		if err != nil {
			return err
		}
		for _, s := range statements {
			if c.why {
				err = c.explainEngine(ctx, rooms, s)
			} else {
				err = c.statement(ctx, on, s)
			}
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// onlyReads holds --files to what it is for: a person who looks into files, on this machine.
func (c *sqlCommand) onlyReads() error {
	switch {
	case !c.files:
		return nil
	case c.as != "":
		return &usageError{errors.New("--files and --as: access says nothing of files"), "leave one of them out"}
	case c.engine != "" && c.engine != spec.EngineDuckDB:
		return &usageError{fmt.Errorf("--files and --engine %s: DuckDB reads files", c.engine), "leave --engine out"}
	case c.why:
		return &usageError{errors.New("--files and --explain-engine: DuckDB reads files"), "leave one of them out"}
	}
	c.engine = spec.EngineDuckDB
	return nil
}

// dialect is the dialect in which a text of statements is cut: that of the engine that was asked for.
func (a *app) dialect() sql.Dialect {
	if a.engine == spec.EngineSpark {
		return sql.Spark
	}
	return sql.DuckDB
}

// statements cuts a text into its statements, each with the comments around it.
func (a *app) statements(text string) []string {
	var all []string
	for _, s := range sql.Split(a.dialect(), text) {
		all = append(all, s.Whole())
	}
	return all
}

// asker answers statements.
type asker interface {
	Watch(ctx context.Context, tell func(done float64), sql string, args ...any) (array.RecordReader, error)
}

// acting is the lake, as somebody sees it where there is a name.
func acting(rooms *assembly.Assembly, name string) (asker, error) {
	if name == "" {
		return rooms.Engines, nil
	}
	return rooms.Engines.As(name)
}

// outputByName takes the format from the name of --out, where none was asked for.
func (c *sqlCommand) outputByName() error {
	if c.to != "" && c.output == "text" {
		switch name := strings.ToLower(c.to); {
		case strings.HasSuffix(name, ".csv"):
			c.output = "csv"
		case strings.HasSuffix(name, ".json"), strings.HasSuffix(name, ".jsonl"), strings.HasSuffix(name, ".ndjson"):
			c.output = "json"
		case strings.HasSuffix(name, ".parquet"):
			c.output = "parquet"
		}
	}
	if _, ok := terminal(c.out); ok && c.output == "parquet" && c.to == "" {
		return &usageError{errors.New("parquet is not for a terminal"), "name a file with --out rows.parquet"}
	}
	return nil
}

// statement runs one statement and shows its rows.
func (c *sqlCommand) statement(ctx context.Context, lake asker, text string) (err error) {
	if change, err := sql.ParseChange(text); c.files && (err != nil || change != nil) {
		return &usageError{errors.New("with --files statements only read"), "petalake load makes a table of files; statements without --files write tables"}
	}
	if c.explain {
		text = "EXPLAIN " + text
	}
	start := c.now()
	out, err := openSink(c.to, c.out)
	if err != nil {
		return err
	}
	defer func() { err = out.finish(err) }()
	wait := c.progress("running")
	defer wait.end()
	reader, err := lake.Watch(ctx, wait.running, text)
	if err != nil {
		return err
	}
	defer reader.Release()
	w, err := c.writer(out, reader.Schema())
	if err != nil {
		return err
	}
	limit := c.limit(out)
	n, more, err := copyRows(w, reader, limit, wait)
	if err != nil {
		return err
	}
	wait.hide()
	if err := w.Close(); err != nil {
		return err
	}
	c.summary(n, more, start, w)
	return nil
}

// explainEngine says which engine a statement would run on.
func (c *sqlCommand) explainEngine(ctx context.Context, rooms *assembly.Assembly, sql string) error {
	choice, err := rooms.Engines.Choose(ctx, "", sql)
	if err != nil {
		return err
	}
	if c.output == "json" || c.output == "csv" {
		return one(c.app, struct {
			Engine string `json:"engine"`
			Reason string `json:"reason"`
		}{string(choice.Engine), choice.Reason})
	}
	_, err = fmt.Fprintln(c.out, render.Escape(choice.String()))
	return err
}

// summary says how many rows there were, how long they took, and what was not shown.
func (c *sqlCommand) summary(rows int64, more bool, start time.Time, w render.Writer) {
	if _, ok := w.(plan); ok {
		return
	}
	text := words.Counted(rows, "row") + " in " + words.Duration(c.now().Sub(start))
	if more {
		text = "first " + text + " (" + c.all + " shows all)"
	}
	if t, ok := w.(*render.Table); ok && t.Note() != "" {
		text += "; " + t.Note()
	}
	c.say("%s", c.style(c.err).Dim(text))
}
