package checkpoint

import (
	"errors"
	"fmt"
	"math/big"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/delta/stats"
)

// leaf gathers one column of a checkpoint that is being written, for one row group. Rows that
// nobody sets are null. Everything above a leaf is optional, so that a definition level is the
// number of names of its path that are there.
type leaf struct {
	path   []string
	typ    schema.Type // of the value
	max    int16
	keyed  bool // the key of a map: required
	repeat bool

	rows    int // rows begun so far
	defs    []int16
	reps    []int16
	ints    []int64
	small   []int32
	floats  []float64
	singles []float32
	bools   []bool
	texts   []parquet.ByteArray
	fixed   []parquet.FixedLenByteArray
}

// begin makes row the leaf's current one, the rows before it null.
func (l *leaf) begin(row int) {
	for l.rows < row {
		l.level(0, 0)
		l.rows++
	}
	if l.rows == row {
		l.rows++
	}
}

func (l *leaf) level(def, rep int16) {
	l.defs = append(l.defs, def)
	if l.repeat {
		l.reps = append(l.reps, rep)
	}
}

// null says how much of the path is there.
func (l *leaf) null(row int, def int16) {
	if l == nil {
		return
	}
	l.begin(row)
	l.level(def, 0)
}

func (l *leaf) int(row int, v int64) {
	l.begin(row)
	l.level(l.max, 0)
	if l.typ == schema.Integer {
		l.small = append(l.small, int32(v))
	} else {
		l.ints = append(l.ints, v)
	}
}

func (l *leaf) bool(row int, v bool) {
	l.begin(row)
	l.level(l.max, 0)
	l.bools = append(l.bools, v)
}

func (l *leaf) text(row int, v string) {
	l.begin(row)
	l.level(l.max, 0)
	l.texts = append(l.texts, parquet.ByteArray(v))
}

// maybe writes a value that may be absent while its parent is there.
func (l *leaf) maybe(row int, v *int64) {
	if v == nil {
		l.null(row, l.max-1)
		return
	}
	l.int(row, *v)
}

func (l *leaf) optional(row int, v string) {
	if v == "" {
		l.null(row, l.max-1)
		return
	}
	l.text(row, v)
}

// item appends an element of a repeated leaf; the first of a row begins it.
func (l *leaf) item(row int, first bool, v *string) {
	rep := int16(1)
	if first {
		l.begin(row)
		rep = 0
	}
	if v == nil {
		l.level(l.max-1, rep)
		return
	}
	l.level(l.max, rep)
	l.texts = append(l.texts, parquet.ByteArray(*v))
}

// value writes a constant of the leaf's type, null where it is nil or does not fit.
func (l *leaf) value(row int, v stats.Value) {
	if l == nil {
		return
	}
	l.begin(row)
	n := len(l.defs)
	l.level(l.max, 0)
	if !l.store(v) {
		l.defs[n] = l.max - 1
	}
}

func (l *leaf) store(v stats.Value) bool {
	if d, ok := l.typ.(schema.Decimal); ok {
		n, ok := v.(stats.Decimal)
		return ok && l.decimal(n, d)
	}
	switch v := v.(type) {
	case bool:
		l.bools = append(l.bools, v)
		return l.typ == schema.Boolean
	case int64:
		switch l.typ {
		case schema.Long:
			l.ints = append(l.ints, v)
		case schema.Integer, schema.Short, schema.Byte:
			if int64(int32(v)) != v {
				return false
			}
			l.small = append(l.small, int32(v))
		default:
			return false
		}
		return true
	case float64:
		switch l.typ {
		case schema.Double:
			l.floats = append(l.floats, v)
		case schema.Float:
			l.singles = append(l.singles, float32(v))
		default:
			return false
		}
		return true
	case string:
		if l.typ != schema.String {
			return false
		}
		l.texts = append(l.texts, parquet.ByteArray(v))
		return true
	case []byte:
		if l.typ != schema.Binary {
			return false
		}
		l.texts = append(l.texts, v)
		return true
	case stats.Date:
		if l.typ != schema.Date {
			return false
		}
		l.small = append(l.small, int32(v))
		return true
	case stats.Timestamp:
		if l.typ != schema.Timestamp && l.typ != schema.TimestampNTZ {
			return false
		}
		l.ints = append(l.ints, int64(v))
		return true
	}
	return false
}

// decimal stores a number at the type's scale; one that has more digits after the point is left out.
func (l *leaf) decimal(v stats.Decimal, d schema.Decimal) bool {
	n := new(big.Int).Set(v.Unscaled)
	for s := v.Scale; s < d.Scale; s++ {
		n.Mul(n, big.NewInt(10))
	}
	if v.Scale > d.Scale {
		rest := new(big.Int)
		if n.QuoRem(n, new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(v.Scale-d.Scale)), nil), rest); rest.Sign() != 0 {
			return false
		}
	}
	if new(big.Int).Abs(n).Cmp(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(d.Precision)), nil)) >= 0 {
		return false
	}
	switch {
	case d.Precision <= 9:
		l.small = append(l.small, int32(n.Int64()))
	case d.Precision <= 18:
		l.ints = append(l.ints, n.Int64())
	default:
		l.fixed = append(l.fixed, twosComplement(n, decimalBytes(d.Precision)))
	}
	return true
}

// decimalBytes is the least length of a two's complement number of so many decimal digits.
func decimalBytes(precision int) int {
	limit := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(precision)), nil)
	return limit.BitLen()/8 + 1
}

func twosComplement(n *big.Int, size int) []byte {
	if n.Sign() < 0 {
		n = new(big.Int).Add(n, new(big.Int).Lsh(big.NewInt(1), uint(8*size)))
	}
	return n.FillBytes(make([]byte, size))
}

// flush writes the leaf into its column of the row group and empties it.
func (l *leaf) flush(w file.ColumnChunkWriter, rows int) error {
	for l.rows < rows {
		l.level(0, 0)
		l.rows++
	}
	var reps []int16
	if l.repeat {
		reps = l.reps
	}
	var err error
	switch w := w.(type) {
	case *file.Int64ColumnChunkWriter:
		_, err = w.WriteBatch(l.ints, l.defs, reps)
	case *file.Int32ColumnChunkWriter:
		_, err = w.WriteBatch(l.small, l.defs, reps)
	case *file.Float64ColumnChunkWriter:
		_, err = w.WriteBatch(l.floats, l.defs, reps)
	case *file.Float32ColumnChunkWriter:
		_, err = w.WriteBatch(l.singles, l.defs, reps)
	case *file.BooleanColumnChunkWriter:
		_, err = w.WriteBatch(l.bools, l.defs, reps)
	case *file.ByteArrayColumnChunkWriter:
		_, err = w.WriteBatch(l.texts, l.defs, reps)
	case *file.FixedLenByteArrayColumnChunkWriter:
		_, err = w.WriteBatch(l.fixed, l.defs, reps)
	default:
		err = fmt.Errorf("column %q: no writer", l.path)
	}
	l.rows, l.defs, l.reps = 0, l.defs[:0], l.reps[:0]
	l.ints, l.small, l.floats, l.singles = l.ints[:0], l.small[:0], l.floats[:0], l.singles[:0]
	l.bools, l.texts, l.fixed = l.bools[:0], l.texts[:0], l.fixed[:0]
	return errors.Join(err, w.Close())
}
