package raw

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/engine/duck/tablefile"
	"github.com/petalake/petalake/internal/duckdb"
	"github.com/petalake/petalake/internal/text"
)

// dialect is how a CSV file is written, with nothing left open.
type dialect struct {
	delimiter, quote, escape, comment string
	skip                              int // lines before the header
	header                            bool
	encoding                          string
	pick                              Pick
	fileColumn, timeColumn            string
	columns                           []string // their names, where there is no header and somebody said them
}

// options are the settings of sniff_csv that the user fixed.
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
	text("comment", c.Comment)
	if c.Skip != nil {
		b.WriteString(", skip=" + strconv.Itoa(*c.Skip))
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

// sniff finds the dialect from the first rows of the first file that is not empty. Dir is where a sample of it may be
// written.
func (c CSV) sniff(ctx context.Context, conn *duckdb.Conn, files []rawFile, dir string) (dialect, error) {
	d := dialect{delimiter: ",", quote: `"`, escape: `"`, header: true, encoding: c.Encoding, comment: c.Comment}
	said := c.Delimiter != "" && c.Quote != nil && c.Escape != nil && c.Header != nil && c.Skip != nil
	if at := slices.IndexFunc(files, func(f rawFile) bool { return f.size > 0 }); at >= 0 && !said {
		found, err := c.sniffed(ctx, conn, files[at], dir)
		if err != nil {
			return d, err
		}
		d.delimiter = orDefault(found[0], ",")
		d.quote = orDefault(found[1], `"`)
		d.escape = orDefault(found[2], d.quote)
		d.skip, _ = strconv.Atoi(found[3])
		d.header = found[4] == "true"
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
	if c.Skip != nil {
		d.skip = *c.Skip
	}
	return d, nil
}

// sniffed is what DuckDB finds in the first rows of a file: of a sample where the file is in another encoding than UTF-8.
func (c CSV) sniffed(ctx context.Context, conn *duckdb.Conn, f rawFile, dir string) ([]string, error) {
	head, foreign, err := f.head(c.Encoding)
	if err != nil {
		return nil, err
	}
	if bytes.IndexByte(head, 0) >= 0 {
		return nil, noText(f)
	}
	if !foreign {
		found, err := c.sniffedBy(ctx, conn, f)
		if err == nil || ctx.Err() != nil {
			return found, err
		}
	}
	// In a sample all lines end in one way, which DuckDB wants, and no line is longer than it takes.
	sample := rawFile{path: filepath.Join(dir, "sample.csv"), packing: plain}
	lines := bytes.ReplaceAll(bytes.ReplaceAll(head, []byte("\r\n"), []byte("\n")), []byte("\r"), []byte("\n"))
	if at := bytes.LastIndexByte(lines, '\n'); at > 0 {
		lines = lines[:at+1]
	}
	if err := os.WriteFile(sample.path, lines, 0o600); err != nil {
		return nil, err
	}
	defer os.Remove(sample.path)
	found, err := c.sniffedBy(ctx, conn, sample)
	return found, unsniffed(f, head, err)
}

// sniffedBy asks DuckDB.
func (c CSV) sniffedBy(ctx context.Context, conn *duckdb.Conn, of rawFile) ([]string, error) {
	list := literal([]rawFile{of})
	found, err := conn.Strings(ctx, "SELECT Delimiter, Quote, Escape, SkipRows::VARCHAR, HasHeader::VARCHAR "+
		"FROM sniff_csv("+list[1:len(list)-1]+c.options()+", ignore_errors=true, sample_size=20480"+packed([]rawFile{of})+")")
	if err != nil {
		return nil, err
	}
	return found[0], nil
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

// names reads a file's header; an empty file has none.
func (d dialect) names(f rawFile) ([]string, error) {
	names, err := d.firstRecord(f)
	if err != nil || names == nil {
		return nil, err
	}
	known := (&schema.Struct{}).Names()
	for i, name := range names {
		if name = strings.TrimSpace(name); name == "" {
			name = fmt.Sprintf("column%d", i)
		}
		if known.Index(name) >= 0 {
			return nil, &tablefile.SchemaError{Column: name, File: f.path, Reason: "the name occurs twice in the header"}
		}
		names[i] = name
		known.Add(name)
	}
	return names, nil
}

// maxHead is how many bytes of a file are searched for its header, and for its dialect where DuckDB cannot read it.
const maxHead = 1 << 20

// head is the beginning of a file's text, in UTF-8; foreign says that the file has another encoding.
func (f rawFile) head(encoding string) (text []byte, foreign bool, err error) {
	e, err := decoder(encoding)
	if err != nil {
		return nil, false, err
	}
	r, err := unpack(f.path, f.packing)
	if err != nil {
		return nil, false, err
	}
	in, err := decoded(r, e)
	if err != nil {
		return nil, false, &FileError{f.path, fmt.Errorf("%w: %w", ErrIncomplete, err)}
	}
	defer in.Close()
	_, isPlain := in.(unpacked).Reader.(*bufio.Reader)
	text, err = io.ReadAll(io.LimitReader(in, maxHead))
	if err != nil {
		return nil, false, &FileError{f.path, fmt.Errorf("%w: %w", ErrIncomplete, err)}
	}
	return bytes.TrimPrefix(text, []byte("\ufeff")), !isPlain, nil
}

// firstRecord is the first record of a file; nil where it has none.
func (d dialect) firstRecord(f rawFile) ([]string, error) {
	head, _, err := f.head(d.encoding)
	if err != nil {
		return nil, err
	}
	rest := string(head)
	for range d.skip {
		rest = afterLine(rest)
	}
	for d.comment != "" && strings.HasPrefix(rest, d.comment) || strings.HasPrefix(rest, "\n") || strings.HasPrefix(rest, "\r") {
		rest = afterLine(rest)
	}
	records := text.Dialect{Delimiter: d.delimiter, Quote: sign(d.quote), Escape: sign(d.escape)}.Records([]byte(rest), 1)
	if len(records) == 0 {
		return nil, nil
	}
	return records[0], nil
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
