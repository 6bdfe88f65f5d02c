package spec

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
)

// Load reads a lakehouse.yaml and the .sql files that it names. Problems in them are Errors; an
// error in reading the file itself wraps that of the file system, such as fs.ErrNotExist.
func Load(path string) (*Lakehouse, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, &unreadable{path, err}
	}
	return Parse(path, data, os.DirFS(filepath.Dir(path)))
}

// Parse reads the text of a lakehouse.yaml. Name stands for it in positions; files are those
// beside it, where the .sql files are read. Without files (nil) they are not, and Query is empty in
// models that have one.
func Parse(name string, data []byte, files fs.FS) (*Lakehouse, error) {
	data = bytes.TrimPrefix(data, []byte("\uFEFF"))
	d := &decoder{
		file: name, lines: strings.Split(strings.ReplaceAll(string(data), "\r\n", "\n"), "\n"),
		shapes: shapes{}, budget: 10*len(data) + 100_000,
	}
	l := &Lakehouse{File: name}
	if n := d.document(data); n != nil {
		d.object(n, "", reflect.ValueOf(l).Elem(), Pos{name, max(n.Line, 1), max(n.Column, 1)})
		d.complete(l)
		(&checker{d, l}).check(files)
	}
	if err := d.err(); err != nil {
		return nil, err
	}
	return l, nil
}

// complete sets what a tag cannot say: defaults that depend on other values.
func (d *decoder) complete(l *Lakehouse) {
	if len(l.Environments) == 0 {
		local := &Environment{Element: Element{Pos: l.Pos}, Name: "local"}
		d.defaults(d.shapes.of(reflect.TypeFor[Environment]()).fields, reflect.ValueOf(local).Elem(), &local.Element)
		l.Environments = []*Environment{local}
	}
	l.Fleet.complete()
	for _, e := range l.Environments {
		if !e.S3.Has("path_style") {
			e.S3.PathStyle = e.S3.Endpoint != ""
		}
		if e.InAWS() {
			e.AWS.complete(l.Name, e)
			e.AWS.EMR.follow(l)
		}
	}
}

// unreadable is a lakehouse.yaml that cannot be read.
type unreadable struct {
	path string
	err  error
}

func (u *unreadable) Error() string {
	var pe *fs.PathError
	if errors.As(u.err, &pe) {
		return fmt.Sprintf("lakehouse: %s: %v", u.path, pe.Err)
	}
	return fmt.Sprintf("lakehouse: %s: %v", u.path, u.err)
}

func (u *unreadable) Unwrap() error { return u.err }

func (u *unreadable) Hint() string {
	if errors.Is(u.err, fs.ErrNotExist) {
		return "petalake init writes a first lakehouse.yaml"
	}
	return ""
}
