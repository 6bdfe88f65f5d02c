package spec

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode/utf8"
)

func (c *checker) model(m *Model, tables map[TableName]made, files fs.FS) {
	at := "models." + m.Name.String()
	sql, query := m.Has("sql"), m.Has("query")
	switch {
	case sql && query:
		c.fail(m.At("query"), at+".query", "leave out one of them", "the model has both sql and query")
	case !sql && !query:
		c.add(Problem{Pos: m.Pos, Path: at, Message: fmt.Sprintf("missing key %q in %s", "sql", at), Hint: "name the file with the SELECT, or write the SELECT itself as query"})
	case sql && m.SQL != "":
		m.Query, m.QueryPos = c.read(m.SQL, m.At("sql"), at+".sql", "write a SELECT", files)
	case query:
		m.QueryPos = c.queryPos(m.At("query"))
		if strings.TrimSpace(m.Query) == "" {
			c.fail(m.At("query"), at+".query", "write a SELECT", "the query is empty")
		}
	}
	c.increment(m, at, tables)
	c.once(&m.Element, at, "partition_by", m.PartitionBy)
	c.once(&m.Element, at, "cluster_by", m.ClusterBy)
	c.conditions(&m.Element, at, m.Constraints)
	c.properties(&m.Element, at, m.Properties)
}

// increment checks what an incremental model is incremental on.
func (c *checker) increment(m *Model, at string, tables map[TableName]made) {
	key := "incremental_on"
	switch {
	case m.Mode == Full && m.Has(key):
		c.fail(m.At(key), at+"."+key, "write mode: incremental, or leave it out", "the model is made anew each time")
	case m.Mode == Incremental && !m.Has(key):
		c.add(Problem{Pos: m.Pos, Path: at, Message: fmt.Sprintf("missing key %q in %s", key, at), Hint: "name the table whose new rows go through the SELECT"})
	case m.Mode != Incremental || m.IncrementalOn.IsZero():
	case m.IncrementalOn.Same(m.Name):
		c.fail(m.At(key), at+"."+key, "name the table that it reads", "the model is incremental on itself")
	default:
		on, ok := tables[m.IncrementalOn.Fold()]
		if !ok {
			c.fail(m.At(key), at+"."+key, c.suggest(m.IncrementalOn.String(), names(tables), "declare it under tables, sources or models"), "no table %q", m.IncrementalOn)
		} else if on.name != m.IncrementalOn {
			c.fail(m.At(key), at+"."+key, fmt.Sprintf("write %q", on.name), "the table is called %s at line %d", on.name, on.pos.Line)
		}
	}
}

func names(tables map[TableName]made) []string {
	var list []string
	for _, m := range tables {
		list = append(list, m.name.String())
	}
	slices.Sort(list)
	return list
}

// cycles reports incremental models that wait for each other. Those through the tables that the
// SQL reads are found where SQL is read.
func (c *checker) cycles(tables map[TableName]made) {
	done := map[*Model]bool{}
	for _, m := range c.Models {
		var chain []*Model
		for at := m; at != nil && !done[at]; at = tables[at.IncrementalOn.Fold()].by {
			if start := slices.Index(chain, at); start >= 0 {
				c.cycle(chain[start:])
				break
			}
			chain = append(chain, at)
			if at.IncrementalOn.Same(at.Name) {
				break // reported
			}
		}
		for _, seen := range chain {
			done[seen] = true
		}
	}
}

func (c *checker) cycle(models []*Model) {
	var text strings.Builder
	for _, m := range models {
		text.WriteString(m.Name.String() + " -> ")
	}
	m := models[0]
	c.fail(m.At("incremental_on"), "models."+m.Name.String()+".incremental_on", "let one of them read something else", "a cycle: %s%s", text.String(), m.Name)
}

// beneath is a path to a file beside or below lakehouse.yaml, "" for one that is not there.
func (c *checker) beneath(file string, pos Pos, at string) string {
	name := path.Clean(file)
	switch {
	case strings.Contains(file, `\`):
		c.fail(pos, at, fmt.Sprintf("write %q", strings.ReplaceAll(file, `\`, "/")), "the path has a backslash")
	case !fs.ValidPath(name) || name == ".":
		c.fail(pos, at, "keep the file beside or below lakehouse.yaml", "the path leads out of the folder")
	default:
		return name
	}
	return ""
}

// read reads a .sql file, and says where its text stands.
func (c *checker) read(file string, pos Pos, at, write string, files fs.FS) (text string, begins Pos) {
	name := c.beneath(file, pos, at)
	if name == "" || files == nil {
		return "", Pos{}
	}
	data, err := fs.ReadFile(files, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		c.fail(pos, at, c.suggest(name, filesIn(files, path.Dir(name)), "write it"), "no file %s", name)
	case err != nil:
		c.fail(pos, at, "", "the file cannot be read: %v", err)
	case !utf8.Valid(data):
		c.fail(Pos{File: c.beside(name)}, at, "", "the file is not text in UTF-8")
	case strings.TrimSpace(string(data)) == "":
		c.fail(Pos{c.beside(name), 1, 1}, at, write, "the file is empty")
	default:
		return string(data), Pos{c.beside(name), 1, 1}
	}
	return "", Pos{}
}

// beside is the name of a file in the folder of lakehouse.yaml, as a person finds it.
func (c *checker) beside(name string) string {
	return path.Join(path.Dir(strings.ReplaceAll(c.file, `\`, "/")), name)
}

func filesIn(files fs.FS, dir string) (names []string) {
	entries, err := fs.ReadDir(files, dir)
	if err != nil {
		return nil
	}
	for _, e := range entries {
		if !e.IsDir() {
			names = append(names, path.Join(dir, e.Name()))
		}
	}
	return names
}

// queryPos finds the first character of an inline query. In a block (|) it is on the next line, and
// the first line with text tells by how much all lines are indented.
func (c *checker) queryPos(pos Pos) Pos {
	if pos.Line < 1 || pos.Line > len(c.lines) {
		return pos
	}
	line := []rune(c.lines[pos.Line-1])
	if pos.Column > len(line) {
		return pos
	}
	switch line[pos.Column-1] {
	case '"', '\'':
		pos.Column++
	case '|', '>':
		for next := pos.Line; next < len(c.lines); next++ {
			if text := c.lines[next]; strings.TrimSpace(text) != "" {
				return Pos{pos.File, pos.Line + 1, len(text) - len(strings.TrimLeft(text, " ")) + 1}
			}
		}
	}
	return pos
}
