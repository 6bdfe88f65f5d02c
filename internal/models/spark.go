package models

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/engine/duck/tablefile"
	"github.com/petalake/petalake/engine/spark"
	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/internal/link"
	"github.com/petalake/petalake/internal/sql"
	"github.com/petalake/petalake/internal/words"
	"github.com/petalake/petalake/internal/write"
	"github.com/petalake/petalake/spec"
)

// A model that runs on Spark is written by Spark, and committed by us. Spark makes a table of its own
// of the rows, in a folder inside that of the model's table, so that files, statistics and partition
// values are its work at any size; the commit then names these files, with the same record of inputs
// that a model of DuckDB leaves. Until then nobody sees them.

// staging is the schema of Spark's catalog that names what is under way. It holds no table of the lake.
const staging = "petalake_staging"

// stagedFolder begins the names of the folders that Spark writes into.
const stagedFolder = "spark-"

// sparkBuild is one run of a model on Spark.
type sparkBuild struct {
	*build
	model Model
	link  *link.Link
	env   *lake.Env
	table *delta.Table
	id    string // of this run: a part of the names that it makes
}

// folder is where Spark writes, below the table's folder; so deep that nobody takes it for a table of
// the lake.
func (b *sparkBuild) folder() string { return stagedFolder + b.id + "/rows" }

// writeOnSpark runs a model on Spark and returns the files it wrote, and what the table is to be.
func (b *Builder) writeOnSpark(ctx context.Context, m Model, table *delta.Table, p *build, tell func(done float64)) (tablefile.Written, delta.Metadata, error) {
	link, err := b.Engines.Links.Open(ctx)
	if err != nil {
		return tablefile.Written{}, delta.Metadata{}, err
	}
	run := &sparkBuild{build: p, model: m, link: link, env: b.Env, table: table, id: strings.ReplaceAll(uuid.NewString(), "-", "")[:16]}
	if p.base == nil {
		if err := b.Env.Catalog.Vacant(ctx, m.Name); err != nil {
			return tablefile.Written{}, delta.Metadata{}, inModel(m.Model, err)
		}
	}
	watched, stop := link.Alive(ctx)
	written, metadata, err := run.run(watched, tell)
	stop()
	// Whatever happened, what is only for this run goes.
	after := context.WithoutCancel(ctx)
	run.forget(after)
	if err != nil {
		run.discard(after, run.folder()+"/")
		return written, metadata, b.Engines.Links.Lost(run.attribute(err))
	}
	run.discard(after, run.folder()+"/_delta_log/")
	return written, metadata, nil
}

func (b *sparkBuild) run(ctx context.Context, tell func(float64)) (tablefile.Written, delta.Metadata, error) {
	var none delta.Metadata
	b.sweep(ctx)
	query, err := b.query(ctx)
	if err != nil {
		return tablefile.Written{}, none, err
	}
	if err := spark.Guard(b.model.Query, b.env.Holds); err != nil {
		return tablefile.Written{}, none, err
	}
	metadata, err := b.write(ctx, query, tell)
	if err != nil {
		return tablefile.Written{}, none, err
	}
	if err := b.checkConstraints(ctx); err != nil {
		return tablefile.Written{}, none, err
	}
	written, err := b.files(ctx)
	return written, metadata, err
}

// query is the model's SELECT on exactly the versions that the run records, and with the table's
// types where it adds to one.
func (b *sparkBuild) query(ctx context.Context) (string, error) {
	var inputs []spec.TableName
	for _, s := range b.inputs {
		inputs = append(inputs, lake.NameOf(s.Table()))
	}
	if err := b.link.Register(ctx, inputs); err != nil {
		return "", err
	}
	if b.incremental {
		if err := b.stageIncrement(ctx); err != nil {
			return "", err
		}
	}
	query := sql.Rewrite(sql.Spark, sql.Trim(sql.Spark, b.model.Query), func(r sql.Reference) string {
		found, ok := r.Table()
		n := found
		input := b.inputs[n.Fold()]
		switch {
		case !ok || input == nil || r.Travels:
			return ""
		case b.incremental && n.Fold() == b.increment:
			alias := ""
			if !r.Alias {
				alias = " AS " + sql.QuoteName(sql.Spark, n.Table)
			}
			return b.name("new") + alias
		}
		return fmt.Sprintf("%s VERSION AS OF %d", link.TableName(n), input.Version())
	})
	if !b.incremental {
		return query, nil
	}
	var casts []string
	for _, f := range b.before().Schema.Fields {
		casts = append(casts, fmt.Sprintf("CAST(%s AS %s) AS %[1]s", sql.QuoteName(sql.Spark, f.Name), f.Type))
	}
	return "SELECT " + strings.Join(casts, ", ") + " FROM (\n" + query + "\n)", nil
}

