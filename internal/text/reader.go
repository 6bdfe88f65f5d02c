package text

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/petalake/petalake/delta/schema"
)

// Source says which files are read, and how they are written.
type Source struct {
	Files []File
	Open  func(path string) (io.ReadCloser, error) // a file's text in UTF-8, unpacked
	JSON  bool
	CSV   Dialect

	Fields  []schema.Field  // the columns that the rows are read as
	Keys    []string        // of JSON: the names of the fields in the records; nil: their own
	Ignore  bool            // of JSON: what has no column is passed over
	Forms   map[string]Form // of single columns, by name
	Options Options
	Foreign bool // the files were not written in UTF-8: a sign that the encoding has not is U+FFFD
	Origin  Origin
	Pad     bool // of CSV: values that are missing at the end of a record are none
	MaxRow  int  // bytes of a record; 0 is 64 MiB
	All     bool // bad rows do not end the reading
	Places  bool // Rows.Places are kept
	// Rescue is the name of a column of strings that takes the values which do not fit, or have no column; "" where such rows are bad.
	Rescue string
	Most   int // bad rows that are kept, where All; more end the reading

	block int // bytes that are read at once; 0 is blockSize
}

// File is one file of a Source.
type File struct {
	Path    string
	Columns []int    // of CSV: for each value of a record the number of its field, -1 for none
	Names   []string // of CSV: of the values, where some are rescued
	Skip    int      // of CSV: lines before the first record
	Header  bool     // of CSV: the first record is none
}

// Fault is a record that cannot be read.
type Fault struct {
	File   string
	Line   int64 // from 1, where the record begins
	Column string
	Reason string
	Raw    string // its text, or the beginning of it
	// Unknown is the path of a field that the record has and the columns have not.
	Unknown string

	block int
}

const (
	blockSize  = 1 << 20
	defaultRow = 64 << 20
)

// LongestRaw is how many bytes of its text a Fault has at most.
const LongestRaw = 1 << 20

// Reader cuts the text of files into blocks of whole records, which Threads read.
type Reader struct {
	source Source

	mu      sync.Mutex
	files   []File // that are not read whole
	open    io.ReadCloser
	file    *input
	blocks  int   // handed out
	failed  error // of a file as a whole
	faults  []Fault
	rescued atomic.Int64 // rows that something was rescued of
	stop    atomic.Int64 // the block behind which nothing is read: one before it has a fault that ends the reading
}

// input is a file that is being read.
type input struct {
	File
	text  []byte // that was not handed out yet
	ended bool   // text has the last byte
	begun bool
	line  int64
	ends  lineEnd
	form  jsonForm
}

// block is some records of a file.
type block struct {
	file   *input
	number int
	line   int64 // of the first one
	text   []byte
	last   bool   // of the file
	fault  string // instead of records: what is wrong with the text
}

// NewReader prepares to read the files, one after the other.
func NewReader(s Source) *Reader {
	if s.MaxRow <= 0 {
		s.MaxRow = defaultRow
	}
	if s.block <= 0 {
		s.block = blockSize
	}
	s.CSV.prepare()
	r := &Reader{source: s, files: s.Files}
	r.stop.Store(math.MaxInt64)
	return r
}

// Close closes the file that is open. No thread may be at work.
func (r *Reader) Close() {
	if r.open != nil {
		r.open.Close()
		r.open = nil
	}
}

// Faults are the records that could not be read, in the order of files and lines, and the error of a file that
// could not.
func (r *Reader) Faults() ([]Fault, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	sortFaults(r.faults)
	return r.faults, r.failed
}

// Rescued is how many rows had values that were rescued.
func (r *Reader) Rescued() int64 { return r.rescued.Load() }

