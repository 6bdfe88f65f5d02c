package models

import (
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
	"github.com/petalake/petalake/internal/query"
	"github.com/petalake/petalake/internal/write"
	"github.com/petalake/petalake/spec"
)

// Builder builds the models of an environment.
type Builder struct {
	Env     *lake.Env
	Writer  *write.Writer
	Engines *query.Engines
}

// A model's table carries what it was made of: the fingerprint of its definition is a table
// property, and the version of each input it read is the transaction version of the application
// "petalake.model/<id of the input table>". So a model is built anew exactly where its definition
// or one of its inputs changed, whoever built it last, and the record cannot part from the rows.
const (
	fingerprintKey = "petalake.model"
	inputApp       = "petalake.model/"
)

// fingerprint changes with everything that a model's rows depend on, apart from its inputs.
func (m *Model) fingerprint() string {
	text, _ := json.Marshal([]any{m.Query, m.Mode, m.IncrementalOn, m.PartitionBy, m.ClusterBy, m.Constraints}) // strings only: cannot fail
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:16])
}

// Build brings one model up to date, or finds that it is.
func (b *Builder) Build(ctx context.Context, m Model, tell func(lake.Event)) error {
	began := time.Now()
	event := lake.Event{Kind: lake.ModelEvent, Name: m.Name.String(), Table: m.Name}
	table, err := b.Env.Table(ctx, m.Name)
	if err != nil {
		return err
	}
	p, err := b.planBuild(ctx, m, table)
	if waits := (*waitsError)(nil); errors.As(err, &waits) {
		event.State, event.Version, event.Note = lake.Current, -1, waits.Error()
		tell(event)
		return nil
	}
	if err != nil {
		return err
	}
	if p.current {
		event.State, event.Version = lake.Current, p.base.Version()
		tell(event)
		return nil
	}
	event.Note = p.why
	choice, err := b.Engines.ChooseOver(ctx, p.engine, b.engineOf(m.Model), m.Query, nil)
	if err != nil {
		return inModel(m.Model, err)
	}
	if b.engineOf(m.Model) == spec.EngineAuto {
		event.Note += "; on " + choice.String()
	}
	written, metadata, err := b.write(ctx, m, table, &p, choice.Engine, func(done float64) {
		running := event
		running.State, running.Done = lake.Running, done
		tell(running)
	})
	if err != nil {
		return err
	}
	commit, err := b.Writer.Commit(ctx, p.change(m, table, metadata, written))
	if errors.Is(err, delta.ErrAdvanced) {
		event.State, event.Note = lake.Current, "built by another process at the same time"
		tell(event)
		return nil
	}
	if err != nil {
		return err
	}
	event.State, event.Version, event.Rows, event.Took = lake.Built, commit.Version, written.Rows, time.Since(began)
	tell(event)
	return nil
}

// write runs a model's SELECT on an engine. Nobody sees the files that it returns until they are committed.
func (b *Builder) write(ctx context.Context, m Model, table *delta.Table, p *build, engine spec.Engine, tell func(done float64)) (tablefile.Written, delta.Metadata, error) {
	if engine == spec.EngineSpark {
		return b.writeOnSpark(ctx, m, table, p, tell)
	}
	fileSpec, metadata, err := b.describeModel(ctx, m, table, *p)
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
func (b *Builder) planBuild(ctx context.Context, m Model, table *delta.Table) (build, error) {
	p := build{inputs: map[spec.TableName]*delta.Snapshot{}}
	for _, name := range m.Inputs {
		t, err := b.Env.Table(ctx, name)
		if err != nil {
			return p, err
		}
		s, err := t.Snapshot(ctx, delta.When{})
		if errors.Is(err, fs.ErrNotExist) {
			return p, b.unmade(ctx, m, name)
		}
		if err != nil {
			return p, err
		}
		p.inputs[name.Fold()] = s
	}
	pinned := lake.Pinned{Env: b.Env, Versions: p.inputs}
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
	p.engine = b.Engines.Duck.With(pinned)
	return p, nil
}

// unmade says why a table that a model reads is not there.
func (b *Builder) unmade(ctx context.Context, m Model, name spec.TableName) error {
	for _, s := range b.Env.Spec.Sources {
		if s.Table.Same(name) {
			problem := inModel(m.Model, fmt.Errorf("reads %s, which source %s has not made yet", name, s.Name))
			problem.Hint = "it is made when the source finds its first file"
			return problem
		}
	}
	for _, j := range b.Env.Spec.Jobs {
		if slices.ContainsFunc(j.Writes, name.Same) {
			return &waitsError{name, "job " + j.Name}
		}
	}
	if b.Env.Spec.Model(name) != nil { // it was not skipped, and so waits itself
		return &waitsError{name, "a model"}
	}
	return inModel(m.Model, fmt.Errorf("reads %s: %w", name, b.Env.Missing(ctx, name.String())))
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
func (p *build) compare(ctx context.Context, m Model, target *delta.Snapshot, pinned *lake.Pinned) error {
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
func (b *Builder) describeModel(ctx context.Context, m Model, table *delta.Table, p build) (tablefile.Spec, delta.Metadata, error) {
	described, err := p.engine.Describe(ctx, m.Query)
	if err != nil {
		return tablefile.Spec{}, delta.Metadata{}, inModel(m.Model, err)
	}
	columns, err := tablefile.SchemaOf(described)
	if err != nil {
		return tablefile.Spec{}, delta.Metadata{}, inModel(m.Model, err)
	}
	metadata := p.before()
	if err := write.CheckNames(metadata.Schema, columns, write.RenameInSelect); err != nil {
		return tablefile.Spec{}, delta.Metadata{}, inModel(m.Model, err)
	}
	if p.base == nil {
		if err := b.Env.Catalog.Vacant(ctx, m.Name); err != nil {
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
	fileSpec := b.Writer.FileSpec(table, metadata)
	fileSpec.SortBy = m.ClusterBy
	return fileSpec, metadata, nil
}

// change is the commit of the rows, with the versions of the inputs that they were made of.
func (p *build) change(m Model, table *delta.Table, metadata delta.Metadata, written tablefile.Written) *write.Change {
	c := &write.Change{
		Table: table, Base: p.base, Metadata: metadata, Rows: written, Replace: !p.incremental, Rebase: write.Owned,
		Operation: "CREATE OR REPLACE TABLE AS SELECT", Parameters: map[string]string{"model": m.Name.String()},
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
func (p *build) madeBy(m Model, s *delta.Snapshot) bool {
	for _, input := range p.inputs {
		if s.Transaction(inputApp+input.Metadata().ID) != input.Version() {
			return false
		}
	}
	return s.Version() >= 0 && s.Metadata().Configuration[fingerprintKey] == m.fingerprint()
}
