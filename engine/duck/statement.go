package duck

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/internal/sql"
)

// statement is one SELECT that was let through, and the tables it names.
type statement struct {
	user    string // as it was written
	sql     string // the same without EXPLAIN and time travel: blanks in their place
	explain sql.Explain
	verb    sql.Token // its first word
	root    node
	tables  []*reference // every place where a table is named
	files   []*reference // of raw files, each once, where an engine reads them
	show    string       // "tables" for SHOW TABLES, else ""
	filters bool         // it has a condition that could exclude files
}

// reference is a place in a statement where a table is named.
type reference struct {
	name     sql.TableName
	from, to int // bytes of the name in statement.sql
	at       delta.When
}

// parser turns SQL into the JSON of DuckDB's json_serialize_sql.
type parser func(ctx context.Context, text string) ([]byte, error)

// parse reads one statement and refuses what the engine does not run.
func parse(ctx context.Context, p parser, text string) (*statement, error) {
	if !utf8.ValidString(text) || strings.Contains(text, "\x00") {
		return nil, failure(Syntax, "", "the statement is not UTF-8 text")
	}
	rest, clauses, err := sql.CutTravels(sql.Plain(sql.DuckDB, text))
	if err != nil {
		return nil, misread(text, err)
	}
	s := &statement{user: text}
	s.explain, s.sql = sql.CutExplain(rest)
	tokens := sql.Lex(sql.DuckDB, s.sql)
	if len(tokens) == 0 {
		return nil, failure(Syntax, "", "the statement is empty")
	}
	s.verb = tokens[0]
	if err := s.refuseVerb(); err != nil {
		return nil, err
	}
	raw, err := p(ctx, s.sql)
	if err != nil {
		return nil, err
	}
	if s.root, err = s.decode(raw); err != nil {
		return nil, err
	}
	w := walker{s: s}
	if err := w.query(s.root, nil); err != nil {
		return nil, err
	}
	return s, s.assign(clauses)
}

// decode takes the one statement out of the parser's answer.
func (s *statement) decode(raw []byte) (node, error) {
	var answer struct {
		Error      bool        `json:"error"`
		Message    string      `json:"error_message"`
		Type       string      `json:"error_type"`
		Position   json.Number `json:"position"`
		Statements []struct {
			Node node `json:"node"`
		} `json:"statements"`
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := d.Decode(&answer); err != nil {
		return nil, failure(Failed, "", "reading the parser's answer: %v", err)
	}
	switch {
	case answer.Error && strings.Contains(answer.Type, "not implemented"):
		return nil, s.notASelect()
	case answer.Error:
		e := failure(Syntax, "", "%s", answer.Message)
		if at, err := answer.Position.Int64(); err == nil {
			e.at(s.user, int(at))
		}
		return nil, e
	case len(answer.Statements) == 0:
		return nil, failure(Syntax, "", "the statement is empty")
	case len(answer.Statements) > 1:
		return nil, failure(Refused, "send the statements one by one", "%d statements in one", len(answer.Statements))
	}
	return answer.Statements[0].Node, nil
}

// onSpark is what to do with a statement that changes rows in place.
const onSpark = "DuckDB only adds and replaces rows; write engine: spark in the job or the environment to run it on Spark"

// verbs are the first words of statements that DuckDB knows and the engine refuses, each with what
// to do instead.
var verbs = map[string]string{
	"insert": "here only a SELECT can stand; INSERT is a statement of its own, in petalake sql or in a job",
	"update": onSpark,
	"delete": onSpark,
	"merge":  onSpark,
	"create": "here only a SELECT can stand; CREATE TABLE is a statement of its own, in petalake sql or in a job",
	"copy":   "petalake sql --output csv, json or parquet writes the rows of a SELECT; petalake load reads files",
	"export": "petalake sql --output parquet writes the rows of a SELECT",
	"attach": "name the table's source in lakehouse.yaml",
	"set":    "memory, threads and the spill folder are settings of petalake, not of a statement",
	"pragma": "DESCRIBE, SUMMARIZE and SHOW TABLES say what a table is",
	"pivot":  "name the values, as in PIVOT t ON year IN (2023, 2024) USING sum(x)",
}

// refuseVerb refuses by the first word, before anything is parsed: the message can then say what
// to do instead. What it lets through is still judged by what the parser makes of it.
func (s *statement) refuseVerb() error {
	verb := strings.ToLower(s.verb.Text)
	if verb == "pivot" {
		return nil
	}
	if _, known := verbs[verb]; known {
		return s.notASelect()
	}
	return nil
}

func (s *statement) notASelect() error {
	verb := strings.ToLower(s.verb.Text)
	hint := verbs[verb]
	if hint == "" {
		hint = "use SELECT, EXPLAIN, DESCRIBE, SUMMARIZE or SHOW TABLES"
	}
	e := failure(Refused, hint, "%s is not a query", strings.ToUpper(verb))
	if verb == "pivot" {
		e.Message = "PIVOT without a list of values is not supported"
	}
	return e.at(s.user, s.verb.From)
}

// assign gives every time travel clause to the table it stands behind.
func (s *statement) assign(clauses []sql.Travel) error {
	used := make([]bool, len(clauses))
	for _, r := range s.tables {
		for i, c := range clauses {
			if !used[i] && s.follows(r.to, c.From) {
				used[i], r.at = true, delta.When{Version: c.Version, Time: c.Time}
			}
		}
	}
	for i, c := range clauses {
		if !used[i] {
			return failure(Syntax, "write FROM flights VERSION AS OF 3 AS f", "time travel that follows no table").at(s.user, c.From)
		}
	}
	return nil
}

// follows says whether nothing but an alias stands between two places of the text.
func (s *statement) follows(from, to int) bool {
	if from > to {
		return false
	}
	t := sql.Lex(sql.DuckDB, s.sql[from:to])
	if len(t) > 0 && t[0].Is("AS") {
		t = t[1:]
	}
	return len(t) == 0 || len(t) == 1 && t[0].IsName()
}

// plansOnly says that the statement is an EXPLAIN that does not run its query.
func (s *statement) plansOnly() bool {
	return s.explain.Text != "" && !s.explain.Analyze
}
