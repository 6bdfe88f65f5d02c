package raw

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/petalake/petalake/engine/duck/tablefile"
	"github.com/petalake/petalake/internal/duckdb"
)

// maxJSONLine is the longest line that DuckDB reads as an object.
const maxJSONLine = 16 << 20

// splitter sorts lines of JSON into those DuckDB can read and those it cannot. DuckDB's own error
// names a line inexactly and ends at the first one; so lines are tried in blocks. The faults of a block
// that fails are looked for in all its lines at once, so that many bad lines cost little more than few.
type splitter struct {
	*rawRows
	columns string
	trial   string // path of the file that is tried
	good    *os.File
	size    int64
	bad     []badRow
	block   []jsonLine
	bytes   int
	lines   int64 // read so far
}

type jsonLine struct {
	file string
	line int64
	nth  int64 // line of all files
	text []byte
}

// splitJSON writes the good lines of all files into one file. Where bad rows are not wanted it
// ends with the first one.
func (r *rawRows) splitJSON(ctx context.Context, files []rawFile, columns string) (rawFile, []badRow, error) {
	good, err := os.Create(filepath.Join(r.Dir, "good.jsonl"))
	if err != nil {
		return rawFile{}, nil, err
	}
	defer good.Close()
	s := &splitter{rawRows: r, columns: columns, trial: filepath.Join(r.Dir, "trial.jsonl"), good: good}
	for _, f := range files {
		if err := s.read(ctx, f); err != nil {
			return rawFile{}, nil, err
		}
	}
	if err := s.flush(ctx); err != nil {
		return rawFile{}, nil, err
	}
	return rawFile{path: good.Name(), size: s.size, packing: plain}, s.bad, good.Close()
}

func (s *splitter) read(ctx context.Context, f rawFile) error {
	r, err := unpack(f.path, f.packing)
	if err != nil {
		return err
	}
	defer r.Close()
	in := bufio.NewReaderSize(r, 1<<20)
	if head, _ := in.Peek(3); string(head) == "\ufeff" {
		in.Discard(3)
	}
	for line := int64(1); ; line++ {
		text, err := in.ReadBytes('\n')
		if err != nil && err != io.EOF {
			return &FileError{f.path, fmt.Errorf("%w: %w", errTruncated, err)}
		}
		s.lines++
		if trimmed := bytes.TrimSpace(text); len(trimmed) > 0 {
			if err := s.line(ctx, jsonLine{f.path, line, s.lines, trimmed}); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
	}
}

// line takes a line into the block.
func (s *splitter) line(ctx context.Context, l jsonLine) error {
	s.block = append(s.block, l)
	s.bytes += len(l.text)
	if len(s.block) < 4096 && s.bytes < 8<<20 {
		return nil
	}
	return s.flush(ctx)
}

// flush sorts the lines of the block, and writes the good ones.
func (s *splitter) flush(ctx context.Context) error {
	block := s.block
	s.block, s.bytes = nil, 0
	before := len(s.bad)
	block, err := s.malformed(ctx, block)
	if err != nil {
		return err
	}
	if err := s.sort(ctx, block, s.misfits); err != nil {
		return err
	}
	bad := s.bad[before:]
	slices.SortFunc(bad, func(a, b badRow) int { return cmp.Compare(a.at, b.at) })
	if s.Spec.Quarantine == "" && len(bad) > 0 {
		return bad[0].err()
	}
	return tooMany(s.bad, s.Spec.MaxBad)
}

// sieve rejects lines, and returns the rest.
type sieve func(context.Context, []jsonLine) ([]jsonLine, error)

// sort writes lines that can be read together. Of others, the sieve first takes those out whose
// fault it can tell for all at once; what is left is halved until a bad line is alone.
func (s *splitter) sort(ctx context.Context, lines []jsonLine, sieve sieve) error {
	if len(lines) == 0 {
		return nil
	}
	var text bytes.Buffer
	for _, l := range lines {
		text.Write(l.text)
		text.WriteByte('\n')
	}
	err := s.try(ctx, text.Bytes(), s.columns)
	switch {
	case err == nil:
		n, err := s.good.Write(text.Bytes())
		s.size += int64(n)
		return err
	case !aboutRows(err):
		return err
	case len(lines) == 1:
		column := ""
		if s.Spec.Quarantine == "" {
			column = s.culprit(ctx, lines[0])
		}
		s.reject(lines[0], column, jsonReason(err))
		return nil
	case sieve != nil:
		rest, err := sieve(ctx, lines)
		if err != nil {
			return err
		}
		return s.sort(ctx, rest, nil)
	}
	half := len(lines) / 2
	if err := s.sort(ctx, lines[:half], nil); err != nil {
		return err
	}
	return s.sort(ctx, lines[half:], nil)
}

// try reads lines with all columns.
func (s *splitter) try(ctx context.Context, text []byte, columns string) error {
	if err := os.WriteFile(s.trial, text, 0o600); err != nil {
		return err
	}
	from := s.raw.reader([]rawFile{{path: s.trial, packing: plain}}, columns)
	_, err := s.Conn.Exec(ctx, "SELECT count(COLUMNS(*)) FROM "+from)
	return err
}

func (s *splitter) reject(l jsonLine, column, reason string) {
	if column != "" {
		reason = "column " + column + ": " + reason
	}
	raw := strings.ToValidUTF8(string(l.text[:min(len(l.text), 1<<20)]), "\ufffd")
	s.bad = append(s.bad, badRow{file: l.file, line: l.line, at: l.nth, column: column, reason: reason, raw: raw})
}

// culprit finds the column that makes a line of valid JSON unreadable.
func (s *splitter) culprit(ctx context.Context, l jsonLine) string {
	if !json.Valid(l.text) {
		return ""
	}
	for _, f := range s.declared() {
		t, err := tablefile.QueryType(f.Type)
		if err != nil {
			return ""
		}
		if s.try(ctx, l.text, structLiteral([]string{f.Name}, []string{t})) != nil {
			return f.Name
		}
	}
	return ""
}

// jsonReason leaves the trial's file out of DuckDB's message.
func jsonReason(err error) string {
	var e *duckdb.Error
	if !errors.As(err, &e) {
		return err.Error()
	}
	msg := strings.Join(strings.Fields(e.Message), " ")
	if head, rest, ok := strings.Cut(msg, " in file "); ok {
		if _, after, ok := strings.Cut(rest, ": "); ok {
			msg = strings.TrimSuffix(head, ",") + ": " + after
		}
	}
	msg, _, _ = strings.Cut(msg, " Try increasing")
	return lowerFirst(strings.TrimSpace(msg))
}