// name is the name in Spark of something that is only for this run.
func (b *sparkBuild) name(what string) string {
	return sql.QuoteName(sql.Spark, staging) + "." + sql.QuoteName(sql.Spark, what+"_"+b.id)
}

// stageIncrement makes a table of the rows that are new: a log of its own that names the files of
// the input which were added.
func (b *sparkBuild) stageIncrement(ctx context.Context) error {
	input := b.inputs[b.increment]
	metadata := input.Metadata()
	metadata.ID, metadata.Configuration = uuid.NewString(), nil
	root := b.env.Location() + "/" + input.Table().Root() + "/"
	_, err := b.incrementTable().Update(ctx, func(x *delta.Txn) error {
		x.SetMetadata(metadata)
		for _, f := range b.added {
			f.Path = root + f.Path
			x.Add(f)
		}
		x.Operation("WRITE", map[string]string{"mode": "Append"}, nil)
		return nil
	})
	if err != nil {
		return err
	}
	return b.stage(ctx, "new", b.incrementTable().Root(), "")
}

// incrementTable is where the log of the new rows is.
func (b *sparkBuild) incrementTable() *delta.Table {
	return delta.At(b.env.Storage.Store, "_petalake/staging/"+b.id)
}

// stage names a table of Spark's catalog. Definition makes it; without one it is there.
func (b *sparkBuild) stage(ctx context.Context, what, root, definition string) error {
	if err := b.link.Run(ctx, "CREATE SCHEMA IF NOT EXISTS "+sql.QuoteName(sql.Spark, staging)); err != nil {
		return err
	}
	return b.link.Run(ctx, "CREATE TABLE "+b.name(what)+" USING delta LOCATION "+sql.QuoteText(sql.Spark, b.env.Location()+"/"+root)+definition)
}

// write has Spark write the rows, and says what the table is to be.
func (b *sparkBuild) write(ctx context.Context, query string, tell func(float64)) (delta.Metadata, error) {
	m := b.model
	definition := ""
	partitions := m.PartitionBy
	if b.incremental {
		partitions = b.before().PartitionColumns
	}
	if len(partitions) > 0 {
		definition = " PARTITIONED BY (" + quotedSpark(partitions) + ")"
	}
	definition += " AS SELECT * FROM (\n" + query + "\n)"
	if len(m.ClusterBy) > 0 {
		definition += " ORDER BY " + quotedSpark(m.ClusterBy)
	}
	if err := b.link.Run(ctx, "CREATE SCHEMA IF NOT EXISTS "+sql.QuoteName(sql.Spark, staging)); err != nil {
		return delta.Metadata{}, err
	}
	sql := "CREATE TABLE " + b.name("rows") + " USING delta LOCATION " +
		sql.QuoteText(sql.Spark, b.env.Location()+"/"+b.table.Root()+"/"+b.folder()) + definition
	r, err := b.link.Session.Watch(ctx, func(p spark.Progress) {
		if done, all := p.Tasks(); all > 0 {
			tell(float64(done) / float64(all))
		}
	}, sql)
	if err != nil {
		return delta.Metadata{}, err
	}
	r.Release()
	s, err := b.staged().Snapshot(ctx, delta.When{})
	if err != nil {
		return delta.Metadata{}, err
	}
	return b.metadata(s)
}

// staged is what Spark wrote, as a table.
func (b *sparkBuild) staged() *delta.Table {
	return delta.At(b.env.Storage.Store, b.table.Root()+"/"+b.folder())
}

func quotedSpark(names []string) string {
	quoted := make([]string, len(names))
	for i, n := range names {
		quoted[i] = sql.QuoteName(sql.Spark, n)
	}
	return strings.Join(quoted, ", ")
}

// metadata is what the model's table is to be after rows of these columns.
func (b *sparkBuild) metadata(s *delta.Snapshot) (delta.Metadata, error) {
	metadata := b.before()
	if b.base == nil {
		metadata = delta.Metadata{ID: uuid.NewString(), CreatedAt: time.Now().UnixMilli()}
	}
	if b.incremental {
		if _, err := schema.Conform(metadata.Schema, s.Schema(), schema.Mode{}); err != nil {
			return metadata, err
		}
	} else {
		metadata.Schema, metadata.PartitionColumns = s.Schema(), s.Metadata().PartitionColumns
	}
	properties := map[string]string{fingerprintKey: b.model.fingerprint()}
	maps.Copy(properties, b.model.Properties)
	write.Describe(&metadata, b.model.Description, properties, b.model.Constraints)
	return metadata, nil
}

