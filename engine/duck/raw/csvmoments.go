package raw

import (
	"context"
	"strings"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/engine/duck/tablefile"
	"github.com/petalake/petalake/internal/duckdb"
)

// read_csv gives NULL, and no error, for a text that is no TIMESTAMP WITH TIME ZONE, and for every text
// where a format is given. So columns of the type timestamp are read as texts, and turned into moments
// by an expression that tells the two apart.

// moments is what a reader of CSV does with texts of timestamp columns.
type moments int

const (
	checkedMoments moments = iota // a text that is no moment ends the statement
	goodMoments                   // a row with such a text is left out
	rejectMoments                 // DuckDB rejects such a row, noting its place; the values are of no use
)

// lostMoment begins the message of a checkedMoments reader.
const lostMoment = "petalake: no moment: "

// moment is the expression for the moment that a text says, NULL where it says none. Without a zone it
// is in UTC.
func (d dialect) moment(text string) string {
	if d.timestampFormat != "" {
		return "CAST(try_strptime(" + text + ", " + duckdb.Quote(d.timestampFormat) + ") AS TIMESTAMP WITH TIME ZONE)"
	}
	return "TRY_CAST(" + text + " AS TIMESTAMP WITH TIME ZONE)"
}

// readerType is the type that read_csv is told for a column.
func (m moments) readerType(t schema.Type) (string, error) {
	switch {
	case t != schema.Timestamp:
		return tablefile.QueryType(t)
	case m == rejectMoments:
		return tablefile.QueryType(schema.TimestampNTZ)
	}
	return tablefile.QueryType(schema.String)
}

// selection is the SELECT, up to its FROM, and the WHERE that turn texts into moments.
func (m moments) selection(d dialect, fields []schema.Field) (list, where string) {
	var replaced, good []string
	for _, f := range fields {
		if f.Type != schema.Timestamp || m == rejectMoments {
			continue
		}
		text := duckdb.QuoteIdent(f.Name)
		moment := d.moment(text)
		good = append(good, "("+text+" IS NULL OR "+moment+" IS NOT NULL)")
		if m == checkedMoments {
			moment = "CASE WHEN " + text + " IS NOT NULL AND " + moment + " IS NULL THEN error(" + duckdb.Quote(lostMoment) + " || " + text + ") ELSE " + moment + " END"
		}
		replaced = append(replaced, moment+" AS "+text)
	}
	if len(replaced) == 0 {
		return "", ""
	}
	if m == goodMoments {
		where = " WHERE " + strings.Join(good, " AND ")
	}
	return "SELECT * REPLACE (" + strings.Join(replaced, ", ") + ") ", where
}

// isLostMoment recognises the error of a checkedMoments reader.
func isLostMoment(err error) bool { return err != nil && strings.Contains(err.Error(), lostMoment) }

// trulyLost leaves out of DuckDB's rejects those whose text is a moment after all: the type by which it
// rejects rows knows no zones by their names. A reject is as rejects reads it.
func (r *rawRows) trulyLost(ctx context.Context, d dialect, groups []csvGroup, rejects [][]string) ([][]string, error) {
	var texts []string
	suspects := map[int]int{} // reject -> its text
	for i, row := range rejects {
		at := r.Spec.Schema.Index(row[3])
		if row[4] != "CAST" || at < 0 || r.Spec.Schema.Fields[at].Type != schema.Timestamp {
			continue
		}
		values := splitRecord(row[5], d.delimiter, d.quote, d.escape)
		for _, g := range groups {
			if n := position(g, row[0], row[3]); n >= 0 && n < len(values) {
				suspects[i] = len(texts)
				texts = append(texts, values[n])
			}
		}
	}
	if len(texts) == 0 {
		return rejects, nil
	}
	found, err := r.Conn.Strings(ctx, "SELECT "+d.moment("x")+" IS NOT NULL FROM (SELECT unnest(CAST($1 AS VARCHAR[])) AS x)", texts)
	if err != nil {
		return nil, err
	}
	var lost [][]string
	for i, row := range rejects {
		if n, ok := suspects[i]; !ok || found[n][0] != "true" {
			lost = append(lost, row)
		}
	}
	return lost, nil
}

// position is where a column stands in the records of a file; -1 where the file is not of the group.
func position(g csvGroup, path, column string) int {
	for _, f := range g.files {
		if f.path == path {
			for i, name := range g.names {
				if strings.EqualFold(name, column) {
					return i
				}
			}
		}
	}
	return -1
}
