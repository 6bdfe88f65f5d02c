package spark_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/petalake/petalake/engine/spark"
	"github.com/petalake/petalake/engine/spark/connectpb"
	"github.com/petalake/petalake/internal/servers"
)

// server is a server that others wrote.
type server struct {
	name    string
	address string
	token   string
}

// open opens a session, on another address where one is given.
func (s server) open(t *testing.T, address string) *spark.Session {
	t.Helper()
	if address == "" {
		address = s.address
	}
	session, err := spark.Open(t.Context(), spark.Options{Address: "sc://" + address + "/;user_id=ada", Token: s.token})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { session.Close() })
	// A small machine has no use for 200 and 50 tasks a statement.
	few := map[string]string{"spark.sql.shuffle.partitions": "2", "spark.databricks.delta.snapshotPartitions": "2"}
	if err := session.Set(t.Context(), few); err != nil {
		t.Fatal(err)
	}
	return session
}

// TestSpark promises what this package says, on Spark.
func TestSpark(t *testing.T) {
	s := servers.Spark(t, t.TempDir())
	promises(t, server{"spark", s.Address, s.Token})
}

// TestSail promises the same, but for what Sail does not do.
func TestSail(t *testing.T) {
	promises(t, server{"sail", servers.Sail(t), ""})
}

func promises(t *testing.T, on server) {
	session := on.open(t, "")
	for _, promise := range []struct {
		name string
		test func(*testing.T, *spark.Session, server)
	}{
		{"rows", rows}, {"arguments", arguments}, {"settings", settings}, {"explain", explained}, {"progress", watching},
		{"tags", byTag}, {"commands", commands}, {"describe", describe}, {"error", wrong}, {"unsupported", unsupported},
		{"artifacts", artifacts}, {"cached", cached}, {"streams", streams}, {"cancel", cancelled},
		{"cut", cut}, {"once", once}, {"tls", encrypted},
	} {
		t.Run(promise.name, func(t *testing.T) { promise.test(t, session, on) })
	}
}

// all reads a statement to its end: how many rows, and the sum of its first column.
func all(ctx context.Context, s *spark.Session, sql string, args ...any) (text string, rows int64, err error) {
	r, err := s.Query(ctx, sql, args...)
	if err != nil {
		return "", 0, err
	}
	defer r.Release()
	for r.Next() {
		b := r.RecordBatch()
		if rows += b.NumRows(); rows < 10 {
			for i := range int(b.NumRows()) {
				for c := range int(b.NumCols()) {
					text += b.Column(c).ValueStr(i) + "|"
				}
			}
		}
	}
	return text, rows, r.Err()
}

func want(t *testing.T, s *spark.Session, want string, sql string, args ...any) {
	t.Helper()
	got, _, err := all(t.Context(), s, sql, args...)
	if err != nil {
		t.Fatalf("%s with %v: %v", sql, args, err)
	}
	if got != want {
		t.Errorf("%s gave %q, want %q", sql, got, want)
	}
}

func rows(t *testing.T, s *spark.Session, on server) {
	want(t, s, "1|a|(null)|", "SELECT 1, 'a', CAST(NULL AS INT)")
	_, n, err := all(t.Context(), s, "SELECT id, CAST(id AS STRING) FROM range(1000000)")
	if err != nil || n != 1_000_000 {
		t.Errorf("a million rows: got %d, %v", n, err)
	}
}

// settings promises that settings are those of the session, and that a default comes back
// (on Sail it stays away).
func settings(t *testing.T, s *spark.Session, on server) {
	ctx, key := t.Context(), "spark.sql.session.timeZone"
	before, err := s.Conf(ctx, key)
	if err != nil || before[key] == "" {
		t.Fatalf("a setting with a default: got %v, %v", before, err)
	}
	if err := s.Set(ctx, map[string]string{key: "Asia/Tokyo", "lake.name": "big lake"}); err != nil {
		t.Fatal(err)
	}
	got, err := s.Conf(ctx, key, "lake.name", "lake.none")
	if err != nil || got[key] != "Asia/Tokyo" || got["lake.name"] != "big lake" || len(got) != 2 {
		t.Errorf("after setting two: got %v, %v, want both, and nothing of a third", got, err)
	}
	want(t, s, "Asia/Tokyo|", "SELECT current_timezone()")
	every, err := s.Conf(ctx)
	if err != nil || every["lake.name"] != "big lake" {
		t.Errorf("all settings: got %v, %v, want lake.name among them", every, err)
	}
	if err := s.Unset(ctx, key, "lake.name"); err != nil {
		t.Fatal(err)
	}
	after, err := s.Conf(ctx, key, "lake.name")
	if _, kept := after["lake.name"]; err != nil || kept || after[key] == "Asia/Tokyo" || (after[key] == "") != (on.name == "sail") {
		t.Errorf("after unsetting: got %v, %v, want a default like %v", after, err, before)
	}
}

// explained promises a plan in each mode, and that explaining runs nothing.
func explained(t *testing.T, s *spark.Session, on server) {
	for _, mode := range []string{"", "simple", "extended", "codegen", "cost", "formatted"} {
		text, err := s.Explain(t.Context(), "SELECT id % ? AS k, count(*) FROM range(10) GROUP BY 1", mode, 3)
		if err != nil || !strings.Contains(text, "Plan") && !strings.Contains(text, "Codegen") {
			t.Errorf("explain %s: got %q, %v, want a plan", mode, text, err)
		}
	}
	if _, err := s.Explain(t.Context(), "SELECT 1", "best"); err == nil || !strings.Contains(err.Error(), "formatted") {
		t.Errorf("explain best: got %v, want the modes there are", err)
	}
	_, _ = s.Explain(t.Context(), "CREATE TEMPORARY VIEW explained AS SELECT 1", "")
	if _, _, err := all(t.Context(), s, "SELECT * FROM explained"); err == nil {
		t.Error("explaining a CREATE ran it")
	}
}

