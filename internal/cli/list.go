package cli

import (
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
// CSV. T is a struct; the json tags of its fields name the keys and the columns.
type rows[T any] struct {
	add   func(T) error
	close func() error
}

// list starts a list. Text is the row for people, under columns.
func list[T any](a *app, columns []render.Column, text func(T) []string) rows[T] {
	switch a.output {
	case "json":
		return rows[T]{func(row T) error { return a.object(row) }, func() error { return nil }}
	case "csv":
		return csvRows[T](a.out)
	}
	grid := render.NewGrid(a.out, a.style(a.out), columns...)
	return rows[T]{func(row T) error { return grid.Add(text(row)...) }, grid.Close}
}

// object writes one JSON object on a line of its own.
func (a *app) object(v any) error {
	e := json.NewEncoder(a.out)
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

func csvRows[T any](out io.Writer) rows[T] {
	w := csv.NewWriter(out)
	fields := reflect.VisibleFields(reflect.TypeFor[T]())
	head := false
	header := func() error {
		if head {
			return nil
		}
		head = true
		var names []string
		for _, f := range fields {
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			names = append(names, name)
		}
		return w.Write(names)
	}
	add := func(row T) error {
		if err := header(); err != nil {
			return err
		}
		var values []string
		for _, f := range fields {
			values = append(values, csvValue(reflect.ValueOf(row).FieldByIndex(f.Index)))
		}
		return w.Write(values)
	}
	return rows[T]{add, func() error {
		if err := header(); err != nil {
			return err
		}
		w.Flush()
		return w.Error()
	}}
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
