package spec

import (
	"slices"
	"strings"

	"github.com/petalake/petalake/internal/words"
)

// Lakehouse is a lakehouse.yaml.
type Lakehouse struct {
	Element
	// File is the name the file was read by; relative paths in it start at its folder.
	File string

	Name        string    `key:"lakehouse" required:"true" pattern:"^[a-z][a-z0-9_-]*$" says:"small letters, digits, _ and -, a letter first" doc:"The name of the lakehouse." instead:"name"`
	Description string    `key:"description" doc:"What it is for."`
	Tables      []*Table  `key:"tables" doc:"What the lake keeps, by name. A table that a source fills need not be declared."`
	Sources     []*Source `key:"sources" doc:"What is loaded into tables, by name."`
	Models      []*Model  `key:"models" doc:"Tables made by a SELECT, by name."`
	Jobs        []*Job    `key:"jobs" doc:"SQL, PySpark programs and jars that are run by a schedule, after their tables or by hand, by name." instead:"job,tasks,pipelines,workflows"`
	Fleet       Fleet     `key:"fleet" doc:"The machines that Spark runs on in AWS: how many, of what kind, at what cost." instead:"fleets,cluster,compute,capacity"`
	Access      Access    `key:"access" doc:"Who may read and write which tables and columns. Without it nobody is held back." instead:"permissions,grants,security,acl"`
	// Databases are the sources that are databases. Sources has one of files for each table of them.
	Databases []*Source

	Environments []*Environment `key:"environments" doc:"The places where the lakehouse lives, by name. Without this key there is one, local, in the folder lake beside the file." instead:"environment,envs"`
}

// Element is what every element of the file has: where it was read.
type Element struct {
	Pos  Pos // of its name, or of its first key where it has none
	keys []keyPos
}

type keyPos struct {
	key string
	pos Pos
}

// At returns the position of the value of a key, such as "partition_by" or "partition_by[1]", and
// that of the element where the key was not written.
func (e *Element) At(key string) Pos {
	if i := e.find(key); i >= 0 {
		return e.keys[i].pos
	}
	return e.Pos
}

// Has reports whether a key was written, rather than left to its default.
func (e *Element) Has(key string) bool { return e.find(key) >= 0 }

func (e *Element) find(key string) int {
	return slices.IndexFunc(e.keys, func(k keyPos) bool { return k.key == key })
}

func (e *Element) element() *Element { return e }

// Table returns the table of a name, in any case of letters, or nil.
func (l *Lakehouse) Table(name TableName) *Table {
	for _, t := range l.Tables {
		if t.Name.Same(name) {
			return t
		}
	}
	return nil
}

// Model returns the model that makes the table of a name, in any case of letters, or nil.
func (l *Lakehouse) Model(name TableName) *Model {
	for _, m := range l.Models {
		if m.Name.Same(name) {
			return m
		}
	}
	return nil
}

// Source returns the source of a name, or nil.
func (l *Lakehouse) Source(name string) *Source {
	for _, s := range l.Sources {
		if s.Name == name {
			return s
		}
	}
	return nil
}

// Job returns the job of a name, or nil.
func (l *Lakehouse) Job(name string) *Job {
	for _, j := range l.Jobs {
		if j.Name == name {
			return j
		}
	}
	return nil
}

// Environment returns the environment of a name; "" is the one called local, or the only one.
func (l *Lakehouse) Environment(name string) (*Environment, error) {
	want := name
	if name == "" {
		if want = "local"; len(l.Environments) == 1 {
			want = l.Environments[0].Name
		}
	}
	var names []string
	for _, e := range l.Environments {
		if e.Name == want {
			return e, nil
		}
		names = append(names, e.Name)
	}
	hint := "use one of " + strings.Join(names, ", ")
	if near := words.Nearest(want, names); near != "" {
		hint = `did you mean "` + near + `"?`
	} else if len(names) == 0 {
		hint = "write it under environments:"
	}
	return nil, Errors{{
		Pos: Pos{File: l.File}, Path: "environments." + want,
		Message: `no environment "` + want + `"`, Hint: hint,
	}}
}
