package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/internal/assembly"
	"github.com/petalake/petalake/internal/cli/render"
	"github.com/petalake/petalake/internal/cli/shell"
)

// session is one run of the interactive shell.
type session struct {
	sql   *sqlCommand // the command that it was started by: how statements are answered
	rooms *assembly.Assembly
	ctx   context.Context // of the session, or of the statement that runs
	known shell.Vocabulary
}

// metaCommand is a command of the shell itself. Its names are what people type in other shells.
type metaCommand struct {
	names []string
	args  string
	what  string
	run   func(s *session, arg string) error
}

var errQuit = errors.New("quit")

// metaCommands lists them in the order of the help.
func metaCommands() []metaCommand {
	return []metaCommand{
		{[]string{`\d`, ".schema"}, "[TABLE]", "describe a table; without one, list the tables", (*session).describe},
		{[]string{`\dt`, ".tables"}, "", "list the tables", (*session).tables},
		{[]string{`\o`, ".mode"}, "FORMAT", "rows as text, json or csv", (*session).format},
		{[]string{`\rows`, ".rows"}, "N", "most rows to show; 0 for all", (*session).rows},
		{[]string{`\i`, ".read"}, "FILE", "run the statements of a file", (*session).read},
		{[]string{`\?`, ".help", "help"}, "", "this list", (*session).help},
		{[]string{`\q`, ".quit", ".exit", "quit", "exit"}, "", "leave; so does Ctrl-D", func(*session, string) error { return errQuit }},
	}
}

// shell reads statements from the person at the terminal until they leave.
func (c *sqlCommand) shell(ctx context.Context, rooms *assembly.Assembly) error {
	history, err := shell.OpenHistory(shell.HistoryPath(c.getenv))
	if err != nil {
		c.say("history: %v", err)
	}
	c.all = `\rows 0`
	s := &session{sql: c, rooms: rooms, ctx: ctx}
	lines := shell.NewLines(c.in.(*os.File), c.out, history, s.names)
	lines.Dialect = c.dialect()
	c.say(`petalake shell: end statements with ; and press Tab for names; \? for help, \q to leave`)
	for ctx.Err() == nil {
		statements, err := lines.Statement()
		switch {
		case errors.Is(err, shell.ErrInterrupted):
			continue
		case errors.Is(err, io.EOF):
			_, err := fmt.Fprintln(c.out)
			return err
		case err != nil:
			return err
		}
		for _, text := range statements {
			err := s.run(text, history)
			if errors.Is(err, errQuit) {
				return nil
			}
			if err != nil {
				printProblems(c.err, c.style(c.err), err)
				break
			}
		}
	}
	return nil
}

// run runs one statement or command of the shell. Ctrl-C ends it alone.
func (s *session) run(text string, history *shell.History) error {
	ctx, leave := s.sql.stop.scope(s.ctx)
	defer leave()
	keep := text
	if !shell.IsCommand(text) {
		keep += ";"
	}
	if err := history.Keep(keep); err != nil {
		s.sql.say("history: %v", err)
	}
	outer := s.ctx
	s.ctx, s.known = ctx, shell.Vocabulary{}
	defer func() { s.ctx = outer }()
	err := s.dispatch(text)
	if errors.Is(context.Cause(ctx), errInterrupted) {
		return errInterrupted
	}
	return err
}

func (s *session) dispatch(text string) error {
	if !shell.IsCommand(text) {
		if s.sql.why {
			return s.sql.explainEngine(s.ctx, s.rooms, text)
		}
		return s.sql.statement(s.ctx, s.rooms.Engines, text)
	}
	name, arg, _ := strings.Cut(strings.TrimSuffix(text, ";"), " ")
	for _, m := range metaCommands() {
		if slices.Contains(m.names, strings.ToLower(name)) {
			return m.run(s, strings.TrimSpace(arg))
		}
	}
	return &usageError{fmt.Errorf("no command %s", name), `\? lists the commands`}
}

func (s *session) describe(arg string) error {
	if arg == "" {
		return s.tables("")
	}
	return (&describeCommand{s.sql.app}).run(s.ctx, s.rooms, arg)
}

func (s *session) tables(string) error { return (&tablesCommand{s.sql.app}).run(s.ctx, s.rooms) }

func (s *session) format(arg string) error {
	switch arg {
	case "text", "table":
		s.sql.output = "text"
	case "json", "csv":
		s.sql.output = arg
	default:
		return &usageError{fmt.Errorf("format %q: want text, json or csv", arg), ""}
	}
	return nil
}

func (s *session) rows(arg string) error {
	var n int
	if _, err := fmt.Sscan(arg, &n); err != nil || n < 0 {
		return &usageError{fmt.Errorf("rows %q: want a number", arg), ""}
	}
	s.sql.rows = n
	return nil
}

func (s *session) read(arg string) error {
	text, err := os.ReadFile(arg)
	if err != nil {
		return err
	}
	for _, statement := range s.sql.statements(string(text)) {
		if err := s.sql.statement(s.ctx, s.rooms.Engines, statement); err != nil {
			return err
		}
	}
	return nil
}

func (s *session) help(string) error {
	grid := render.NewGrid(s.sql.out, s.sql.style(s.sql.out), render.Column{Name: "command"}, render.Column{Name: "what it does"}, render.Column{Name: "also"})
	for _, m := range metaCommands() {
		if err := grid.Add(strings.TrimSpace(m.names[0]+" "+m.args), m.what, strings.Join(m.names[1:], " ")); err != nil {
			return err
		}
	}
	if err := grid.Close(); err != nil {
		return err
	}
	_, err := fmt.Fprintln(s.sql.out, "Tab completes names, Up recalls statements, Ctrl-R searches them, Ctrl-C ends a statement. Time travel: FROM t VERSION AS OF 3")
	return err
}

// names is what Tab can complete: the tables and columns as they were at the first Tab since the
// last statement.
func (s *session) names() shell.Vocabulary {
	if s.known.Tables == nil {
		s.known = s.vocabulary()
	}
	return s.known
}

func (s *session) vocabulary() shell.Vocabulary {
	v := shell.Vocabulary{Tables: map[string][]string{}}
	for _, m := range metaCommands() {
		v.Commands = append(v.Commands, m.names...)
	}
	names, err := s.rooms.Env.Names(s.ctx)
	if err != nil {
		return v // what is known is enough to complete from
	}
	for _, n := range names {
		var columns []string
		if table, err := s.rooms.Env.Existing(s.ctx, n.String()); err == nil {
			if snapshot, err := table.Snapshot(s.ctx, delta.When{}); err == nil {
				for _, f := range snapshot.Schema().Fields {
					columns = append(columns, f.Name)
				}
			}
		}
		v.Tables[n.String()] = columns
	}
	return v
}
