package raw

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/engine/duck/tablefile"
	"github.com/petalake/petalake/internal/duckdb"
)

// dialect is how a CSV file is written, with nothing left open.
type dialect struct {
	delimiter, quote, escape    string
	skip                        int // lines before the header
	header                      bool
	dateFormat, timestampFormat string
	null                        []string
	encoding                    string
}

// options are the settings of read_csv that the user fixed, for the sniffer.
func (c CSV) options() string {
	var b strings.Builder
	text := func(name, value string) { b.WriteString(", " + name + "=" + duckdb.Quote(value)) }
	if c.Delimiter != "" {
		text("delim", c.Delimiter)
	}
	if c.Header != nil {
		b.WriteString(", header=" + strconv.FormatBool(*c.Header))
	}
	if c.Quote != nil {
		text("quote", *c.Quote)
	}
	if c.Escape != nil {
		text("escape", *c.Escape)
	}
	if c.DateFormat != "" {
		text("dateformat", c.DateFormat)
	}
	if c.TimestampFormat != "" {
		text("timestampformat", c.TimestampFormat)
	}
	if c.Encoding != "" {
		text("encoding", c.Encoding)
	}
	if len(c.Null) > 0 {
		b.WriteString(", nullstr=" + textList(c.Null))
	}
	return b.String()
}

func textList(items []string) string {
	quoted := make([]string, len(items))
	for i, s := range items {
		quoted[i] = duckdb.Quote(s)
	}
	return "[" + strings.Join(quoted, ",") + "]"
}

// sniff finds the dialect from the first file that is not empty. Few rows tell it, but for the order
// of days and months in dates of other forms than ISO's, which shows when a day is over 12.
func (c CSV) sniff(ctx context.Context, conn *duckdb.Conn, files []rawFile) (dialect, error) {
	d := dialect{delimiter: ",", quote: `"`, escape: `"`, header: true, null: c.Null, encoding: c.Encoding}
	at := slices.IndexFunc(files, func(f rawFile) bool { return f.size > 0 })
	if at >= 0 {
		found, err := c.sniffed(ctx, conn, files[at:at+1], 20_480)
		if err == nil && unlessISO(found[5], "")+unlessISO(found[6], "") != "" {
			found, err = c.sniffed(ctx, conn, files[at:at+1], 100_000)
		}
		if err != nil {
			return d, fileFault(files, err)
		}
		d.delimiter = orDefault(found[0], ",")
		d.quote = orDefault(found[1], `"`)
		d.escape = orDefault(found[2], d.quote)
		d.skip, _ = strconv.Atoi(found[3])
		d.header = found[4] == "true"
		d.dateFormat, d.timestampFormat = unlessISO(found[5], c.DateFormat), unlessISO(found[6], c.TimestampFormat)
	}
	if c.Delimiter != "" {
		d.delimiter = c.Delimiter
	}
	if c.Quote != nil {
		d.quote = *c.Quote
		if d.quote == "" {
			d.escape = ""
		}
	}
	if c.Escape != nil {
		d.escape = *c.Escape
	}
	if c.Header != nil {
		d.header = *c.Header
	}
	return d, nil
}

