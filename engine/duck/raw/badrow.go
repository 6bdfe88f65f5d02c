package raw

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"
)

// BadRowError says which row of a raw file cannot be read, and why.
type BadRowError struct {
	File   string
	Line   int64 // from 1; a row over several lines has its first
	Column string
	Reason string
	Raw    string // the row's text
	More   int64  // how many other bad rows are known
}

func (e *BadRowError) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Reason) }

// Hint says what to do.
func (e *BadRowError) Hint() string {
	return "correct the row, declare another type for the column, or set on_error: quarantine on the source"
}

// badRow is a row that cannot be read.
type badRow struct {
	file   string
	line   int64
	at     int64 // byte of the unpacked text where it begins, from 0
	column string
	reason string
	raw    string
}

func (b *badRow) also(other badRow) {
	if !strings.Contains(b.reason, other.reason) && !strings.HasPrefix(other.reason, "the number of values") {
		b.reason += "; " + other.reason
	}
}

func (b *badRow) err() error {
	return &BadRowError{File: b.file, Line: b.line, Column: b.column, Reason: b.reason, Raw: b.raw}
}

// first is the bad row that a person reading the files in order meets first.
func first(files []rawFile, bad []badRow) *badRow {
	order := make(map[string]int, len(files))
	for i, f := range files {
		order[f.path] = i
	}
	best := &bad[0]
	for i := range bad {
		b := &bad[i]
		if order[b.file] < order[best.file] || b.file == best.file && b.line < best.line {
			best = b
		}
	}
	return best
}

// tooMany stops a load whose files are of another kind than thought.
func tooMany(bad []badRow, limit int) error {
	if len(bad) <= limit {
		return nil
	}
	return fmt.Errorf("more than %d rows cannot be read, for instance: %w", limit, bad[0].err())
}

// locate finds line and text of bad rows from the byte they begin at: DuckDB counts rows where
// people count lines, and shows bytes that are not UTF-8 as question marks.
func locate(files []rawFile, bad []badRow) error {
	for _, f := range files {
		from, _ := slices.BinarySearchFunc(bad, f.path, func(b badRow, p string) int { return strings.Compare(b.file, p) })
		n := sort.Search(len(bad)-from, func(i int) bool { return bad[from+i].file > f.path })
		if n == 0 {
			continue
		}
		r, err := unpack(f.path, f.packing)
		if err != nil {
			return err
		}
		err = locateIn(r, bad[from:from+n])
		r.Close()
		if err != nil {
			return &FileError{f.path, err}
		}
	}
	return nil
}

// locateIn walks through a text once; the rows are in its order.
func locateIn(r io.Reader, bad []badRow) error {
	in := bufio.NewReaderSize(r, 1<<20)
	var at, line int64 = 0, 1
	if head, _ := in.Peek(3); string(head) == "\ufeff" {
		in.Discard(3) // DuckDB counts from behind the byte order mark
	}
	var last byte
	for i := range bad {
		b := &bad[i]
		for at < b.at {
			chunk, err := in.Peek(int(min(b.at-at, 1<<20)))
			if len(chunk) == 0 {
				return fmt.Errorf("the file became shorter while it was read: %w", err)
			}
			for _, c := range chunk {
				if c == '\n' && last != '\r' || c == '\r' {
					line++
				}
				last = c
			}
			in.Discard(len(chunk))
			at += int64(len(chunk))
		}
		b.line = line
		if text, _ := in.Peek(min(len(b.raw), 1<<20)); len(text) == len(b.raw) && strings.ContainsRune(b.raw, '?') {
			b.raw = strings.ToValidUTF8(string(text), string(utf8.RuneError))
		}
		b.raw = strings.Trim(b.raw, "\r\n")
	}
	return nil
}