// checkConstraints checks what Spark wrote against the model's constraints.
func (b *sparkBuild) checkConstraints(ctx context.Context) error {
	for _, name := range slices.Sorted(maps.Keys(b.model.Constraints)) {
		condition := b.model.Constraints[name]
		r, err := b.link.Session.Query(ctx, "SELECT count(*) FROM "+b.name("rows")+" WHERE ("+condition+") IS NOT TRUE")
		if err != nil {
			return err
		}
		broken := "0"
		for r.Next() {
			broken = r.RecordBatch().Column(0).ValueStr(0)
		}
		err = r.Err()
		r.Release()
		if err != nil {
			return err
		}
		if broken != "0" {
			return fmt.Errorf("constraint %s (%s) is not true for %s of its rows", name, condition, broken)
		}
	}
	return nil
}

// files are those that Spark wrote, as files of the model's table.
func (b *sparkBuild) files(ctx context.Context) (tablefile.Written, error) {
	s, err := b.staged().Snapshot(ctx, delta.When{})
	if err != nil {
		return tablefile.Written{}, err
	}
	var out tablefile.Written
	for f, err := range s.Files(ctx, nil) {
		if err != nil {
			return out, err
		}
		out.Rows += max(f.Stats.NumRecords, 0)
		out.Bytes += f.Size
		out.Files = append(out.Files, delta.Add{
			Path: b.folder() + "/" + f.Path, PartitionValues: f.PartitionValues, Size: f.Size,
			ModTime: f.ModTime, DataChange: true, Stats: f.Stats,
		})
	}
	return out, nil
}

// forget takes the run's names out of Spark's catalog, and the log of the new rows out of the lake.
func (b *sparkBuild) forget(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for _, what := range []string{"rows", "new"} {
		if what == "rows" || b.incremental {
			_ = b.link.Run(ctx, "DROP TABLE IF EXISTS "+b.name(what)) // its files stay: it has a location
		}
	}
	if b.incremental {
		b.delete(ctx, b.incrementTable().Root()+"/")
	}
}

// discard deletes what is below a place in the table's folder. Nobody refers to it; what cannot be
// deleted is an orphan.
func (b *sparkBuild) discard(ctx context.Context, below string) {
	b.delete(ctx, b.table.Root()+"/"+below)
}

func (b *sparkBuild) delete(ctx context.Context, prefix string) {
	var keys []string
	for o, err := range b.env.Storage.Store.List(ctx, prefix, "") {
		if err != nil {
			return
		}
		keys = append(keys, o.Key)
	}
	if len(keys) > 0 {
		_ = b.env.Storage.Store.Delete(ctx, keys...)
	}
}

// stale is how old a folder of a run that never ended is before another run deletes it.
const stale = 24 * time.Hour

// sweep deletes what runs that were killed left in the table's folder. A folder without a log is one
// whose files were committed.
func (b *sparkBuild) sweep(ctx context.Context) {
	old := map[string]bool{}
	prefix := b.table.Root() + "/" + stagedFolder
	for o, err := range b.env.Storage.Store.List(ctx, prefix, "") {
		if err != nil {
			return
		}
		folder, rest, _ := strings.Cut(strings.TrimPrefix(o.Key, b.table.Root()+"/"), "/")
		if strings.HasPrefix(rest, "rows/_delta_log/") && time.Since(o.Modified) > stale {
			old[folder] = true
		}
	}
	for folder := range old {
		if !b.uses(ctx, folder+"/") {
			b.discard(ctx, folder+"/")
		} else {
			b.discard(ctx, folder+"/rows/_delta_log/")
		}
	}
}

// uses says whether the table, as it is now, has a file in a folder; when in doubt it has.
func (b *sparkBuild) uses(ctx context.Context, folder string) bool {
	s, err := b.table.Snapshot(ctx, delta.When{})
	if errors.Is(err, fs.ErrNotExist) {
		return false
	}
	if err != nil {
		return true
	}
	for f, err := range s.Files(ctx, nil) {
		if err != nil || strings.HasPrefix(f.Path, folder) {
			return true
		}
	}
	return false
}

// sparkLine is how Spark says where in a statement something is wrong.
var sparkLine = regexp.MustCompile(`\bline (\d+)[,)]`)

// attribute says that it is Spark which does not take a statement, where DuckDB may.
func (b *sparkBuild) attribute(err error) error {
	var said *spark.Error
	if !errors.As(err, &said) || said.Class == "" {
		return inModel(b.model.Model, err)
	}
	problem := inModel(b.model.Model, err)
	if m := sparkLine.FindStringSubmatch(said.Message); m != nil {
		line, _ := strconv.Atoi(m[1])
		problem.Pos.Line += max(line-2, 0) // the model's first line is the second of what Spark was sent
	}
	problem.Message = fmt.Sprintf("model %s: Spark does not take it: %s", b.model.Name, words.FirstLine(said.Message))
	problem.Hint = cmp.Or(problem.Hint, "write it in the SQL that both engines share, or give the model engine: "+string(spec.EngineDuckDB))
	return problem
}