// sniffed is what DuckDB finds in the first rows of a file.
func (c CSV) sniffed(ctx context.Context, conn *duckdb.Conn, file []rawFile, rows int) ([]string, error) {
	list := literal(file)
	found, err := conn.Strings(ctx, "SELECT Delimiter, Quote, Escape, SkipRows::VARCHAR, HasHeader::VARCHAR, DateFormat, TimestampFormat "+
		"FROM sniff_csv("+list[1:len(list)-1]+c.options()+", comment='', ignore_errors=true, sample_size="+strconv.Itoa(rows)+packed(file)+")")
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// unlessISO leaves out a format that was detected and that a cast reads anyway: given a format, DuckDB
// takes several times as long for each value.
func unlessISO(found, said string) string {
	switch found {
	case "%Y-%m-%d", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%fZ":
		return said
	}
	return found
}

// orDefault reads what the sniffer shows for a sign; that the sample has none says nothing.
func orDefault(shown, otherwise string) string {
	switch shown {
	case "(empty)", "", `\0`:
		return otherwise
	case `\t`:
		return "\t"
	}
	return shown
}

// reader is the SQL that reads files of one header and compression, with the types given.
func (d dialect) reader(files []rawFile, names, types []string, more string) string {
	return d.guess(files, ", auto_detect=false, columns="+structLiteral(names, types)+more)
}

// guess is the SQL that reads files, with more settings to say what their columns are.
func (d dialect) guess(files []rawFile, more string) string {
	var b strings.Builder
	b.WriteString("read_csv(" + literal(files))
	b.WriteString(", delim=" + duckdb.Quote(d.delimiter) + ", quote=" + duckdb.Quote(d.quote) +
		", escape=" + duckdb.Quote(d.escape) + ", comment='', skip=" + strconv.Itoa(d.skip) +
		", header=" + strconv.FormatBool(d.header) + ", hive_partitioning=false" + packed(files))
	if d.dateFormat != "" {
		b.WriteString(", dateformat=" + duckdb.Quote(d.dateFormat))
	}
	if d.timestampFormat != "" {
		b.WriteString(", timestampformat=" + duckdb.Quote(d.timestampFormat))
	}
	if len(d.null) > 0 {
		b.WriteString(", nullstr=" + textList(d.null))
	}
	if d.encoding != "" {
		b.WriteString(", encoding=" + duckdb.Quote(d.encoding))
	}
	return b.String() + more + ")"
}

// csvGroup is files that one read_csv reads: its columns are taken by position.
type csvGroup struct {
	files []rawFile
	names []string
}

// groups reads the header of each file. Files may have their columns in different orders.
func (d dialect) groups(files []rawFile, without []string) ([]csvGroup, error) {
	var groups []csvGroup
	for _, f := range files {
		names := without
		if d.header {
			var err error
			if names, err = d.names(f); err != nil {
				return nil, err
			}
			if names == nil {
				continue // an empty file
			}
		}
		i := slices.IndexFunc(groups, func(g csvGroup) bool {
			return g.files[0].packing == f.packing && slices.Equal(g.names, names)
		})
		if i < 0 {
			groups = append(groups, csvGroup{names: names})
			i = len(groups) - 1
		}
		groups[i].files = append(groups[i].files, f)
	}
	return groups, nil
}

// names reads a file's header; an empty file has none.
func (d dialect) names(f rawFile) ([]string, error) {
	names, err := d.firstRecord(f)
	if err != nil || names == nil {
		return nil, err
	}
	var s schema.Struct
	for i, name := range names {
		if name = strings.TrimSpace(name); name == "" {
			name = fmt.Sprintf("column%d", i)
		}
		if s.Index(name) >= 0 {
			return nil, &tablefile.SchemaError{Column: name, File: f.path, Reason: "the name occurs twice in the header"}
		}
		names[i] = name
		s.Fields = append(s.Fields, schema.Field{Name: name})
	}
	return names, nil
}

// maxHeader is how many bytes of a file are searched for its header.
const maxHeader = 1 << 20

func (d dialect) firstRecord(f rawFile) ([]string, error) {
	r, err := unpack(f.path, f.packing)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	head, err := io.ReadAll(io.LimitReader(bufio.NewReader(r), maxHeader))
	if err != nil {
		return nil, &FileError{f.path, fmt.Errorf("%w: %w", errTruncated, err)}
	}
	text := decode(head, d.encoding)
	for range d.skip {
		text = afterLine(text)
	}
	if strings.Trim(text, "\r\n") == "" {
		return nil, nil
	}
	return splitRecord(text, d.delimiter, d.quote, d.escape), nil
}

// afterLine is what follows the first line of a text, which may end in \n, \r\n or \r.
func afterLine(text string) string {
	end := strings.IndexAny(text, "\r\n")
	if end < 0 {
		return ""
	}
	if strings.HasPrefix(text[end:], "\r\n") {
		end++
	}
	return text[end+1:]
}

// decode reads text of the encodings that read_csv knows.
func decode(b []byte, encoding string) string {
	switch strings.ToLower(encoding) {
	case "latin-1", "latin1", "iso-8859-1":
		runes := make([]rune, len(b))
		for i, c := range b {
			runes[i] = rune(c)
		}
		return string(runes)
	case "utf-16", "utf16":
		units := make([]uint16, len(b)/2)
		for i := range units {
			units[i] = uint16(b[2*i]) | uint16(b[2*i+1])<<8
		}
		return strings.TrimPrefix(string(utf16.Decode(units)), "\ufeff")
	}
	return strings.TrimPrefix(string(b), "\ufeff")
}

// splitRecord takes the first record of a CSV text apart.
func splitRecord(text, delimiter, quote, escape string) []string {
	var fields []string
	for {
		field, rest, more := splitField(text, delimiter, quote, escape)
		fields = append(fields, field)
		if !more {
			return fields
		}
		text = rest
	}
}

// splitField reads up to the next delimiter (more is true) or the end of the record.
func splitField(text, delimiter, quote, escape string) (field, rest string, more bool) {
	var b strings.Builder
	inside := false
	for text != "" {
		switch {
		case inside && escape != "" && escape != quote && strings.HasPrefix(text, escape) && len(text) > len(escape):
			text = text[len(escape):]
			b.WriteByte(text[0])
			text = text[1:]
		case inside && escape == quote && strings.HasPrefix(text, quote+quote):
			b.WriteString(quote)
			text = text[2*len(quote):]
		case quote != "" && strings.HasPrefix(text, quote) && (inside || b.Len() == 0):
			inside = !inside
			text = text[len(quote):]
		case !inside && delimiter != "" && strings.HasPrefix(text, delimiter):
			return b.String(), text[len(delimiter):], true
		case !inside && (text[0] == '\n' || text[0] == '\r'):
			return b.String(), "", false
		default:
			b.WriteByte(text[0])
			text = text[1:]
		}
	}
	return b.String(), "", false
}