// next hands out a block; io.EOF is behind the last one.
func (r *Reader) next() (*block, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.failed == nil && r.stop.Load() == math.MaxInt64 {
		if r.file == nil {
			if len(r.files) == 0 {
				return nil, io.EOF
			}
			if r.open, r.failed = r.source.Open(r.files[0].Path); r.failed != nil {
				r.open = nil
				break
			}
			r.file, r.files = &input{File: r.files[0], line: 1}, r.files[1:]
		}
		b, err := r.cut(r.file)
		if err != nil {
			r.failed = err
			break
		}
		if b != nil {
			b.number = r.blocks
			r.blocks++
			return b, nil
		}
		r.Close()
		r.file = nil
	}
	return nil, io.EOF
}

// more reads on, and says whether there was something.
func (r *Reader) more(f *input, n int) error {
	if f.ended {
		return nil
	}
	have := len(f.text)
	text := make([]byte, have+n)
	copy(text, f.text)
	f.text = text[:have]
	for len(f.text) < len(text) {
		got, err := r.open.Read(text[len(f.text):])
		f.text = text[:len(f.text)+got]
		if err == io.EOF {
			f.ended = true
			return nil
		} else if err != nil {
			return &FileError{f.Path, err}
		}
	}
	return nil
}

// FileError is a file that cannot be read to its end.
type FileError struct {
	Path string
	Err  error
}

func (e *FileError) Error() string { return fmt.Sprintf("%s: %v", e.Path, e.Err) }
func (e *FileError) Unwrap() error { return e.Err }

// cut takes the next records from the text of a file; nil at its end.
func (r *Reader) cut(f *input) (*block, error) {
	if err := r.more(f, r.source.block); err != nil {
		return nil, err
	}
	if !f.begun {
		if err := r.begin(f); err != nil {
			return nil, err
		}
	}
	for {
		if len(f.text) == 0 && f.ended {
			return nil, nil
		}
		end, fault := 0, ""
		if len(f.text) > 0 {
			end = r.boundary(f)
		}
		if end == 0 && !f.ended && len(f.text) < r.source.MaxRow {
			if err := r.more(f, max(len(f.text), r.source.block)); err != nil {
				return nil, err
			}
			continue
		}
		if end == 0 { // too long: the next line may be a record again
			fault = fmt.Sprintf("the record is longer than %d MB", r.source.MaxRow>>20)
			end = lineLength(f.text)
		}
		b := &block{file: f, line: f.line, text: f.text[:end:end], fault: fault, last: f.ended && end == len(f.text)}
		f.line += lines(b.text)
		f.text = f.text[end:]
		return b, nil
	}
}

// boundary is how much of the text is whole records, as many as there are; 0 where the first one goes on.
func (r *Reader) boundary(f *input) (end int) {
	if r.source.JSON {
		return f.form.boundary(f.text, f.ended)
	}
	d := &r.source.CSV
	if d.Quote == 0 || bytes.IndexByte(f.text, d.Quote) < 0 {
		switch {
		case f.ended:
			return len(f.text)
		case f.ends == returns:
			at := bytes.LastIndexByte(f.text[:len(f.text)-1], '\r') + 1
			if at > 0 && f.text[at] == '\n' {
				at++
			}
			return at
		}
		return bytes.LastIndexByte(f.text, '\n') + 1
	}
	for end < len(f.text) {
		next, how := r.recordEnd(f, end)
		if how == goesOn {
			break
		}
		end = next
	}
	return end
}

// begin passes over what stands before the first record.
func (r *Reader) begin(f *input) error {
	f.begun = true
	if err := r.firstLine(f); err != nil {
		return err
	}
	f.text = bytes.TrimPrefix(f.text, []byte("\ufeff"))
	if r.source.JSON {
		for !f.ended && leading(f.text) == len(f.text) {
			if err := r.more(f, r.source.block); err != nil {
				return err
			}
		}
		f.take(leading(f.text))
		if err := r.firstLine(f); err != nil {
			return err
		}
		if f.form = formOf(f.text); f.form == listOfJSON {
			f.take(1)
		}
		return nil
	}
	for found := false; !found; {
		if f.ends, found = r.source.CSV.endsOf(f.text); found || f.ended || len(f.text) >= r.source.MaxRow {
			break
		}
		if err := r.more(f, max(len(f.text), r.source.block)); err != nil {
			return err
		}
	}
	for range f.Skip {
		f.take(lineLength(f.text))
		if err := r.firstLine(f); err != nil {
			return err
		}
	}
	for f.Header {
		if err := r.firstLine(f); err != nil || len(f.text) == 0 {
			return err
		}
		text, err := r.firstRecord(f)
		if err != nil || !r.passed(text) {
			return err
		}
	}
	return nil
}

