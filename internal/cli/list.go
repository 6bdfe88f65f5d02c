package cli

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"

	"github.com/petalake/petalake/internal/cli/render"
)

// rows writes a list in the format that was asked for: aligned text, one JSON object a line, or
// CSV. T is a struct; the json tags of its fields name the keys and the columns. Rows may be held
// back until flush or close.
type rows[T any] struct {
	add   func(T) error
	end   func() error
	lines *bufio.Writer
}

func (r rows[T]) flush() error { return r.lines.Flush() }

func (r rows[T]) close() error {
	if err := r.end(); err != nil {
		return err
	}
	return r.flush()
}

// list starts a list. Text is the row for people, under columns.
func list[T any](a *app, columns []render.Column, text func(T) []string) rows[T] {
	lines := bufio.NewWriterSize(a.out, 1<<16)
	switch a.output {
	case "json":
		e := newEncoder(lines)
		return rows[T]{func(row T) error { return e.Encode(row) }, func() error { return nil }, lines}
	case "csv":
		return csvRows[T](lines)
	}
	grid := render.NewGrid(lines, a.style(a.out), columns...)
	return rows[T]{func(row T) error { return grid.Add(text(row)...) }, grid.Close, lines}
}

// one is a list of a single row, which is never text.
func one[T any](a *app, row T) error {
	out := list[T](a, nil, nil)
	if err := out.add(row); err != nil {
		return err
	}
	return out.close()
}

// object writes one JSON object on a line of its own.
func (a *app) object(v any) error { return newEncoder(a.out).Encode(v) }

func newEncoder(w io.Writer) *json.Encoder {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	return e
}

func csvRows[T any](lines *bufio.Writer) rows[T] {
	w := csv.NewWriter(lines)
	fields := reflect.VisibleFields(reflect.TypeFor[T]())
	write := func(value func(reflect.StructField) string) error {
		var values []string
		for _, f := range fields {
			values = append(values, value(f))
		}
		if err := w.Write(values); err != nil {
			return err
		}
		w.Flush() // into lines
		return w.Error()
	}
	head := false
	header := func() error {
		if head {
			return nil
		}
		head = true
		return write(func(f reflect.StructField) string {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			return name
		})
	}
	add := func(row T) error {
		if err := header(); err != nil {
			return err
		}
		return write(func(f reflect.StructField) string { return csvValue(reflect.ValueOf(row).FieldByIndex(f.Index)) })
	}
	return rows[T]{add, header, lines}
}

// csvValue is a value as text: nothing for what is missing, JSON for what is nested.
func csvValue(v reflect.Value) string {
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return ""
		}
		v = v.Elem()
	}
	switch x := v.Interface().(type) {
	case time.Time:
		return x.UTC().Format(time.RFC3339Nano)
	case string:
		return x
	}
	switch v.Kind() {
	case reflect.Map, reflect.Slice, reflect.Struct:
		if v.Kind() != reflect.Struct && v.Len() == 0 {
			return ""
		}
		text, err := json.Marshal(v.Interface())
		if err != nil {
			return err.Error()
		}
		return string(text)
	}
	return fmt.Sprint(v.Interface())
}
