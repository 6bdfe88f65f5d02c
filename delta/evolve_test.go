package delta

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/store"
)

// jsonRows are rows of the fields, in JSON, one batch for each text.
func jsonRows(t testing.TB, fields []arrow.Field, texts ...string) batches {
	t.Helper()
	var all []arrow.RecordBatch
	for _, text := range texts {
		batch, _, err := array.RecordFromJSON(memory.DefaultAllocator, arrow.NewSchema(fields, nil), strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(batch.Release)
		all = append(all, batch)
	}
	return func(yield func(arrow.RecordBatch, error) bool) {
		for _, batch := range all {
			if !yield(batch, nil) {
				return
			}
		}
	}
}

func arrowField(name string, t arrow.DataType) arrow.Field {
	return arrow.Field{Name: name, Type: t, Nullable: true}
}

// tableRows are the rows of the newest version as text, sorted.
func tableRows(t testing.TB, tab *Table) []string {
	t.Helper()
	s := latest(t, tab)
	names := []string{}
	for _, f := range s.Schema().Fields {
		names = append(names, f.Name)
	}
	rows, err := scannedRows(t.Context(), s, names, nil)
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

var (
	smallID = arrowField("id", arrow.PrimitiveTypes.Int32)
	longID  = arrowField("id", arrow.PrimitiveTypes.Int64)
	text    = arrowField("name", arrow.BinaryTypes.String)
)

func TestAppendFits(t *testing.T) {
	for name, c := range map[string]struct {
		table, rows []arrow.Field
		mode        schema.Mode
		add         string
		want        []string
		mismatch    string // the column
	}{
		"a narrower type": {table: []arrow.Field{longID, text}, rows: []arrow.Field{smallID, text}, add: `[{"id":2,"name":"b"}]`,
			want: []string{`id=int64:"1"; name=utf8:"a"; `, `id=int64:"2"; name=utf8:"b"; `}},
		"a column less": {table: []arrow.Field{longID, text}, rows: []arrow.Field{text}, add: `[{"name":"b"}]`,
			want: []string{`id=int64:"1"; name=utf8:"a"; `, `id=null; name=utf8:"b"; `}},
		"a column more":      {table: []arrow.Field{longID}, rows: []arrow.Field{longID, text}, add: `[{"id":2,"name":"b"}]`, mismatch: "name"},
		"a wider type":       {table: []arrow.Field{smallID}, rows: []arrow.Field{longID}, add: `[{"id":2}]`, mismatch: "id"},
		"another type":       {table: []arrow.Field{longID}, rows: []arrow.Field{{Name: "id", Type: arrow.BinaryTypes.String}}, add: `[{"id":"2"}]`, mismatch: "id"},
		"widen does not add": {table: []arrow.Field{longID}, rows: []arrow.Field{longID, text}, mode: schema.Mode{Widen: true}, add: `[{"id":2}]`, mismatch: "name"},
		"add": {table: []arrow.Field{longID}, rows: []arrow.Field{longID, text}, mode: schema.Mode{AddColumns: true}, add: `[{"id":2,"name":"b"}]`,
			want: []string{`id=int64:"1"; name=null; `, `id=int64:"2"; name=utf8:"b"; `}},
		"widen": {table: []arrow.Field{smallID}, rows: []arrow.Field{longID}, mode: schema.Mode{Widen: true}, add: `[{"id":5000000000}]`,
			want: []string{`id=int64:"1"; `, `id=int64:"5000000000"; `}},
	} {
		t.Run(name, func(t *testing.T) {
			tab := At(store.NewMem(), "t")
			if _, err := Append(t.Context(), tab, jsonRows(t, c.table, `[{"id":1,"name":"a"}]`), AppendOptions{Create: &Metadata{}}); err != nil {
				t.Fatal(err)
			}
			_, err := Append(t.Context(), tab, jsonRows(t, c.rows, c.add), AppendOptions{Evolve: c.mode})
			var mismatch *schema.MismatchError
			switch {
			case c.mismatch != "" && (!errors.As(err, &mismatch) || mismatch.Column.String() != c.mismatch):
				t.Fatalf("got %v, want a mismatch of %s", err, c.mismatch)
			case c.mismatch != "":
				c.want = tableRows(t, tab)[:1]
			case err != nil:
				t.Fatal(err)
			}
			if got := tableRows(t, At(tab.store, "t")); !slices.Equal(got, c.want) {
				t.Errorf("rows: got %q, want %q", got, c.want)
			}
			wide := slices.Contains(latest(t, tab).Protocol().WriterFeatures, featureTypeWidening)
			if wide != (name == "widen") {
				t.Errorf("protocol: got %+v, want typeWidening only where a type became wider", latest(t, tab).Protocol())
			}
			r, err := tab.Check(t.Context(), CheckOptions{Data: true})
			if err != nil || len(r.Problems)+len(r.Orphans) > 0 {
				t.Errorf("check: got %+v, %v; want nothing wrong", r, err)
			}
		})
	}
}

// TestAppendBesideSchemaChange has another writer change the schema while the rows are written.
func TestAppendBesideSchemaChange(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*schema.Struct)
		ok     bool
	}{
		"column added": {func(s *schema.Struct) {
			s.Fields = append(s.Fields, schema.Field{Name: "x", Type: schema.Date, Nullable: true})
		}, true},
		"column widened":    {func(s *schema.Struct) { s.Fields[0].Type = schema.Long }, true},
		"column never null": {func(s *schema.Struct) { s.Fields[0].Nullable = false }, false},
		"another type":      {func(s *schema.Struct) { s.Fields[0].Type = schema.String }, false},
	} {
		t.Run(name, func(t *testing.T) {
			mem := store.NewMem()
			tab, fields := At(mem, "t"), []arrow.Field{smallID}
			if _, err := Append(t.Context(), tab, jsonRows(t, fields, `[{"id":1}]`), AppendOptions{Create: &Metadata{}}); err != nil {
				t.Fatal(err)
			}
			rows := jsonRows(t, fields, `[{"id":2}]`, `[{"id":3}]`)
			changing := func(yield func(arrow.RecordBatch, error) bool) {
				n := 0
				for batch, err := range rows {
					if n++; n == 2 {
						_, err = At(mem, "t").Update(t.Context(), func(x *Txn) error {
							m := x.Snapshot().Metadata()
							c.change(m.Schema)
							x.SetMetadata(m)
							return nil
						})
					}
					if !yield(batch, err) {
						return
					}
				}
			}
			_, err := Append(t.Context(), tab, changing, AppendOptions{})
			if (err == nil) != c.ok {
				t.Fatalf("got %v, want success: %v", err, c.ok)
			}
			if c.ok {
				if got := tableRows(t, tab); len(got) != 3 {
					t.Errorf("rows: got %q, want 3", got)
				}
			}
		})
	}
}

func TestAppendCutsStringsAsTheTableSays(t *testing.T) {
	tab := At(store.NewMem(), "t")
	long := strings.Repeat("x", 50)
	m := Metadata{Configuration: map[string]string{"delta.dataSkippingStringPrefixLength": "5"}}
	if _, err := Append(t.Context(), tab, jsonRows(t, []arrow.Field{text}, fmt.Sprintf(`[{"name":%q}]`, long)), AppendOptions{Create: &m}); err != nil {
		t.Fatal(err)
	}
	for _, f := range allFiles(t, latest(t, tab), nil) {
		if got := f.Stats.Columns[0].Min; got != long[:5] {
			t.Errorf("least name: got %v, want %s", got, long[:5])
		}
	}
}