// firstLine reads on until the text has a whole line, and what may belong to its end.
func (r *Reader) firstLine(f *input) error {
	for !f.ended && len(f.text) < r.source.MaxRow {
		if at := bytes.IndexAny(f.text, "\r\n"); at >= 0 && at+2 < len(f.text) {
			return nil
		}
		if err := r.more(f, max(len(f.text), r.source.block)); err != nil {
			return err
		}
	}
	return nil
}

// firstRecord takes the first record of CSV from the text.
func (r *Reader) firstRecord(f *input) ([]byte, error) {
	for {
		next, how := r.recordEnd(f, 0)
		if how != goesOn || len(f.text) >= r.source.MaxRow {
			text := f.text[:next]
			f.take(next)
			return text, nil
		}
		if err := r.more(f, max(len(f.text), r.source.block)); err != nil {
			return nil, err
		}
	}
}

// recordEnd finds where the record or the comment ends that begins at a byte of the text.
func (r *Reader) recordEnd(f *input, at int) (end int, how outcome) {
	d := &r.source.CSV
	if d.Comment == 0 || f.text[at] != d.Comment {
		return d.record(f.text, at, f.ends, f.ended, nil)
	}
	end = at + lineLength(f.text[at:])
	if end >= len(f.text)-1 && !f.ended { // the line may go on, or have another byte at its end
		return 0, goesOn
	}
	return end, whole
}

// passed says whether a line is no record: it is empty, or a comment.
func (r *Reader) passed(text []byte) bool {
	return len(bytes.Trim(text, "\r\n")) == 0 || r.source.CSV.Comment != 0 && text[0] == r.source.CSV.Comment
}

func (f *input) take(n int) {
	f.line += lines(f.text[:n])
	f.text = f.text[n:]
}

// lineLength is how long the first line of a text is, with its end.
func lineLength(text []byte) int {
	at := bytes.IndexAny(text, "\r\n")
	switch {
	case at < 0:
		return len(text)
	case text[at] == '\r' && at+1 < len(text) && text[at+1] == '\n':
		return at + 2
	}
	return at + 1
}

// lines counts the line ends of a text, as people do: \n, \r\n and \r are one each.
func lines(text []byte) int64 {
	n := bytes.Count(text, []byte{'\n'})
	if returns := bytes.Count(text, []byte{'\r'}); returns > 0 {
		n += returns - bytes.Count(text, []byte("\r\n"))
	}
	return int64(n)
}

