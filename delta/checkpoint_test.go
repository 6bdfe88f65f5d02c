package delta

import (
	"context"
	"fmt"
	"math/big"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/delta/stats"
	"github.com/petalake/petalake/store"
)

// everyType has a column of each type that can have statistics, a nested one, and partitions.
func everyType() Metadata {
	f := func(name string, t schema.Type) schema.Field {
		return schema.Field{Name: name, Type: t, Nullable: true}
	}
	return Metadata{Name: "types", PartitionColumns: []string{"p", "q"}, Configuration: map[string]string{"a": "b"},
		Schema: &schema.Struct{Fields: []schema.Field{
			f("l", schema.Long), f("i", schema.Integer), f("s", schema.Short), f("b", schema.Byte), f("f", schema.Float),
			f("d", schema.Double), f("t", schema.String), f("day", schema.Date), f("at", schema.Timestamp),
			f("small", schema.Decimal{Precision: 5, Scale: 2}), f("big", schema.Decimal{Precision: 30, Scale: 3}),
			f("flag", schema.Boolean), f("bin", schema.Binary),
			f("n", &schema.Struct{Fields: []schema.Field{f("x.y", schema.Long), f("list", &schema.Array{Element: schema.Long, ContainsNull: true})}}),
			f("p", schema.Date), f("q", schema.String),
		}}}
}

func typedFile(i int64) Add {
	text := func(s string) *string { return &s }
	c := func(lo, hi stats.Value, path ...string) stats.Column {
		return stats.Column{Path: path, Min: lo, Max: hi, NullCount: i % 3}
	}
	a := Add{Path: fmt.Sprintf("p=2024-01-0%d/part %d é%%.parquet", 1+i%5, i), Size: 1000 + i, ModTime: i, DataChange: true,
		PartitionValues: map[string]*string{"p": text(fmt.Sprintf("2024-01-0%d", 1+i%5)), "q": nil},
		Stats: stats.File{NumRecords: 10 + i, TightBounds: true, Columns: []stats.Column{
			c(i, i+10, "l"), c(-i, i, "i"), c(-i, i, "s"), c(-i, i, "b"), c(float64(i)/2, float64(i), "f"), c(float64(i), 1e300, "d"),
			c("a\"b", "zé", "t"), c(stats.Date(i), stats.Date(i+1), "day"), c(stats.Timestamp(i*1000), stats.Timestamp(i*1000+1000), "at"),
			c(stats.Decimal{Unscaled: big.NewInt(-i), Scale: 2}, stats.Decimal{Unscaled: big.NewInt(100 + i), Scale: 2}, "small"),
			c(stats.Decimal{Unscaled: big.NewInt(-1e18 - i), Scale: 3}, stats.Decimal{Unscaled: big.NewInt(1e18 + i), Scale: 3}, "big"),
			c(nil, nil, "flag"), c(nil, nil, "bin"), c(i, i, "n", "x.y"), c(nil, nil, "n", "list"),
		}}}
	if i%4 == 0 {
		a.Tags = map[string]string{"k": "v"}
	}
	if i%7 == 0 {
		a.Stats = stats.File{NumRecords: -1}
	}
	return a
}

func fill(t testing.TB, tab *Table, m Metadata, n int) {
	t.Helper()
	create(t, tab, m)
	for i := range n {
		c, err := tab.Update(context.Background(), func(x *Txn) error {
			x.Add(typedFile(int64(i)))
			x.Advance("app", int64(i)-1, int64(i))
			return nil
		})
		if err != nil || c.After != nil {
			t.Fatal(err, c.After)
		}
	}
}

func allFiles(t testing.TB, s *Snapshot, where stats.Predicate) []Add {
	t.Helper()
	var out []Add
	for a, err := range s.Files(context.Background(), where) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b Add) int { return int(a.ModTime - b.ModTime) })
	return out
}

func sameFiles(want, got []Add) string {
	return cmp.Diff(want, got, cmpopts.IgnoreUnexported(Add{}), cmpopts.EquateEmpty(),
		cmp.Comparer(func(a, b stats.Decimal) bool { return a.String() == b.String() }))
}

