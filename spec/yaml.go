package spec

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// largestFile bounds what is read as a lakehouse.yaml.
const largestFile = 64 << 20

// document reads the one YAML document of the file; nil where there is none, which is a problem.
func (d *decoder) document(data []byte) *yaml.Node {
	if len(data) > largestFile {
		d.fail(Pos{File: d.file}, "", "", "the file has %d bytes, more than %d", len(data), largestFile)
		return nil
	}
	if !d.characters(data) {
		return nil
	}
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, second yaml.Node
	err := dec.Decode(&doc)
	switch {
	case errors.Is(err, io.EOF) || err == nil && isNull(doc.Content[0]) && doc.Content[0].Value == "":
		d.fail(Pos{d.file, 1, 1}, "", "the least that it says is a name, as in lakehouse: flights", "the file is empty")
		return nil
	case err != nil:
		d.syntax(err)
		return nil
	}
	switch err := dec.Decode(&second); {
	case errors.Is(err, io.EOF):
	case err != nil:
		d.syntax(err)
	default:
		d.fail(d.pos(&second), "", "remove what follows ---", "the file has a second document")
	}
	return doc.Content[0]
}

// characters reports bytes that no editor shows as YAML reads them, so that line and column of
// everything after them would be others.
func (d *decoder) characters(data []byte) bool {
	line, column := 1, 1
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		problem := ""
		switch {
		case r == utf8.RuneError && size < 2:
			problem = "the file is not text in UTF-8"
		case r == '\r' && (i+1 == len(data) || data[i+1] != '\n'),
			r == '\u0085', r == '\u2028', r == '\u2029':
			problem = fmt.Sprintf("the character %U ends a line in some programs only", r)
		case r < ' ' && r != '\n' && r != '\r' && r != '\t', r >= 0x7f && r < 0xa0, r == '\uFEFF', r == '\uFFFE', r == '\uFFFF':
			problem = fmt.Sprintf("the file has the control character %U", r)
		}
		if problem != "" {
			d.fail(Pos{d.file, line, column}, "", "", "%s", problem)
			return false
		}
		if column++; r == '\n' {
			line, column = line+1, 1
		}
		i += size
	}
	return true
}

var (
	yamlLine      = regexp.MustCompile(`^yaml: (?:line (\d+): )?((?s:.*))$`)
	unknownAnchor = regexp.MustCompile(`^unknown anchor '(.*)' referenced$`)
	fromParser    = regexp.MustCompile(`^did not find expected (<|',' or|'-' indicator|key|node)|^found (duplicate|incompatible|undefined)`)
)

// syntax reports what the YAML parser says, which ends at the first error.
func (d *decoder) syntax(err error) {
	pos, message := Pos{d.file, 1, 1}, strings.TrimPrefix(err.Error(), "yaml: ")
	if m := yamlLine.FindStringSubmatch(err.Error()); m != nil {
		message = m[2]
		if n, err := strconv.Atoi(m[1]); err == nil {
			if fromParser.MatchString(message) {
				n++ // it counts from 0 there, and from 1 elsewhere
			}
			pos.Line = min(max(n, 1), len(d.lines))
		}
	}
	if m := unknownAnchor.FindStringSubmatch(message); m != nil {
		for i, line := range d.lines {
			if before, _, ok := strings.Cut(line, "*"+m[1]); ok {
				d.fail(Pos{d.file, i + 1, utf8.RuneCountInString(before) + 1}, "", "write &"+m[1]+" where it stands for the first time", "no anchor %q", m[1])
				return
			}
		}
	}
	hint := ""
	for _, line := range []int{pos.Line, pos.Line + 1} {
		if line > len(d.lines) {
			continue
		}
		text := d.lines[line-1]
		indent := text[:len(text)-len(strings.TrimLeft(text, " \t"))]
		if tab := strings.IndexByte(indent, '\t'); tab >= 0 {
			d.fail(Pos{d.file, line, tab + 1}, "", "indent with spaces", "a tab in the indentation")
			return
		}
	}
	text := d.lines[pos.Line-1]
	pos.Column = utf8.RuneCountInString(text[:len(text)-len(strings.TrimLeft(text, " "))]) + 1
	switch {
	case strings.Contains(message, "mapping values are not allowed"):
		hint = "put a text that has a colon in quotes"
	case strings.Contains(message, "cannot start any token"):
		hint = "put a text that begins with % @ ` or a bracket in quotes"
	case strings.Contains(message, "did not find expected ',' or"):
		hint = "a bracket is not closed, or a text between brackets wants quotes"
	case strings.Contains(message, "did not find expected key"), strings.Contains(message, "could not find expected ':'"):
		hint = "look at the indentation, the quotes and the colons here and in the lines before"
	}
	d.fail(pos, "", hint, "not YAML: %s", message)
}
