package raw

import (
	"context"
	"strconv"
	"strings"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/engine/duck/tablefile"
)

const storeRejects = ", store_rejects=true, rejects_limit=0"

func (r *rawRows) stageCSV(ctx context.Context, files []rawFile) ([]tablefile.Staged, []badRow, error) {
	d, err := r.dialect(ctx, files)
	if err != nil {
		return nil, nil, err
	}
	var without []string
	for _, f := range r.declared() {
		without = append(without, f.Name)
	}
	groups, err := d.groups(files, without)
	if err != nil || len(groups) == 0 {
		return nil, nil, err
	}
	if staged, ok, err := r.stagePlain(ctx, d, groups); ok || err != nil {
		return staged, nil, err
	}
	aside := r.Spec.Quarantine != ""
	more := ""
	if aside {
		more = storeRejects
	}
	source, columns, err := r.csvSource(d, groups, checkedMoments, more)
	if err != nil {
		return nil, nil, err
	}
	staged, err := r.Copy(ctx, source, columns)
	switch {
	case err == nil && !aside:
		return staged, nil, nil
	case err != nil && !isLostMoment(err) && (aside || !aboutRows(err)):
		return nil, nil, err
	case err != nil: // read again, to find the bad rows and where they are
		if again := r.reject(ctx, d, groups); again != nil {
			return nil, nil, err
		}
	}
	bad, badErr := r.rejects(ctx, d, groups, files)
	if badErr != nil {
		return nil, nil, badErr
	}
	if err != nil && aside && len(bad) > 0 {
		source, columns, _ = r.csvSource(d, groups, goodMoments, storeRejects)
		staged, err = r.Copy(ctx, source, columns)
	}
	return staged, bad, err
}

// reject reads the groups for the rows that DuckDB rejects alone.
func (r *rawRows) reject(ctx context.Context, d dialect, groups []csvGroup) error {
	source, _, err := r.csvSource(d, groups, rejectMoments, storeRejects)
	if err != nil {
		return err
	}
	if _, err = r.Conn.Exec(ctx, "DROP TABLE IF EXISTS reject_errors; DROP TABLE IF EXISTS reject_scans"); err != nil {
		return err
	}
	_, err = r.Conn.Exec(ctx, "SELECT count(COLUMNS(*)) FROM "+source)
	return err
}

// dialect is the files' dialect. Their first record is a header if it names columns of the table,
// whatever the sniffer thinks.
func (r *rawRows) dialect(ctx context.Context, files []rawFile) (dialect, error) {
	var d dialect
	var err error
	if r.raw.sniffed != nil {
		d = *r.raw.sniffed
	} else if d, err = r.raw.CSV.sniff(ctx, r.Conn, files); err != nil {
		return d, err
	}
	if r.raw.CSV.Header != nil || d.header {
		return d, nil
	}
	names, err := d.firstRecord(files[0])
	if err != nil {
		return d, err
	}
	d.header = len(names) > 0
	for _, name := range names {
		d.header = d.header && r.Spec.Schema.Index(strings.TrimSpace(name)) >= 0
	}
	return d, nil
}

// csvSource reads all groups with the table's types, so that a value that does not fit is a fault
// of its row.
func (r *rawRows) csvSource(d dialect, groups []csvGroup, m moments, more string) (string, *schema.Struct, error) {
	columns := &schema.Struct{}
	var parts []string
	for _, g := range groups {
		fields, err := r.fieldsOf(g)
		if err != nil {
			return "", nil, err
		}
		types := make([]string, len(fields))
		for i, f := range fields {
			if types[i], err = m.readerType(f.Type); err != nil {
				return "", nil, err
			}
			if columns.Index(f.Name) < 0 {
				columns.Fields = append(columns.Fields, f)
			}
		}
		list, where := m.selection(d, fields)
		parts = append(parts, list+"FROM "+d.reader(g.files, g.names, types, more)+where)
	}
	return "(" + strings.Join(parts, " UNION ALL BY NAME ") + ")", columns, nil
}

// rejects reads what DuckDB noted of rows it could not read. Where bad rows are not wanted, the
// first one is the error.
func (r *rawRows) rejects(ctx context.Context, d dialect, groups []csvGroup, files []rawFile) ([]badRow, error) {
	rows, err := r.Conn.Strings(ctx, "SELECT s.file_path, e.line, e.line_byte_position, coalesce(e.column_name, ''), "+
		"e.error_type::VARCHAR, e.csv_line, e.error_message FROM reject_errors e JOIN reject_scans s USING (scan_id, file_id) "+
		"ORDER BY s.file_path, e.line_byte_position, e.column_idx LIMIT "+strconv.Itoa(8*r.Spec.MaxBad))
	if err == nil {
		rows, err = r.trulyLost(ctx, d, groups, rows)
	}
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	var bad []badRow
	for _, row := range rows {
		line, _ := strconv.ParseInt(row[1], 10, 64)
		at, _ := strconv.ParseInt(row[2], 10, 64)
		b := badRow{file: row[0], line: line, at: at - 1, column: row[3], reason: csvReason(row[3], row[4], row[6]), raw: row[5]}
		if n := len(bad); n > 0 && bad[n-1].file == b.file && bad[n-1].at == b.at {
			bad[n-1].also(b)
			continue
		}
		bad = append(bad, b)
	}
	if d.encoding == "" || strings.EqualFold(d.encoding, "utf-8") {
		if err := locate(files, bad); err != nil {
			return nil, err
		}
	}
	if r.Spec.Quarantine == "" {
		return nil, first(files, bad).err()
	}
	return bad, tooMany(bad, r.Spec.MaxBad)
}

// csvReason says in a few words what DuckDB found.
func csvReason(column, kind, message string) string {
	switch kind {
	case "CAST":
		if _, after, ok := strings.Cut(message, ". "); ok {
			message = after
		}
		return "column " + column + ": " + message
	case "MISSING COLUMNS", "TOO MANY COLUMNS":
		return "the number of values is wrong: " + lowerFirst(message)
	case "INVALID ENCODING":
		return "the text is not valid UTF-8"
	case "UNQUOTED VALUE":
		return "a quote is not closed"
	}
	return strings.ToLower(kind) + ": " + strings.Join(strings.Fields(message), " ")
}

func lowerFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToLower(s[:1]) + s[1:]
}
