package delta

import (
	"context"
	"iter"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/petalake/petalake/store"
)

func oneRow(i int64) iter.Seq2[arrow.RecordBatch, error] {
	b := array.NewRecordBuilder(memory.DefaultAllocator, arrow.NewSchema([]arrow.Field{{Name: "id", Type: arrow.PrimitiveTypes.Int64, Nullable: true}, {Name: "name", Type: arrow.BinaryTypes.String, Nullable: true}}, nil))
	b.Field(0).(*array.Int64Builder).Append(i)
	b.Field(1).(*array.StringBuilder).Append("x")
	r := b.NewRecordBatch()
	return func(yield func(arrow.RecordBatch, error) bool) { yield(r, nil) }
}

func BenchmarkAppendOne(b *testing.B) {
	disk, err := store.OpenDisk(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	ctx, t := context.Background(), At(disk, "t")
	if _, err := Append(ctx, t, oneRow(0), AppendOptions{Create: &Metadata{}}); err != nil {
		b.Fatal(err)
	}
	for i := 0; i < b.N; i++ {
		if _, err := Append(ctx, t, oneRow(int64(i)), AppendOptions{}); err != nil {
			b.Fatal(err)
		}
	}
}
