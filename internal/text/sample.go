package text

import (
	"context"
	"errors"
	"io"
	"runtime"

	"golang.org/x/sync/errgroup"
)

// deepest is how many levels of objects and lists become structs and arrays; what is deeper stays text.
const deepest = 60

// Guesses reads records, at most so many of each file (0 is all), for the types of their values. Fields are the
// columns of CSV, of which the names are taken; those of JSON are found. Records that cannot be read say
// nothing.
func Guesses(ctx context.Context, s Source, most int) ([]*Guess, error) {
	root := &Guess{}
	for _, f := range s.Fields {
		root.fields = append(root.fields, &Guess{Name: f.Name})
	}
	if most == 0 {
		return root.fields, root.all(ctx, s)
	}
	for _, f := range s.Files {
		one := s
		one.Files = []File{f}
		r := NewReader(one)
		err := root.some(ctx, r, most)
		r.Close()
		if err != nil {
			return nil, err
		}
	}
	return root.fields, nil
}

// all reads all records, on all cores.
func (g *Guess) all(ctx context.Context, s Source) error {
	r := NewReader(s)
	defer r.Close()
	threads := make([]*Guess, runtime.GOMAXPROCS(0))
	group, ctx := errgroup.WithContext(ctx)
	for i := range threads {
		threads[i] = &Guess{}
		for _, f := range s.Fields {
			threads[i].fields = append(threads[i].fields, &Guess{Name: f.Name})
		}
		group.Go(func() error { return threads[i].some(ctx, r, 0) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, t := range threads {
		g.merge(t)
	}
	return nil
}

// some notes the records of the next blocks.
func (g *Guess) some(ctx context.Context, r *Reader, most int) error {
	t := &Rows{reader: r}
	if r.source.JSON && g.place == nil {
		g.place = new(int64)
	}
	for n := 0; most == 0 || n < most; {
		if err := ctx.Err(); err != nil {
			return err
		}
		b, err := r.next()
		if errors.Is(err, io.EOF) {
			_, err := r.Faults()
			return err
		} else if err != nil {
			return err
		}
		t.block, t.at, t.invalid = b, 0, !r.source.isText(b.text)
		for t.at < len(b.text) && b.fault == "" && (most == 0 || n < most) {
			n++
			if r.source.JSON {
				*g.place = int64(b.number)<<40 + int64(t.at)<<16
				g.record(t)
			} else {
				g.cells(t)
			}
		}
	}
	return nil
}

func (g *Guess) record(t *Rows) {
	record, m, passed := t.text()
	if m != nil || passed {
		return
	}
	t.json.text, t.json.at = record, 0
	if scratch := (&scanner{text: record}).skip(); scratch == nil { // a record that is no JSON says nothing
		_ = g.object(&t.json, deepest)
	}
}

func (g *Guess) cells(t *Rows) {
	m, passed := t.split()
	if m != nil || passed {
		return
	}
	d, text, f := &t.reader.source.CSV, t.block.text, t.block.file
	for i, c := range t.cells {
		cell := d.value(text, c, &t.scratch)
		if f.Columns[i] >= 0 && !t.reader.source.Options.isNull(cell) {
			g.fields[f.Columns[i]].cell(cell, &t.reader.source.Options, &t.pointed)
		}
	}
}
