package spec

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// written notes the tables that only jobs write, so that others may name them.
func (c *checker) written(tables map[TableName]made) {
	for _, j := range c.Jobs {
		for i, name := range j.Writes {
			at := fmt.Sprintf("writes[%d]", i)
			known, ok := tables[name.Fold()]
			switch {
			case !ok:
				tables[name.Fold()] = made{name: name, path: "jobs." + j.Name + "." + at, pos: j.At(at), job: j}
			case known.by != nil:
				c.fail(j.At(at), "jobs."+j.Name+"."+at, "choose another table", "%s is made by a model, at line %d", name, known.pos.Line)
			case known.name != name:
				c.fail(j.At(at), "jobs."+j.Name+"."+at, fmt.Sprintf("write %q", known.name), "the table is called %s at line %d", known.name, known.pos.Line)
			}
		}
	}
}

func (c *checker) jobs(tables map[TableName]made, files fs.FS) {
	named := map[string]*Job{}
	for _, j := range c.Jobs {
		at := "jobs." + j.Name
		if first := named[strings.ToLower(j.Name)]; first != nil {
			c.fail(j.Pos, at, "names that differ only in case are the same; rename one", "the name is taken by jobs.%s at line %d", first.Name, first.Pos.Line)
		}
		named[strings.ToLower(j.Name)] = j
		c.program(j, at, files)
		c.fitting(j, at)
		c.triggers(j, at, tables)
		if j.MaxBackoff < j.Backoff && j.Has("backoff") {
			pos, key := j.At("backoff"), "backoff"
			if j.Has("max_backoff") {
				pos, key = j.At("max_backoff"), "max_backoff"
			}
			c.fail(pos, at+"."+key, "write max_backoff: "+j.Backoff.String()+" or longer", "max_backoff is shorter than backoff")
		}
	}
}

// program checks what the job runs.
func (c *checker) program(j *Job, at string, files fs.FS) {
	var have []string
	for _, key := range []string{"sql", "query", "pyspark", "jar"} {
		if j.Has(key) {
			have = append(have, key)
		}
	}
	switch {
	case len(have) == 0:
		c.add(Problem{Pos: j.Pos, Path: at, Message: "nothing to run in " + at, Hint: "name a file as sql, pyspark or jar, or write SQL as query"})
		return
	case len(have) > 1:
		c.fail(j.At(have[1]), at+"."+have[1], "keep one, and make a job of each", "the job has both %s and %s", have[0], have[1])
		return
	}
	switch key := have[0]; key {
	case "sql":
		if j.SQL != "" {
			j.Text, j.TextPos = c.read(j.SQL, j.At(key), at+"."+key, "write SQL statements", files)
		}
	case "query":
		j.Text, j.TextPos = j.Query, c.queryPos(j.At(key))
		if strings.TrimSpace(j.Query) == "" {
			c.fail(j.At(key), at+"."+key, "write SQL statements", "the query is empty")
		}
	case "pyspark":
		c.exists(j.PySpark, j.At(key), at+"."+key, ".py", files)
	case "jar":
		c.exists(j.Jar, j.At(key), at+"."+key, ".jar", files)
	}
	for i, file := range j.PyFiles {
		key := fmt.Sprintf("py_files[%d]", i)
		c.exists(file, j.At(key), at+"."+key, ".py .zip .egg", files)
	}
	for i, file := range j.Jars {
		key := fmt.Sprintf("jars[%d]", i)
		c.exists(file, j.At(key), at+"."+key, ".jar", files)
	}
}

// exists checks a file of a program.
func (c *checker) exists(file string, pos Pos, at, extensions string, files fs.FS) {
	if file == "" {
		c.fail(pos, at, "name the file", "the name is empty")
		return
	}
	name := c.beneath(file, pos, at)
	if name == "" {
		return
	}
	if !slices.Contains(strings.Fields(extensions), strings.ToLower(path.Ext(name))) {
		c.fail(pos, at, "name a file that ends in "+strings.Join(strings.Fields(extensions), " or "), "%s is no program of this kind", name)
		return
	}
	if files == nil {
		return
	}
	switch info, err := fs.Stat(files, name); {
	case errors.Is(err, fs.ErrNotExist):
		c.fail(pos, at, c.suggest(name, filesIn(files, path.Dir(name)), "write it"), "no file %s", name)
	case err != nil:
		c.fail(pos, at, "", "the file cannot be read: %v", err)
	case info.IsDir():
		c.fail(pos, at, "name a file", "%s is a folder", name)
	}
}

// fitting reports keys that say nothing about a job of this kind.
func (c *checker) fitting(j *Job, at string) {
	kind := j.Kind()
	only := func(key, why, hint string) {
		if j.Has(key) {
			c.fail(j.At(key), at+"."+key, hint, "%s", why)
		}
	}
	if kind == JobSQL {
		for _, key := range []string{"args", "memory", "cores", "jars"} {
			only(key, "this is for a PySpark program or a jar", "leave it out")
		}
		if j.Streaming {
			only("streaming", "SQL statements come to an end", "write the stream as a PySpark program or a jar, or leave it out")
		}
	} else if j.Engine == EngineDuckDB {
		only("engine", "a program runs on Spark", "leave it out, or write the job in SQL")
	}
	if kind != JobPySpark {
		only("py_files", "this is for a PySpark program", "leave it out")
	}
	if kind != JobJar {
		only("class", "this is for a jar", "leave it out")
	}
}

// triggers checks what makes the job due.
func (c *checker) triggers(j *Job, at string, tables map[TableName]made) {
	if j.Has("schedule") && j.Has("every") {
		c.fail(j.At("every"), at+".every", "leave one of them out", "the job has both schedule and every")
	}
	if j.Has("time_zone") && !j.Has("schedule") {
		c.fail(j.At("time_zone"), at+".time_zone", "leave it out, or write a schedule", "there is no schedule")
	}
	if j.Has("every") && j.Every <= 0 {
		c.fail(j.At("every"), at+".every", "write 10m, or leave it out", "the job would be due all the time")
	}
	if j.Streaming {
		for _, key := range []string{"schedule", "every", "depends_on"} {
			if j.Has(key) {
				c.fail(j.At(key), at+"."+key, "leave one of them out", "a streaming job runs all the time")
			}
		}
	}
	for i, name := range j.DependsOn {
		key := fmt.Sprintf("depends_on[%d]", i)
		known, ok := tables[name.Fold()]
		switch {
		case !ok:
			c.fail(j.At(key), at+"."+key, c.suggest(name.String(), names(tables), "declare it under tables, sources or models"), "no table %q", name)
		case known.name != name:
			c.fail(j.At(key), at+"."+key, fmt.Sprintf("write %q", known.name), "the table is called %s at line %d", known.name, known.pos.Line)
		case slices.ContainsFunc(j.Writes, name.Same):
			c.fail(j.At(key), at+"."+key, "leave it out of one of them", "each run would make the job due again, as it writes %s", name)
		}
	}
}
