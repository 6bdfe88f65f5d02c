package duck

import (
	"bytes"
	"context"
	"encoding/json"
	"strings"
	"unicode/utf8"

	"github.com/petalake/petalake/delta"
)

// statement is one SELECT that was let through, and the tables it names.
type statement struct {
	user    string // as it was written
	sql     string // the same without EXPLAIN and time travel: blanks in their place
	explain string // the EXPLAIN in front, "" if there is none
	root    node
	tables  []*reference // every place where a table is named
	show    string       // "tables" for SHOW TABLES, else ""
	filters bool         // it has a condition that could exclude files
}

// reference is a place in a statement where a table is named.
type reference struct {
	name     TableName
	from, to int // bytes of the name in statement.sql
	at       delta.When
}

// parser turns SQL into the JSON of DuckDB's json_serialize_sql.
type parser func(ctx context.Context, sql string) ([]byte, error)

// parse reads one statement and refuses what the engine does not run.
func parse(ctx context.Context, p parser, sql string) (*statement, error) {
	if !utf8.ValidString(sql) || strings.Contains(sql, "\x00") {
		return nil, failure(Syntax, "", "the statement is not UTF-8 text")
	}
	text, clauses, err := cutTimeTravel(sql)
	if err != nil {
		return nil, err
	}
	s := &statement{user: sql}
	s.explain, s.sql = cutExplain(text)
	if len(lex(s.sql)) == 0 {
		return nil, failure(Syntax, "", "the statement is empty")
	}
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
	tokens := lex(s.sql)
	verb := strings.ToLower(s.sql[tokens[0].from:tokens[0].to])
	if verb == "pivot" {
		return nil
	}
	if _, known := verbs[verb]; known {
		return s.notASelect()
	}
	return nil
}

func (s *statement) notASelect() error {
	tokens := lex(s.sql)
	verb := strings.ToLower(s.sql[tokens[0].from:tokens[0].to])
	hint := verbs[verb]
	if hint == "" {
		hint = "use SELECT, EXPLAIN, DESCRIBE, SUMMARIZE or SHOW TABLES"
	}
	e := failure(Refused, hint, "%s is not a query", strings.ToUpper(verb))
	if verb == "pivot" {
		e.Message = "PIVOT without a list of values is not supported"
	}
	return e.at(s.user, tokens[0].from)
}

// cutExplain takes EXPLAIN, EXPLAIN ANALYZE or EXPLAIN (FORMAT x) off the front and leaves blanks.
func cutExplain(sql string) (explain, rest string) {
	t := lex(sql)
	if len(t) < 2 || !t[0].is(sql, "EXPLAIN") {
		return "", sql
	}
	n := 1
	switch {
	case t[1].is(sql, "ANALYZE"):
		n = 2
	case t[1].is(sql, "(") && len(t) > 2 && (t[2].is(sql, "FORMAT") || t[2].is(sql, "ANALYZE")):
		for n < len(t) && !t[n].is(sql, ")") {
			n++
		}
		n++
	}
	if n >= len(t) {
		return "", sql
	}
	cut := t[n].from
	return sql[:cut], strings.Repeat(" ", cut) + sql[cut:]
}

// assign gives every time travel clause to the table it stands behind.
func (s *statement) assign(clauses []clause) error {
	for _, r := range s.tables {
		for i := range clauses {
			if c := &clauses[i]; !c.used && s.follows(r.to, c.from) {
				c.used, r.at = true, c.when
			}
		}
	}
	for _, c := range clauses {
		if !c.used {
			return failure(Syntax, "write FROM flights VERSION AS OF 3 AS f", "time travel that follows no table").at(s.user, c.from)
		}
	}
	return nil
}

// follows says whether nothing but an alias stands between two places of the text.
func (s *statement) follows(from, to int) bool {
	if from > to {
		return false
	}
	between := s.sql[from:to]
	t := lex(between)
	if len(t) > 0 && t[0].is(between, "AS") {
		t = t[1:]
	}
	return len(t) == 0 || len(t) == 1 && (t[0].kind == wordToken || t[0].kind == quotedToken)
}

// plansOnly says that the statement is an EXPLAIN that does not run its query.
func (s *statement) plansOnly() bool {
	return s.explain != "" && !strings.Contains(strings.ToUpper(s.explain), "ANALYZE")
}
