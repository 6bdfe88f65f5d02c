package spec

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"
)

// sources checks each source, and what several of them do to one table.
func (c *checker) sources(tables map[TableName]made) {
	named := map[string]*Source{}
	loads := map[TableName]*Source{}
	c.databases()
	for _, s := range c.Sources {
		at := "sources." + s.Name
		if first := named[strings.ToLower(s.Name)]; first != nil {
			c.fail(s.Pos, at, "names that differ only in case are the same; rename one", "the name is taken by sources.%s at line %d", first.Name, first.Pos.Line)
		}
		named[strings.ToLower(s.Name)] = s
		switch {
		case s.Stream != nil:
			c.stream(s, at)
		case s.Files != nil:
			c.files(s, at)
		}
		if !c.target(s, at, tables) {
			continue
		}
		first := loads[s.Table.Fold()]
		if first == nil {
			loads[s.Table.Fold()] = s
			continue
		}
		if replaces(first) || replaces(s) {
			c.fail(s.At("table"), at+".table", "give each its own table, or let both append", "the source %s loads the same table, and one of them replaces all rows", first.Name)
		}
	}
}

// stream checks a stream, and says where its records are kept.
func (c *checker) stream(s *Source, at string) {
	s.Files = &Files{Paths: []Text{Text(s.Folder() + "**/*")}, Format: JSON, Mode: Append}
	for _, b := range []struct {
		key         string
		value       Duration
		least, most time.Duration
	}{
		{"retention", s.Stream.Retention, 24 * time.Hour, 365 * 24 * time.Hour},
		{"every", s.Stream.Every, 10 * time.Second, 15 * time.Minute},
	} {
		if v := time.Duration(b.value); v < b.least || v > b.most {
			c.fail(s.At(b.key), at+"."+b.key, fmt.Sprintf("write %s to %s", Duration(b.least), Duration(b.most)), "%s is out of range", b.value)
		}
	}
	if v := time.Duration(s.Stream.Retention); v%time.Hour != 0 {
		c.fail(s.At("retention"), at+".retention", "write "+Duration(v.Round(time.Hour)).String(), "%s is no number of hours", s.Stream.Retention)
	}
}

func replaces(s *Source) bool { return s.Files != nil && s.Files.Mode == Replace }

// target settles which table a source loads.
func (c *checker) target(s *Source, at string, tables map[TableName]made) bool {
	if !s.Has("table") {
		if s.Table.parse(s.Name) != nil {
			c.add(Problem{Pos: s.Pos, Path: at, Message: fmt.Sprintf("missing key %q in %s", "table", at), Hint: "the name of the source cannot be that of a table"})
			return false
		}
	}
	if s.Table.IsZero() {
		return false // reported
	}
	known, ok := tables[s.Table.Fold()]
	switch {
	case !ok:
		tables[s.Table.Fold()] = made{name: s.Table, path: at + ".table", pos: s.At("table"), load: s}
	case known.by != nil:
		c.fail(s.At("table"), at+".table", "choose another table", "%s is made by a model, at line %d", s.Table, known.pos.Line)
		return false
	case known.name != s.Table:
		c.fail(s.At("table"), at+".table", fmt.Sprintf("write %q", known.name), "the table is called %s at line %d", known.name, known.pos.Line)
	}
	return true
}

var hasScheme = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]+:(//|$)|^[sS]3[an]?:`)

// files checks a source of files. Paths with references are known only when they are resolved.
func (c *checker) files(s *Source, at string) {
	csv, json := false, false
	for i, p := range s.Files.Paths {
		key := fmt.Sprintf("path[%d]", i)
		where := at + ".path"
		if len(s.Files.Paths) > 1 {
			where = at + "." + key
		}
		if f := badPath(p); f != nil {
			c.fail(s.At(key), where, f.hint, "%s", f.message)
			continue
		}
		format := s.Files.Format
		if !s.Has("format") {
			if format, _ = FormatOf(string(p)); format == "" {
				c.fail(s.At(key), where, "write format: csv, json or parquet", "the name %q does not tell the format", p)
			}
		}
		csv, json = csv || format == CSV || format == "", json || format == JSON
	}
	if len(s.Files.Paths) == 0 {
		return // reported
	}
	for _, k := range s.Files.Options.keys {
		if csv || json && slices.Contains(optionsOfJSON, k.key) || strings.Contains(k.key, "[") {
			continue
		}
		c.fail(k.pos, at+".options."+k.key, "leave it out", "this option is for csv")
	}
}

// optionsOfJSON are the options that mean something for JSON too.
var optionsOfJSON = []string{"date_format", "timestamp_format", "time_zone", "encoding", "max_row"}

// badPath tells what is wrong with the path of files to load.
func badPath(p Text) *fault {
	switch {
	case strings.HasPrefix(string(p), "~"):
		return faultf("write ${env:HOME}", "~ is not resolved")
	case !p.plain():
		return nil
	case strings.HasPrefix(string(p), "s3://"):
		if bucket, key, _ := strings.Cut(strings.TrimPrefix(string(p), "s3://"), "/"); bucket == "" || key == "" {
			return faultf("write s3://bucket/folder/*.csv", "it names no files of a bucket")
		}
	case hasScheme.MatchString(string(p)):
		return faultf("copy the files to a folder of this machine and name that", "files cannot be read from there")
	}
	if _, err := path.Match(string(p), ""); err != nil {
		return faultf(`close the bracket, or write \[ for the character itself`, "the pattern is not closed")
	}
	return nil
}