// report keeps a fault. Where bad rows are not wanted the first one ends the reading: blocks before it are still read,
// since they may have one that comes before it.
func (r *Reader) report(b *block, at int, m *Misfit, raw []byte) {
	f := Fault{
		File: b.file.Path, Line: b.line + lines(b.text[:at]), Column: m.Column, Reason: m.Reason, Unknown: m.Unknown,
		Raw: trimmed(raw), block: b.number,
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.faults = append(r.faults, f); !r.source.All || len(r.faults) > r.source.Most {
		r.stop.Store(min(r.stop.Load(), int64(b.number)))
	}
}

// isText says whether bytes are text in the encoding of the files.
func (s *Source) isText(text []byte) bool {
	return utf8.Valid(text) && (!s.Foreign || !bytes.Contains(text, []byte(string(utf8.RuneError))))
}

func (s *Source) noText() string {
	if s.Foreign {
		return "the text has bytes that its encoding has no signs for"
	}
	return "the text is not valid UTF-8"
}

// trimmed is the text of a record in a message or a quarantine.
func trimmed(raw []byte) string {
	raw = bytes.Trim(raw, "\r\n")
	return string(bytes.ToValidUTF8(raw[:min(len(raw), LongestRaw)], []byte(string(utf8.RuneError))))
}

// ended says whether a block is behind a fault that ends the reading.
func (r *Reader) ended(b *block) bool { return int64(b.number) > r.stop.Load() }

// Rows reads the records of blocks into columns. It is for one goroutine at a time.
type Rows struct {
	Columns []*Column
	Places  []Place // of the rows, where the Source wants them

	reader     *Reader
	arena      arena
	block      *block
	at         int
	line       int64 // of the byte of the block at counted
	counted    int
	invalid    bool // the block is not all UTF-8
	cells      []cell
	scratch    []byte
	pointed    []byte
	json       scanner
	names      *schema.Names
	taken      []bool // columns that the record at hand has
	rescue     rescue
	file, time *Column // of Origin
}

// Rows adds a thread.
func (r *Reader) Rows() (*Rows, error) {
	t := &Rows{reader: r, taken: make([]bool, len(r.source.Fields)), names: (&schema.Struct{Fields: r.source.Fields}).Names()}
	if r.source.Keys != nil {
		t.names = (&schema.Struct{}).Names()
		for _, key := range r.source.Keys {
			t.names.Add(key)
		}
	}
	for i, f := range r.source.Fields {
		c, err := newColumn(f, &r.source.Options, r.source.Forms[f.Name], &t.arena)
		if err != nil {
			return nil, err
		}
		if r.source.Keys != nil {
			c.named(r.source.Keys[i])
		}
		t.Columns = append(t.Columns, c)
		t.origin(c)
		if f.Name == r.source.Rescue && r.source.Rescue != "" {
			t.rescue.column, t.rescue.count = c, &r.rescued
		}
	}
	t.rescue.ignore = r.source.Ignore
	return t, nil
}

// Fill reads the next rows, at most so many, and returns how many: 0 at the end. The rows of the call before are
// no longer good.
func (t *Rows) Fill(ctx context.Context, most int) (rows int, err error) {
	for _, c := range t.Columns {
		c.cut(0)
	}
	t.arena.reset()
	t.Places = t.Places[:0]
	for rows < most {
		if t.block == nil {
			if err := ctx.Err(); err != nil {
				return 0, err
			}
			if t.block, err = t.reader.next(); errors.Is(err, io.EOF) {
				return rows, nil
			} else if err != nil {
				return 0, err
			}
			t.counted, t.line = 0, t.block.line
			t.at, t.invalid = 0, !t.reader.source.isText(t.block.text)
			if t.block.fault != "" {
				t.reader.report(t.block, 0, &Misfit{Reason: t.block.fault}, t.block.text)
				t.at = len(t.block.text)
			}
		}
		if t.at >= len(t.block.text) || t.reader.ended(t.block) {
			t.block = nil
			continue
		}
		from := t.at
		m, passed := t.record()
		switch {
		case m != nil:
			for _, c := range t.Columns {
				c.cut(rows)
			}
			t.reader.report(t.block, from+t.before(from), m, t.block.text[from+t.before(from):t.at])
		case !passed:
			rows++
			if t.reader.source.Places {
				t.place(from + t.before(from))
			}
		}
	}
	return rows, nil
}

// leading is how many bytes of line ends and spaces stand before a record of JSON.
func leading(text []byte) int { return len(text) - len(bytes.TrimLeft(text, " \t\r\n")) }

func sortFaults(faults []Fault) {
	slices.SortFunc(faults, func(a, b Fault) int { return cmp.Or(cmp.Compare(a.block, b.block), cmp.Compare(a.Line, b.Line)) })
}