// long is a statement of half a minute, in 8 tasks.
const long = "SELECT sum(hash(a.id, b.id)) FROM range(0, 100000, 1, 8) a CROSS JOIN range(200000) b"

// watching promises that a statement tells of its stages and tasks while it runs. Sail tells nothing.
func watching(t *testing.T, s *spark.Session, on server) {
	if on.name == "sail" {
		if _, err := s.Watch(t.Context(), func(spark.Progress) { t.Error("Sail tells of progress now") }, "SELECT 1"); err != nil {
			t.Fatal(err)
		}
		return
	}
	if err := s.Set(t.Context(), map[string]string{"spark.connect.progress.reportInterval": "50ms"}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var seen spark.Progress
	_, err := s.Watch(ctx, func(p spark.Progress) {
		if _, all := p.Tasks(); all > 0 && p.Running > 0 {
			seen = p
			cancel()
		}
	}, long)
	if _, all := seen.Tasks(); all < 8 || len(seen.Stages) == 0 || !errors.Is(err, context.Canceled) {
		t.Errorf("a statement of eight tasks told %+v and ended with %v, want its stages, then %v", seen, err, context.Canceled)
	}
}

// byTag promises that what carries a tag is stopped, and nothing else.
func byTag(t *testing.T, s *spark.Session, on server) {
	ended := make(chan error, 1)
	go func() {
		_, _, err := all(t.Context(), s.Tagged("night"), long)
		ended <- err
	}()
	for tries := 0; ; tries++ {
		select {
		case err := <-ended:
			var said *spark.Error
			if err == nil || on.name == "spark" && !errors.As(err, &said) || tries == 0 {
				t.Errorf("interrupted by its tag: got %v after %d tries, want what the server says of it", err, tries)
			}
			return
		case <-time.After(50 * time.Millisecond):
			if err := s.Interrupt(t.Context(), "night"); err != nil {
				t.Fatal(err)
			}
			want(t, s.Tagged("day"), "1|", "SELECT 1")
		}
	}
}

func commands(t *testing.T, s *spark.Session, on server) {
	if _, _, err := all(t.Context(), s, "CREATE TEMPORARY VIEW few AS SELECT id FROM range(3)"); err != nil {
		t.Fatal(err)
	}
	want(t, s, "3|", "SELECT sum(id) FROM few")
}

func describe(t *testing.T, s *spark.Session, on server) {
	schema, err := s.Describe(t.Context(), "SELECT 1 AS a, 'x' AS b WHERE 1 = 0")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Describe(t.Context(), "CREATE TEMPORARY VIEW described AS SELECT 1"); err == nil {
		t.Error("describing a CREATE: got no error")
	}
	if _, _, err := all(t.Context(), s, "SELECT * FROM described"); err == nil {
		t.Error("describing a CREATE ran it")
	}
	if got := fmt.Sprint(schema.NumFields(), " ", schema.Field(0).Name, " ", schema.Field(1).Name); got != "2 a b" {
		t.Errorf("columns: got %q, want 2, a and b", got)
	}
}

func wrong(t *testing.T, s *spark.Session, on server) {
	_, _, err := all(t.Context(), s, "SELECT * FROM no_such_table")
	var said *spark.Error
	if !errors.As(err, &said) || !strings.Contains(err.Error(), "no_such_table") {
		t.Fatalf("a table that is not there: got %T %v, want what the server says of it", err, err)
	}
	if strings.Contains(err.Error(), "UnresolvedRelation") {
		t.Errorf("a table that is not there: got the plan too:\n%v", err)
	}
	if on.name == "spark" && (said.Class != "TABLE_OR_VIEW_NOT_FOUND" || said.SQLState != "42P01") {
		t.Errorf("a table that is not there: got class %q, state %q, want TABLE_OR_VIEW_NOT_FOUND, 42P01", said.Class, said.SQLState)
	}
}

// cancelled promises that the end of the context ends the statement, and not the session. The rows come
// from many tasks: a server holds the rows of a task until all before them are sent.
func cancelled(t *testing.T, s *spark.Session, on server) {
	ctx, cancel := context.WithCancel(t.Context())
	r, err := s.Query(ctx, "SELECT id FROM range(0, 20000000, 1, 200)")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Release()
	if !r.Next() {
		t.Fatal(r.Err())
	}
	cancel()
	for r.Next() {
	}
	if !errors.Is(r.Err(), context.Canceled) {
		t.Errorf("after cancel: got %v, want %v", r.Err(), context.Canceled)
	}
	want(t, s, "1|", "SELECT 1")
}

// unsupported promises what to do where a server does not know a kind of plan.
func unsupported(t *testing.T, s *spark.Session, _ server) {
	_, err := s.Execute(t.Context(), &connectpb.Relation{})
	if _, hint := told(err); !strings.Contains(hint, "kind of plan") {
		t.Errorf("a plan of no kind: got %v, hint %q, want a hint that says so", err, hint)
	}
	err = s.Run(t.Context(), &connectpb.Command{})
	if _, hint := told(err); !strings.Contains(hint, "kind of plan") {
		t.Errorf("a command of no kind: got %v, hint %q, want a hint that says so", err, hint)
	}
}

// told is what a person reads of an error.
func told(err error) (text, hint string) {
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		hint = h.Hint()
	}
	return fmt.Sprint(err), hint
}
