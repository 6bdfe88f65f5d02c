package petalake

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/engine/duck"
	"github.com/petalake/petalake/engine/duck/tablefile"
	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/internal/sql"
	"github.com/petalake/petalake/internal/write"
	"github.com/petalake/petalake/spec"
)

// A model's table carries what it was made of: the fingerprint of its definition is a table
// property, and the version of each input it read is the transaction version of the application
// "petalake.model/<id of the input table>". So a model is built anew exactly where its definition
// or one of its inputs changed, whoever built it last, and the record cannot part from the rows.
const (
	fingerprintKey = "petalake.model"
	inputApp       = "petalake.model/"
)

// model is a model with the tables it reads.
type model struct {
	*spec.Model
	name   spec.TableName
	inputs []spec.TableName
}

// models puts the models into an order in which each comes after those it reads. All cycles and
// all statements that cannot be read are reported at once.
func (l *Lake) models(ctx context.Context) ([]model, error) {
	var all []model
	var problems spec.Errors
	for _, m := range l.env.Spec.Models {
		one := model{Model: m, name: m.Name}
		var err error
		if one.inputs, err = l.reads(ctx, m); err != nil {
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
func (l *Lake) reads(ctx context.Context, m *spec.Model) ([]spec.TableName, error) {
	var names []spec.TableName
	add := func(n spec.TableName) {
		if !slices.Contains(names, n) {
			names = append(names, n)
		}
	}
	references, err := l.engine.References(ctx, m.Query)
	for _, r := range references {
		add(r)
	}
	if err == nil || l.engineOf(m) == spec.EngineDuckDB {
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
func (l *Lake) engineOf(m *spec.Model) string { return cmp.Or(m.Engine, l.env.Environment.Engine) }

// inModel puts an error of a model's statement where the statement is written.
func inModel(m *spec.Model, err error) spec.Problem {
	name := m.Name.String()
	problem := spec.Problem{Pos: m.QueryPos, Path: "models." + name, Message: fmt.Sprintf("model %s: %v", name, err)}
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		problem.Hint = hinted.Hint()
	}
	if wrong := (*duck.Error)(nil); errors.As(err, &wrong) && wrong.Line > 0 {
		problem.Message = fmt.Sprintf("model %s: %s", name, wrong.Message)
		problem.Pos.Line += wrong.Line - 1
		problem.Pos.Column += wrong.Column - 1 // all lines begin at one column
	}
	return problem
}

// order sorts models by what they read, keeping the order of the file where it can.
func order(all []model) (ordered []model, cycles spec.Errors) {
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
		for _, input := range all[i].inputs {
			if j := slices.IndexFunc(all, func(m model) bool { return m.name.Same(input) }); j >= 0 {
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

func cycle(all []model, ring []int) spec.Problem {
	names := make([]string, len(ring))
	for i, j := range ring {
		names[i] = all[j].name.String()
	}
	first := all[ring[0]]
	return spec.Problem{
		Pos: first.Pos, Path: "models." + names[0],
		Message: fmt.Sprintf("model %s reads itself: %s", names[0], strings.Join(names, " -> ")),
		Hint:    "let one of them read another table",
	}
}

// fingerprint changes with everything that a model's rows depend on, apart from its inputs.
func (m *model) fingerprint() string {
	text, _ := json.Marshal([]any{m.Query, m.Mode, m.IncrementalOn, m.PartitionBy, m.ClusterBy, m.Constraints}) // strings only: cannot fail
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// build brings one model up to date, or finds that it is.
func (l *Lake) build(ctx context.Context, m model, tell func(Event)) error {
	began := time.Now()
	event := Event{Kind: lake.ModelEvent, Name: m.name.String(), Table: m.name}
	table, err := l.env.Table(ctx, m.name)
	if err != nil {
		return err
	}
	p, err := l.planBuild(ctx, m, table)
	if waits := (*waitsError)(nil); errors.As(err, &waits) {
		event.State, event.Version, event.Note = Current, -1, waits.Error()
		tell(event)
		return nil
	}
	if err != nil {
		return err
	}
	if p.current {
		event.State, event.Version = Current, p.base.Version()
		tell(event)
		return nil
	}
	event.Note = p.why
	choice, err := l.chooseOn(ctx, p.engine, l.engineOf(m.Model), m.Query, nil)
	if err != nil {
		return inModel(m.Model, err)
	}
	if l.engineOf(m.Model) == spec.EngineAuto {
		event.Note += "; on " + choice.String()
	}
	written, metadata, err := l.write(ctx, m, table, &p, choice.Engine, func(done float64) {
		running := event
		running.State, running.Done = Running, done
		tell(running)
	})
	if err != nil {
		return err
	}
	commit, err := l.writer.Commit(ctx, p.change(m, table, metadata, written))
	if errors.Is(err, delta.ErrAdvanced) {
		event.State, event.Note = Current, "built by another process at the same time"
		tell(event)
		return nil
	}
	if err != nil {
		return err
	}
	event.State, event.Version, event.Rows, event.Took = Built, commit.Version, written.Rows, time.Since(began)
	tell(event)
	return nil
}

// write runs a model's SELECT on an engine. Nobody sees the files that it returns until they are committed.
func (l *Lake) write(ctx context.Context, m model, table *delta.Table, p *build, engine string, tell func(done float64)) (tablefile.Written, delta.Metadata, error) {
	if engine == spec.EngineSpark {
		return l.onSpark(ctx, m, table, p, tell)
	}
	fileSpec, metadata, err := l.describeModel(ctx, m, table, *p)
	if err != nil {
		return tablefile.Written{}, metadata, err
	}
	fileSpec.Progress = func(q tablefile.Progress) { tell(q.Done) }
	written, err := p.engine.Write(ctx, m.Query, fileSpec)
	if err != nil {
		return written, metadata, inModel(m.Model, err)
	}
	return written, metadata, nil
}

// build is what one run of a model is to do.
type build struct {
	current     bool
	base        *delta.Snapshot // the model's table; nil where there is none
	why         string
	incremental bool
	increment   spec.TableName                     // the input whose new rows are run, folded
	from        int64                              // its version that the model's table holds
	added       []delta.Add                        // its files since then
	inputs      map[spec.TableName]*delta.Snapshot // by folded name: what the run reads
	engine      *duck.Engine                       // sees exactly these inputs
}

// before is what the model's table is; the zero value where there is none.
func (p *build) before() delta.Metadata {
	if p.base == nil {
		return delta.Metadata{}
	}
	return p.base.Metadata()
}

// planBuild opens the inputs and compares them with what the model's table records.
func (l *Lake) planBuild(ctx context.Context, m model, table *delta.Table) (build, error) {
	p := build{inputs: map[spec.TableName]*delta.Snapshot{}}
	for _, name := range m.inputs {
		t, err := l.env.Table(ctx, name)
		if err != nil {
			return p, err
		}
		s, err := t.Snapshot(ctx, delta.When{})
		if errors.Is(err, fs.ErrNotExist) {
			return p, l.unmade(ctx, m, name)
		}
		if err != nil {
			return p, err
		}
		p.inputs[name.Fold()] = s
	}
	pinned := lake.Pinned{Env: l.env, Versions: p.inputs}
	target, err := table.Snapshot(ctx, delta.When{})
	switch {
	case errors.Is(err, fs.ErrNotExist):
		p.why = "first build"
	case err != nil:
		return p, err
	case target.Metadata().Configuration[fingerprintKey] != m.fingerprint():
		p.base, p.why = target, "its definition changed"
	default:
		p.base = target
		if err := p.compare(ctx, m, target, &pinned); err != nil {
			return p, err
		}
	}
	p.engine = l.engine.With(pinned)
	return p, nil
}

// unmade says why a table that a model reads is not there.
func (l *Lake) unmade(ctx context.Context, m model, name spec.TableName) error {
	for _, s := range l.env.Spec.Sources {
		if s.Table.Same(name) {
			problem := inModel(m.Model, fmt.Errorf("reads %s, which source %s has not made yet", name, s.Name))
			problem.Hint = "it is made when the source finds its first file"
			return problem
		}
	}
	for _, j := range l.env.Spec.Jobs {
		if slices.ContainsFunc(j.Writes, name.Same) {
			return &waitsError{name, "job " + j.Name}
		}
	}
	if l.env.Spec.Model(name) != nil { // it was not skipped, and so waits itself
		return &waitsError{name, "a model"}
	}
	return inModel(m.Model, fmt.Errorf("reads %s: %w", name, l.env.Missing(ctx, name.String())))
}

// waitsError says that a model cannot be built before something else made a table, and that nothing is wrong.
type waitsError struct {
	table spec.TableName
	maker string
}

func (e *waitsError) Error() string {
	return fmt.Sprintf("waits for %s, which %s makes", e.table, e.maker)
}

// compare finds which inputs are newer than those the model was made of, and whether their new
// rows alone will do.
func (p *build) compare(ctx context.Context, m model, target *delta.Snapshot, pinned *lake.Pinned) error {
	var changed []string
	for name, s := range p.inputs {
		if target.Transaction(inputApp+s.Metadata().ID) != s.Version() {
			changed = append(changed, name.String())
		}
	}
	if len(changed) == 0 {
		p.current = true
		return nil
	}
	slices.Sort(changed)
	p.why = strings.Join(changed, ", ") + " changed"
	if m.Mode != spec.Incremental {
		return nil
	}
	on := m.IncrementalOn.Fold()
	input := p.inputs[on]
	if input == nil {
		return spec.Problem{Pos: m.At("incremental_on"), Path: "models." + m.Name.String(),
			Message: fmt.Sprintf("the statement does not read %s", m.IncrementalOn), Hint: "name a table that it reads"}
	}
	from := target.Transaction(inputApp + input.Metadata().ID)
	if from < 0 {
		return nil
	}
	added, err := collect(input.Since(ctx, from))
	if errors.Is(err, delta.ErrRewritten) {
		p.why = on.String() + " was rewritten, so its new rows alone will not do"
		return nil
	}
	if err != nil {
		return err
	}
	p.incremental, p.increment, p.from, p.added, p.why = true, on, from, added, "new rows in "+on.String()
	pinned.Increment, pinned.Added = on, added
	return nil
}

func collect(files iter.Seq2[delta.Add, error]) (all []delta.Add, err error) {
	for f, err := range files {
		if err != nil {
			return nil, err
		}
		all = append(all, f)
	}
	return all, nil
}

// describeModel says what a model's table is to be, and how its rows are written.
func (l *Lake) describeModel(ctx context.Context, m model, table *delta.Table, p build) (tablefile.Spec, delta.Metadata, error) {
	described, err := p.engine.Describe(ctx, m.Query)
	if err != nil {
		return tablefile.Spec{}, delta.Metadata{}, inModel(m.Model, err)
	}
	columns, err := tablefile.SchemaOf(described)
	if err != nil {
		return tablefile.Spec{}, delta.Metadata{}, inModel(m.Model, err)
	}
	metadata := p.before()
	if p.base == nil {
		if err := l.env.Catalog.Vacant(ctx, m.name); err != nil {
			return tablefile.Spec{}, delta.Metadata{}, inModel(m.Model, err)
		}
		metadata = delta.Metadata{ID: uuid.NewString(), CreatedAt: time.Now().UnixMilli()}
	}
	if !p.incremental {
		metadata.Schema, metadata.PartitionColumns = columns, m.PartitionBy
	}
	properties := map[string]string{fingerprintKey: m.fingerprint()}
	maps.Copy(properties, m.Properties)
	write.Describe(&metadata, m.Description, properties, m.Constraints)
	fileSpec := l.writer.FileSpec(table, metadata)
	fileSpec.SortBy = m.ClusterBy
	return fileSpec, metadata, nil
}

// change is the commit of the rows, with the versions of the inputs that they were made of.
func (p *build) change(m model, table *delta.Table, metadata delta.Metadata, written tablefile.Written) *write.Change {
	c := &write.Change{
		Table: table, Base: p.base, Metadata: metadata, Rows: written, Replace: !p.incremental, Rebase: write.Owned,
		Operation: "CREATE OR REPLACE TABLE AS SELECT", Parameters: map[string]string{"model": m.name.String()},
	}
	if !p.incremental {
		c.Made = func(now *delta.Snapshot) bool { return p.madeBy(m, now) }
	}
	for name, s := range p.inputs {
		move := write.Move{App: inputApp + s.Metadata().ID, From: write.Any, To: s.Version()}
		if p.incremental && name == p.increment {
			move.From = p.from
		}
		c.Moves = append(c.Moves, move)
	}
	return c
}

// madeBy says whether a version of the model's table is what this run would make of it.
func (p *build) madeBy(m model, s *delta.Snapshot) bool {
	for _, input := range p.inputs {
		if s.Transaction(inputApp+input.Metadata().ID) != input.Version() {
			return false
		}
	}
	return s.Version() >= 0 && s.Metadata().Configuration[fingerprintKey] == m.fingerprint()
}
