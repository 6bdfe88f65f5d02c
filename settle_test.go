package petalake_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/petalake/petalake"
	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/spec"
)

const declared = `
lakehouse: x
tables:
  t:
    columns: [{name: a, type: TYPE}, b: string]
    MORE
sources:
  t: {path: raw/*.csv}
`

// declare writes a lakehouse.yaml whose table t has more keys than its columns.
func (h *house) declare(columnType, more string) *petalake.Lake {
	h.t.Helper()
	h.write("lakehouse.yaml", strings.NewReplacer("TYPE", columnType, "MORE", more).Replace(declared))
	return h.open()
}

// TestDeclarationsTakeEffect changes what lakehouse.yaml says of a table that has rows: each change
// shows in the table at once, or is an error that says what to do and leaves the table as it was.
func TestDeclarationsTakeEffect(t *testing.T) {
	t.Parallel()
	h := newHouse(t, map[string]string{"raw/1.csv": "a,b\n1,x\n-2,y\n"})
	h.mustUp(h.declare("int", ""), "source t: built 2")
	for _, step := range []struct{ columnType, more, problem, at, hint string }{
		{"int", "partition_by: b", "partitioned by nothing", "partition_by", "--mode replace"},
		{"int", "constraints: {positive: a > 0}", "constraint positive (a > 0) is not true for 1 of its rows, such as {'a': -2, 'b': y}", "a > 0", "correct"},
		{"int", "constraints: {bad: nosuch > 0}", "constraint bad (nosuch > 0): ", "nosuch", ""},
		{"int", "constraints: {small: a < 100}", "", "", ""},
		{"bigint", "", "column a: expected int, found bigint", "t:", "evolve: widen"},
		{"bigint", "evolve: widen", "", "", ""},
		{"bigint, nullable: false", "", "", "", ""},
		{"bigint, nullable: false", "description: rows", "", "", ""},
	} {
		lake := h.declare(step.columnType, step.more)
		before := metadataOf(t, lake, "t")
		_, err := h.up(lake)
		if step.problem == "" {
			if err != nil {
				t.Errorf("%s %s: %v", step.columnType, step.more, err)
			}
			continue
		}
		var problem spec.Problem
		if !errors.As(err, &problem) || !strings.Contains(problem.Message, step.problem) || !strings.Contains(problem.Hint, step.hint) {
			t.Errorf("%s %s: got %v, want %q with the hint %q", step.columnType, step.more, err, step.problem, step.hint)
		}
		text, _ := os.ReadFile(filepath.Join(h.dir, "lakehouse.yaml"))
		if line := strings.Split(string(text), "\n")[max(problem.Pos.Line, 1)-1]; !strings.Contains(line, step.at) {
			t.Errorf("%s %s: the position is line %q, want one with %q", step.columnType, step.more, line, step.at)
		}
		if after := metadataOf(t, lake, "t"); len(after.Configuration) != len(before.Configuration) || len(after.PartitionColumns) != 0 {
			t.Errorf("%s %s: the table changed: %v", step.columnType, step.more, after)
		}
	}
	lake := h.open()
	m := metadataOf(t, lake, "t")
	if len(m.Configuration["delta.constraints.small"]) > 0 || m.Description != "rows" {
		t.Errorf("got description %q and properties %v, want rows, and the constraint taken off again", m.Description, m.Configuration)
	}
	if a := m.Schema.Fields[0]; a.Type.String() != "bigint" || a.Nullable {
		t.Errorf("column a: got %v, nullable %v; want a bigint that is never null", a.Type, a.Nullable)
	}
	checkAll(t, lake, "t")
}

func metadataOf(t *testing.T, lake *petalake.Lake, name string) delta.Metadata {
	t.Helper()
	table, err := lake.Table(context.Background(), name)
	if err != nil {
		t.Fatal(err)
	}
	s, err := table.Snapshot(context.Background(), delta.When{})
	if err != nil {
		t.Fatal(err)
	}
	return s.Metadata()
}

// What somebody else set on a table stays, whatever the file says.
func TestForeignPropertiesStay(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	h := newHouse(t, map[string]string{"raw/1.csv": "a,b\n1,x\n"})
	lake := h.declare("int", "properties: {ours: 1}")
	h.mustUp(lake, "source t: built 1")
	table, err := lake.Table(ctx, "t")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := table.Update(ctx, func(x *delta.Txn) error {
		m := x.Snapshot().Metadata()
		m.Configuration["theirs"] = "2"
		x.SetMetadata(m)
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	lake = h.declare("int", "")
	h.mustUp(lake, "table t: built 0", "source t: current")
	if c := metadataOf(t, lake, "t").Configuration; c["theirs"] != "2" || c["ours"] != "" {
		t.Errorf("properties: got %v, want theirs alone", c)
	}
}

// A column that is never null cannot come to rows that lack it.
func TestNewColumnWithoutNullsNeedsNoRows(t *testing.T) {
	t.Parallel()
	h := newHouse(t, map[string]string{"raw/1.csv": "a,b\n1,x\n"})
	h.mustUp(h.declare("int", ""), "source t: built 1")
	lake := h.declare("int}, {name: c, type: int, nullable: false", "evolve: add")
	if _, err := h.up(lake); err == nil || !strings.Contains(err.Error(), "column c: nullable: false is not true for 1") {
		t.Errorf("got %v, want an error that names column c", err)
	}
	checkAll(t, lake, "t")
}

// Partitions change together with all rows.
func TestReplaceChangesPartitions(t *testing.T) {
	t.Parallel()
	h := newHouse(t, map[string]string{"raw/1.csv": "a,b\n1,x\n2,y\n"})
	h.mustUp(h.declare("int", ""), "source t: built 2")
	lake := h.declare("int", "partition_by: b")
	load := petalake.Load{Table: spec.TableName{Table: "t"}, Paths: []string{filepath.Join(h.dir, "raw/1.csv")}, Replace: true}
	if _, err := lake.Load(context.Background(), load, nil); err != nil {
		t.Fatal(err)
	}
	h.mustUp(lake, "source t: current")
	expect(t, lake, "select a, b from t order by a", "1|x", "2|y")
	if got := metadataOf(t, lake, "t").PartitionColumns; len(got) != 1 || got[0] != "b" {
		t.Errorf("partitions: got %v, want b", got)
	}
	checkAll(t, lake, "t")
}
