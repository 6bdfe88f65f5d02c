package write

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/engine/duck"
	"github.com/petalake/petalake/internal/sql"
	"github.com/petalake/petalake/spec"
)

// ApplyDeclaration makes a table that exists what lakehouse.yaml says of it now, in a commit without rows,
// and says what it changed, "" for nothing. Constraints are checked on the rows that are there first.
func (w *Writer) ApplyDeclaration(ctx context.Context, decl *spec.Table) (string, error) {
	for tries := 0; ; tries++ {
		changed, err := w.applyDeclarationOnce(ctx, decl)
		if !errors.Is(err, ErrMoved) || tries == mostTries {
			return changed, err
		}
	}
}

func (w *Writer) applyDeclarationOnce(ctx context.Context, decl *spec.Table) (string, error) {
	table, err := w.Env.Table(ctx, decl.Name)
	if err != nil {
		return "", err
	}
	snapshot, err := table.Snapshot(ctx, delta.When{})
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	before := snapshot.Metadata()
	after := before
	if err := declare(&after, decl, decl.Evolve, false); err != nil || same(before, after) {
		return "", err
	}
	if err := w.checkConstraints(ctx, decl, snapshot, after); err != nil {
		return "", err
	}
	_, err = w.Commit(ctx, &Change{
		Table: table, Base: snapshot, Metadata: after, Reads: true, Rebase: Unmoved,
		Operation: "SET TBLPROPERTIES", Parameters: map[string]string{"source": "lakehouse.yaml"},
	})
	for _, key := range slices.Sorted(maps.Keys(decl.Properties)) {
		if err != nil && strings.Contains(err.Error(), key) && !errors.Is(err, delta.ErrConflict) {
			at := "properties." + key
			return "", spec.Problem{Pos: decl.At(at), Path: "tables." + decl.Name.String() + "." + at, Message: err.Error()}
		}
	}
	return strings.Join(difference(before, after), ", "), err
}

// checkConstraints checks the rows of a table against the constraints of after that it does not have yet.
func (w *Writer) checkConstraints(ctx context.Context, decl *spec.Table, s *delta.Snapshot, after delta.Metadata) error {
	before, name := s.Metadata(), decl.Name
	engine := w.view(name, s)
	var problems spec.Errors
	check := func(at, rule, condition string) error {
		count, example, err := violations(ctx, engine, name, condition)
		var wrong *duck.Error
		problem := spec.Problem{Pos: decl.At(at), Path: "tables." + decl.Name.String() + "." + at}
		switch {
		case errors.As(err, &wrong):
			problem.Message = fmt.Sprintf("table %s: %s: %s", name, rule, wrong.Message)
		case err != nil:
			return err
		case count > 0:
			problem.Message = fmt.Sprintf("table %s: %s is not true for %d of its rows, such as %s", name, rule, count, example)
			problem.Hint = "correct the rows or change the rule; the table is as it was"
		default:
			return nil
		}
		problems = append(problems, problem)
		return nil
	}
	for _, rule := range slices.Sorted(maps.Keys(decl.Constraints)) {
		condition := decl.Constraints[rule]
		if before.Configuration[constraintPrefix+rule] == condition {
			continue
		}
		if err := check("constraints."+rule, fmt.Sprintf("constraint %s (%s)", rule, condition), condition); err != nil {
			return err
		}
	}
	for _, f := range after.Schema.Fields {
		condition := sql.QuoteName(sql.DuckDB, f.Name) + " IS NOT NULL"
		switch at := before.Schema.Index(f.Name); {
		case f.Nullable, at >= 0 && !before.Schema.Fields[at].Nullable:
			continue
		case at < 0:
			condition = "false" // the rows there are have no value for a new column
		}
		if err := check("columns", fmt.Sprintf("column %s: nullable: false", f.Name), condition); err != nil {
			return err
		}
	}
	if len(problems) > 0 {
		return problems
	}
	return nil
}

