package proof

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/petalake/petalake/delta"
)

// agreed promises that petalake reads in every version of the table what Spark reads there, and
// finds nothing wrong with what Spark wrote.
func (p place) agreed(t *testing.T) {
	t.Helper()
	for v := range p.snapshot(t, latest).Version() + 1 {
		t.Run(fmt.Sprint("version ", v), func(t *testing.T) { p.seen(t, version(v), p.by(t, "spark", version(v))) })
	}
	p.sound(t)
}

const sparkRows = ` select * from values
	(1L, 2, 3S, 4Y, float(1.5), 2.5D, true, 'z', x'00FF', date'9999-12-31', timestamp'2026-01-01 00:00:00.123456', 1.50BD, named_struct('x', 1, 'y', array('a', null)), map('k', 1L, 'n', null)),
	(-9223372036854775808L, -2147483648, -32768S, -128Y, float('-Infinity'), double('NaN'), false, '', x'', date'0001-01-01', timestamp'1677-09-22 00:00:00', -9.99BD, named_struct('x', null, 'y', array()), map()),
	(9223372036854775807L, null, null, null, null, -0.0D, null, repeat('long ', 20), null, date'1969-12-31', timestamp'1969-12-31 23:59:59.999999', null, null, null),
	(null, null, null, null, null, null, null, null, null, null, null, null, null, null)
	as t(id, i, s, b, f, d, flag, text, bytes, day, ts, dec, nested, m)`

// TestSparkTypes promises that rows of every type that Spark wrote are read as Spark reads them,
// with timestamps in the form of Hive (Spark's default) and in that of Parquet.
func TestSparkTypes(t *testing.T) {
	o := others(t)
	for _, form := range []string{"INT96", "TIMESTAMP_MICROS"} {
		t.Run(form, func(t *testing.T) {
			p := newPlace(t)
			o.spark(t, "set spark.sql.parquet.outputTimestampType="+form,
				"create table "+p.sql()+" using delta as"+sparkRows, "insert into "+p.sql()+sparkRows,
				"set spark.sql.parquet.outputTimestampType=INT96")
			p.agreed(t)
		})
	}
	t.Run("without zone", func(t *testing.T) {
		p := newPlace(t)
		o.spark(t, "create table "+p.sql()+" using delta as select timestamp_ntz'0001-01-01 00:00:00.000001' as at, array(timestamp_ntz'9999-12-31 23:59:59') as more")
		p.agreed(t)
	})
	t.Run("partitions", func(t *testing.T) {
		p := newPlace(t)
		o.spark(t, "create table "+p.sql()+" using delta partitioned by (text, day, ts, dec, d, flag) as"+sparkRows,
			"insert into "+p.sql()+" (id, text) values (7, 'a b/c=d%e:f#g?h+é漢😀'), (8, '%20'), (9, '')")
		p.agreed(t)
	})
}

// TestSparkChanges promises that petalake follows what Spark does to a table: overwriting, deleting,
// updating and merging, compaction, new columns, and checkpoints of Spark's own.
func TestSparkChanges(t *testing.T) {
	o := others(t)
	p := newPlace(t)
	name := p.sql()
	o.spark(t, "create table "+name+" (id int, part string, v double) using delta partitioned by (part) "+
		"tblproperties ('delta.checkpointInterval' = '4', 'delta.enableDeletionVectors' = 'false')",
		"insert into "+name+" select id, concat('p', id % 3), id / 7 from range(100)",
		"insert into "+name+" replace where part = 'p1' values (1000, 'p1', 0.5)",
		"update "+name+" set v = -v where id % 10 = 0",
		"delete from "+name+" where id between 20 and 40",
		"merge into "+name+" t using (select explode(array(50, 2000)) as id) s on t.id = s.id "+
			"when matched then update set v = 50 when not matched then insert (id, part) values (s.id, 'new')",
		"optimize "+name,
		"alter table "+name+" add columns (extra struct<a:int,b:string>)",
		"insert into "+name+" values (3000, 'p0', 1, named_struct('a', 1, 'b', 'x'))",
		"insert overwrite "+name+" select * from "+name+" where id > 40")
	p.agreed(t)
}

// TestTurns promises that Spark, deltalake and petalake can take turns at writing one table.
func TestTurns(t *testing.T) {
	o := others(t)
	p := newPlace(t)
	p.create(t, delta.Metadata{Schema: columns(t, "id int, by string, part string"), PartitionColumns: []string{"part"},
		Configuration: map[string]string{"delta.checkpointInterval": "5"}})
	for i := range 4 {
		p.append(t, fmt.Sprintf(`[{"id": %d, "by": "petalake", "part": "a b"}, {"id": %d, "by": "petalake", "part": null}]`, i, i))
		o.spark(t, fmt.Sprintf("insert into %s values (%d, 'spark', 'a b'), (%d, 'spark', 'ü')", p.sql(), i, i))
		if _, err := o.ask(request{Do: "deltalake-append", Table: p.path, Rows: []map[string]any{{"id": i, "by": "deltalake", "part": "a b"}}}); err != nil {
			t.Fatal(err)
		}
	}
	o.spark(t, "update "+p.sql()+" set id = id + 100 where part = 'ü'", "delete from "+p.sql()+" where id = 3 and by <> 'spark'")
	p.append(t, `[{"id": 500, "by": "petalake", "part": "ü"}]`)
	got := p.scan(t, latest, nil)
	if len(got.rows) != 18 {
		t.Errorf("got %d rows, want 18", len(got.rows))
	}
	p.seen(t, latest, got, readers()...)
	p.agreed(t)
}

// TestDeletionVectors promises a refusal that names the feature: until deletion vectors are read, rows
// that Spark deleted with one must not come back.
func TestDeletionVectors(t *testing.T) {
	o := others(t)
	p := newPlace(t)
	o.spark(t, "create table "+p.sql()+" using delta tblproperties ('delta.enableDeletionVectors' = 'true') as select id from range(0, 10, 1, 1)")
	p.agreed(t)
	o.spark(t, "delete from "+p.sql()+" where id = 3")
	var refused *delta.UnsupportedError
	for _, err := range delta.Scan(context.Background(), p.snapshot(t, latest), nil, nil) {
		if !errors.As(err, &refused) || !strings.Contains(err.Error(), "deletionVectors") {
			t.Fatalf("scan: got %v, want a refusal that names deletionVectors", err)
		}
	}
	if refused == nil {
		t.Fatal("scan: got no error, want a refusal that names deletionVectors")
	}
	if _, err := p.engine(t).Query(context.Background(), "select * from t"); !errors.As(err, &refused) {
		t.Fatalf("query: got %v, want the same refusal", err)
	}
}
