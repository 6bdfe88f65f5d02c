package models

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/petalake/petalake/engine/duck"
	"github.com/petalake/petalake/engine/duck/tablefile"
	"github.com/petalake/petalake/internal/sql"
	"github.com/petalake/petalake/spec"
)

// Model is a model of lakehouse.yaml with the tables that it reads.
type Model struct {
	*spec.Model
	Inputs []spec.TableName
}

// Ordered puts the models of lakehouse.yaml into an order in which each comes after those it reads. All cycles and
// all statements that cannot be read are reported at once.
func (b *Builder) Ordered(ctx context.Context) ([]Model, error) {
	var all []Model
	var problems spec.Errors
	for _, m := range b.Env.Spec.Models {
		one := Model{Model: m}
		var err error
		if one.Inputs, err = b.reads(ctx, m); err != nil {
			problems = append(problems, inModel(m, err))
			continue
		}
		all = append(all, one)
	}
	ordered, cycles := order(all)
	if problems = append(problems, cycles...); len(problems) > 0 {
		return nil, problems
	}
	return ordered, nil
}

// reads finds the tables that a model reads. A statement that DuckDB cannot parse is one of Spark's, if
// the model may run there.
func (b *Builder) reads(ctx context.Context, m *spec.Model) ([]spec.TableName, error) {
	var names []spec.TableName
	add := func(n spec.TableName) {
		if !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	references, err := b.Engines.Duck.References(ctx, m.Query)
	for _, r := range references {
		add(r)
	}
	if err == nil || b.engineOf(m) == spec.EngineDuckDB {
		return names, err
	}
	for _, r := range sql.References(sql.Spark, m.Query) {
		if n, ok := r.Table(); ok {
			add(n)
		}
	}
	return names, nil
}

// engineOf is what runs a model: duckdb, spark or auto.
func (b *Builder) engineOf(m *spec.Model) spec.Engine {
	return cmp.Or(m.Engine, b.Env.Environment.Engine)
}

// inModel puts an error of a model's statement where the statement is written.
func inModel(m *spec.Model, err error) spec.Problem {
	name := m.Name.String()
	problem := spec.Problem{Pos: m.QueryPos, Path: "models." + name, Message: fmt.Sprintf("model %s: %v", name, err)}
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		problem.Hint = hinted.Hint()
	}
	if misfit := (*tablefile.SchemaError)(nil); errors.As(err, &misfit) && misfit.Reason == "" && misfit.Expected == nil {
		problem.Hint = "the model keeps the columns that it was built with; name the columns in its query: a query that changed is built anew"
	}
	if wrong := (*duck.Error)(nil); errors.As(err, &wrong) && wrong.Line > 0 {
		problem.Message = fmt.Sprintf("model %s: %s", name, wrong.Message)
		problem.Pos.Line += wrong.Line - 1
		problem.Pos.Column += wrong.Column - 1 // all lines begin at one column
	}
	return problem
}

// order sorts models by what they read, keeping the order of the file where it can.
func order(all []Model) (ordered []Model, cycles spec.Errors) {
	const (
		unseen = iota
		open
		done
	)
	state := make([]int, len(all))
	var path []int
	var visit func(i int)
	visit = func(i int) {
		switch state[i] {
		case done:
			return
		case open:
			cycles = append(cycles, cycle(all, append(path[slices.Index(path, i):], i)))
			return
		}
		state[i] = open
		path = append(path, i)
		for _, input := range all[i].Inputs {
			if j := slices.IndexFunc(all, func(m Model) bool { return m.Name.Same(input) }); j >= 0 {
				visit(j)
			}
		}
		path = path[:len(path)-1]
		state[i] = done
		ordered = append(ordered, all[i])
	}
	for i := range all {
		visit(i)
	}
	return ordered, cycles
}

func cycle(all []Model, ring []int) spec.Problem {
	names := make([]string, len(ring))
	for i, j := range ring {
		names[i] = all[j].Name.String()
	}
	first := all[ring[0]]
	return spec.Problem{
		Pos: first.Pos, Path: "models." + names[0],
		Message: fmt.Sprintf("model %s reads itself: %s", names[0], strings.Join(names, " -> ")),
		Hint:    "let one of them read another table",
	}
}