// violations counts the rows of a table for which a condition is not true, and shows one.
func violations(ctx context.Context, engine *duck.Engine, name spec.TableName, condition string) (count int64, example string, err error) {
	reader, err := engine.Query(ctx, fmt.Sprintf("SELECT count(*)::varchar, any_value(violation)::varchar FROM %s AS violation WHERE (%s\n) IS NOT TRUE", sql.QuoteTable(sql.DuckDB, name), condition))
	if err != nil {
		return 0, "", err
	}
	defer reader.Release()
	for reader.Next() {
		batch := reader.RecordBatch()
		if _, err := fmt.Sscan(batch.Column(0).ValueStr(0), &count); err != nil {
			return 0, "", err
		}
		example = batch.Column(1).ValueStr(0)
	}
	return count, example, reader.Err()
}

// declare brings the description of a table that exists up to what lakehouse.yaml says of it:
// description, properties, constraints, columns as far as the table may evolve. Partitions change
// only together with all rows.
func declare(m *delta.Metadata, decl *spec.Table, evolve spec.Evolution, replace bool) error {
	Describe(m, decl.Description, decl.Properties, decl.Constraints)
	path := "tables." + decl.Name.String()
	if decl.Has("partition_by") && !slices.EqualFunc(decl.PartitionBy, m.PartitionColumns, strings.EqualFold) {
		if !replace {
			return spec.Problem{
				Pos: decl.At("partition_by"), Path: path + ".partition_by",
				Message: fmt.Sprintf("table %s is partitioned by %s; that changes only together with all of its rows", decl.Name, listed(m.PartitionColumns)),
				Hint:    fmt.Sprintf("load all its files anew with `petalake load %s FILES --mode replace`, or name another table", decl.Name),
			}
		}
		m.PartitionColumns = decl.PartitionBy
	}
	if len(decl.Columns) == 0 {
		return nil
	}
	declared, err := columns(decl.Columns)
	if err != nil {
		return err
	}
	plan, err := schema.Conform(m.Schema, nullable(declared), mode(evolve))
	if err != nil {
		return spec.Problem{
			Pos: decl.Pos, Path: path, Message: fmt.Sprintf("table %s is not what the file declares: %v", decl.Name, err),
			Hint: declareHint(err, evolve),
		}
	}
	m.Schema = annotate(plan.Schema, declared)
	return nil
}

func listed(columns []string) string {
	if len(columns) == 0 {
		return "nothing"
	}
	return strings.Join(columns, ", ")
}

func declareHint(err error, evolve spec.Evolution) string {
	var misfit *schema.MismatchError
	switch {
	case !errors.As(err, &misfit):
	case misfit.Want == nil && evolve == spec.EvolveNone:
		return "write evolve: add to let new columns in"
	case misfit.Widens():
		return "write evolve: widen to let types become wider"
	case misfit.Got == nil:
		return "declare the column " + misfit.Column.String()
	}
	return "declare the types that the table has; `petalake describe` shows them"
}

// nullable leaves it to the rows whether a column that exists may become one without nulls.
func nullable(s *schema.Struct) *schema.Struct {
	out := &schema.Struct{Fields: slices.Clone(s.Fields)}
	for i := range out.Fields {
		out.Fields[i].Nullable = true
	}
	return out
}

// annotate gives the columns that are declared the description that the file has for them, and says
// whether they may be null.
func annotate(s, declared *schema.Struct) *schema.Struct {
	out := &schema.Struct{Fields: slices.Clone(s.Fields)}
	for i, f := range out.Fields {
		at := declared.Index(f.Name)
		if at < 0 {
			continue
		}
		out.Fields[i].Nullable = declared.Fields[at].Nullable
		if comment, ok := declared.Fields[at].Metadata["comment"]; ok {
			out.Fields[i].Metadata = maps.Clone(f.Metadata)
			if out.Fields[i].Metadata == nil {
				out.Fields[i].Metadata = map[string]any{}
			}
			out.Fields[i].Metadata["comment"] = comment
		}
	}
	return out
}

// difference names what parts two descriptions of a table.
func difference(a, b delta.Metadata) (changed []string) {
	if a.Description != b.Description {
		changed = append(changed, "description")
	}
	if string(a.Schema.JSON()) != string(b.Schema.JSON()) {
		changed = append(changed, "columns")
	}
	keys := map[string]bool{}
	for _, c := range []map[string]string{a.Configuration, b.Configuration} {
		for key := range c {
			keys[key] = a.Configuration[key] != b.Configuration[key]
		}
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if keys[key] && key != declaredKey {
			changed = append(changed, strings.TrimPrefix(key, "delta."))
		}
	}
	return changed
}
