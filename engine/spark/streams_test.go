package spark_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/petalake/petalake/engine/spark"
	"github.com/petalake/petalake/engine/spark/connectpb"
)

// streams promises that a streaming query is started, listed, asked and stopped; that one which fails
// says why; and that one over what is there now ends by itself. Sail
// does not tell of the last batch.
func streams(t *testing.T, s *spark.Session, on server) {
	ctx := t.Context()
	rate := spark.ReadStream("rate", map[string]string{"rowsPerSecond": "100"})
	spec := spark.StreamSpec{Input: rate, Format: "noop", Name: "ticks", Options: map[string]string{"checkpointLocation": t.TempDir()}}
	q, err := s.StartStream(ctx, spec)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Stop(context.WithoutCancel(ctx))
	if status, err := q.Status(ctx); err != nil || !status.Active || status.Message == "" {
		t.Errorf("status of a stream: got %+v, %v, want an active one", status, err)
	}
	list, err := s.Streams(ctx)
	if err != nil || len(list) != 1 || list[0].ID != q.ID || list[0].Run != q.Run || list[0].Name != "ticks" {
		t.Errorf("streams of the session: got %+v, %v, want %+v", list, err, q)
	}
	for last := ""; on.name == "spark" && !strings.Contains(last, "ticks"); time.Sleep(50 * time.Millisecond) {
		if last, err = q.Last(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if err := q.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	if status, err := q.Status(ctx); err != nil || status.Active {
		t.Errorf("after stop: got %+v, %v, want one that is not active", status, err)
	}
	if list, err := s.Streams(ctx); err != nil || len(list) != 0 {
		t.Errorf("after stop: got %+v, %v, want no streams", list, err)
	}
	if err := q.Await(ctx); err != nil {
		t.Errorf("awaiting a stream that was stopped: got %v", err)
	}
	t.Run("failing", func(t *testing.T) { failing(t, s) })
	if on.name == "sail" {
		return // it has no Delta tables by path in SQL
	}
	t.Run("delta", func(t *testing.T) { intoDelta(t, s) })
}

func failing(t *testing.T, s *spark.Session) {
	input := &connectpb.Relation{Common: &connectpb.RelationCommon{}, RelType: &connectpb.Relation_Project{Project: &connectpb.Project{
		Input: spark.ReadStream("rate", map[string]string{"rowsPerSecond": "100"}),
		Expressions: []*connectpb.Expression{{ExprType: &connectpb.Expression_ExpressionString_{
			ExpressionString: &connectpb.Expression_ExpressionString{Expression: "1 div (value - value)"},
		}}},
	}}}
	q, err := s.StartStream(t.Context(), spark.StreamSpec{Input: input, Format: "noop", Options: map[string]string{"checkpointLocation": t.TempDir()}})
	if err != nil {
		t.Fatal(err)
	}
	var said *spark.Error
	if err := q.Await(t.Context()); !errors.As(err, &said) || !strings.Contains(strings.ToLower(err.Error()), "zero") {
		t.Errorf("a stream that divides by zero ended with %v", err)
	}
	for _, spec := range []spark.StreamSpec{{}, {Input: input, SQL: "SELECT 1"}, {Input: input, Table: "a", Path: "b"}, {Input: input, Once: true, Every: 1}} {
		if _, err := s.StartStream(t.Context(), spec); err == nil {
			t.Errorf("%+v: got no error", spec)
		}
	}
}

// intoDelta runs a stream from one Delta table into another, twice: the second run has nothing to do.
func intoDelta(t *testing.T, s *spark.Session) {
	dir := t.TempDir()
	for _, sql := range []string{
		"CREATE TABLE brook USING delta LOCATION '" + dir + "/brook' AS SELECT id FROM range(1000)",
		"CREATE TABLE river (id BIGINT) USING delta LOCATION '" + dir + "/river'",
	} {
		if _, _, err := all(t.Context(), s, sql); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 {
		q, err := s.StartStream(t.Context(), spark.StreamSpec{
			SQL: "SELECT id + 1 AS id FROM STREAM brook", Format: "delta", Table: "river", Once: true,
			Options: map[string]string{"checkpointLocation": dir + "/checkpoint"},
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := q.Await(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	want(t, s, "1000|500500|", "SELECT count(*), sum(id) FROM river")
}