// What is read back through a checkpoint is what the commits say, whichever way its statistics are kept.
func TestCheckpointHoldsWhatCommitsSay(t *testing.T) {
	t.Parallel()
	for name, properties := range map[string]map[string]string{
		"both":     {},
		"json":     {"delta.checkpoint.writeStatsAsStruct": "false"},
		"struct":   {"delta.checkpoint.writeStatsAsJson": "false"},
		"interval": {"delta.checkpointInterval": "3"},
	} {
		t.Run(name, func(t *testing.T) {
			m := everyType()
			m.Configuration = properties
			with := store.NewMem()
			fill(t, At(with, "t"), m, 35)
			m.Configuration = map[string]string{"delta.checkpointInterval": "1000000"}
			without := store.NewMem()
			fill(t, At(without, "t"), m, 35)

			got, want := latest(t, At(with, "t")), latest(t, At(without, "t"))
			if got.currentSegment().base == nil || want.currentSegment().base != nil {
				t.Fatal("the checkpoint is not where this test expects it")
			}
			if d := sameFiles(allFiles(t, want, nil), allFiles(t, got, nil)); d != "" {
				t.Errorf("files (-commits +checkpoint):\n%s", d)
			}
			for name, where := range predicates() {
				if d := sameFiles(allFiles(t, want, where), allFiles(t, got, where)); d != "" {
					t.Errorf("files where %s (-commits +checkpoint):\n%s", name, d)
				}
			}
			if got.Transaction("app") != 34 {
				t.Errorf("transaction: got %d, want 34", got.Transaction("app"))
			}
		})
	}
}

func predicates() map[string]stats.Predicate {
	return map[string]stats.Predicate{
		"l > 30":      stats.Compare{Path: []string{"l"}, Op: stats.GT, Value: int64(30)},
		"x.y = 12":    stats.Compare{Path: []string{"n", "x.y"}, Op: stats.EQ, Value: int64(12)},
		"p = 3rd":     stats.Compare{Path: []string{"p"}, Op: stats.EQ, Value: stats.Date(19725)},
		"q is null":   stats.IsNull{Path: []string{"q"}},
		"at < 10ms":   stats.Compare{Path: []string{"at"}, Op: stats.LT, Value: stats.Timestamp(10_000)},
		"l is null":   stats.IsNull{Path: []string{"l"}},
		"big > 1e15":  stats.Compare{Path: []string{"big"}, Op: stats.GT, Value: stats.Decimal{Unscaled: big.NewInt(1e15 + 1), Scale: 0}},
		"l>30 or p=3": stats.Or{stats.Compare{Path: []string{"l"}, Op: stats.GT, Value: int64(30)}, stats.Compare{Path: []string{"p"}, Op: stats.EQ, Value: stats.Date(19725)}},
	}
}

// A checkpoint that is damaged or not there is passed over while the commits are.
func TestDamagedCheckpoint(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	for name, damage := range map[string]func(s store.Store, key string) error{
		"gone":      func(s store.Store, key string) error { return s.Delete(ctx, key) },
		"empty":     func(s store.Store, key string) error { return store.PutBytes(ctx, s, key, nil, store.Always) },
		"truncated": func(s store.Store, key string) error { return halve(s, key) },
	} {
		for _, crc := range []string{"with .crc", "without"} {
			t.Run(name+" "+crc, func(t *testing.T) {
				mem := store.NewMem()
				tab := At(mem, "t")
				fill(t, tab, everyType(), 22)
				want := allFiles(t, latest(t, tab), nil)
				if crc == "without" {
					for v := range int64(23) {
						if err := mem.Delete(ctx, tab.crcKey(v)); err != nil {
							t.Fatal(err)
						}
					}
				}
				if err := damage(mem, tab.checkpointKey(20)); err != nil {
					t.Fatal(err)
				}
				s := latest(t, At(mem, "t"))
				if d := sameFiles(want, allFiles(t, s, nil)); d != "" {
					t.Errorf("files (-want +got):\n%s", d)
				}
			})
		}
	}
}

func halve(s store.Store, key string) error {
	b, err := store.ReadAll(context.Background(), s, key)
	if err != nil {
		return err
	}
	return store.PutBytes(context.Background(), s, key, b[:len(b)/2], store.Always)
}
