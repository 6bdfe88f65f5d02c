package duck

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/petalake/petalake/internal/duckdb"
)

// maxJSONLine is the longest line that DuckDB reads as an object.
const maxJSONLine = 16 << 20

// splitter sorts lines of JSON into those DuckDB can read and those it cannot. DuckDB's own error
// names a line inexactly and ends at the first one; so lines are tried in blocks, and a block that
// fails is halved until the bad line is alone.
type splitter struct {
	*rawRows
	columns string
	trial   string // path of the file that is tried
	good    *os.File
	size    int64
	bad     []badRow
	block   []jsonLine
	bytes   int
}

type jsonLine struct {
	file string
	line int64
	text []byte
}

// splitJSON writes the good lines of all files into one file. Where bad rows are not wanted it
// ends with the first one.
func (r *rawRows) splitJSON(ctx context.Context, files []rawFile, columns string) (rawFile, []badRow, error) {
	good, err := os.Create(filepath.Join(r.dir, "good.jsonl"))
	if err != nil {
		return rawFile{}, nil, err
	}
	defer good.Close()
	s := &splitter{rawRows: r, columns: columns, trial: filepath.Join(r.dir, "trial.jsonl"), good: good}
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
		if trimmed := bytes.TrimSpace(text); len(trimmed) > 0 {
			if err := s.line(ctx, jsonLine{f.path, line, trimmed}); err != nil {
				return err
			}
		}
		if err == io.EOF {
			return nil
		}
	}
}

// line takes a line into the block. One that is no JSON object for sure need not spoil a block.
func (s *splitter) line(ctx context.Context, l jsonLine) error {
	switch {
	case len(l.text) >= maxJSONLine:
		return s.reject(ctx, l, "the line is longer than 16 MiB")
	case l.text[0] != '{':
		return s.reject(ctx, l, "the line is not a JSON object")
	case !json.Valid(l.text):
		if err := s.flush(ctx); err != nil {
			return err
		}
		return s.sort(ctx, []jsonLine{l})
	}
	s.block = append(s.block, l)
	s.bytes += len(l.text)
	if len(s.block) < 4096 && s.bytes < 8<<20 {
		return nil
	}
	return s.flush(ctx)
}

func (s *splitter) flush(ctx context.Context) error {
	block := s.block
	s.block, s.bytes = nil, 0
	return s.sort(ctx, block)
}

func (s *splitter) sort(ctx context.Context, lines []jsonLine) error {
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
		return s.reject(ctx, lines[0], jsonReason(err))
	}
	half := len(lines) / 2
	if err := s.sort(ctx, lines[:half]); err != nil {
		return err
	}
	return s.sort(ctx, lines[half:])
}

// try reads lines with all columns.
func (s *splitter) try(ctx context.Context, text []byte, columns string) error {
	if err := os.WriteFile(s.trial, text, 0o600); err != nil {
		return err
	}
	from := s.raw.reader([]rawFile{{path: s.trial, packing: plain}}, columns)
	_, err := s.conn.Exec(ctx, "SELECT count(COLUMNS(*)) FROM "+from)
	return err
}

func (s *splitter) reject(ctx context.Context, l jsonLine, reason string) error {
	raw := strings.ToValidUTF8(string(l.text[:min(len(l.text), 1<<20)]), "\ufffd")
	b := badRow{file: l.file, line: l.line, reason: reason, raw: raw}
	if s.job.Quarantine == "" {
		if err := s.flush(ctx); err != nil { // an earlier line may be bad too
			return err
		}
		if b.column = s.culprit(ctx, l); b.column != "" {
			b.reason = "column " + b.column + ": " + reason
		}
		return b.err()
	}
	s.bad = append(s.bad, b)
	return tooMany(s.bad, s.job.MaxBad)
}

// culprit finds the column that makes a line of valid JSON unreadable.
func (s *splitter) culprit(ctx context.Context, l jsonLine) string {
	if !json.Valid(l.text) {
		return ""
	}
	for _, f := range s.declared() {
		t, err := queryType(f.Type)
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
