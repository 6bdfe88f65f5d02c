package checkpoint

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/big"
	"slices"

	"github.com/apache/arrow-go/v18/parquet"
	"github.com/apache/arrow-go/v18/parquet/file"
	pqschema "github.com/apache/arrow-go/v18/parquet/schema"
	"github.com/petalake/petalake/delta/datafile"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/delta/stats"
)

// column reads one leaf of one row group, a batch of rows at a time or whole. Values are kept
// without the nulls between them; at says where a level's value is.
type column struct {
	reader file.ColumnChunkReader
	node   *pqschema.Column

	calendar datafile.Calendar

	levels int64 // of the row group, as the footer says
	behind int   // rows to pass over before the next read

	defs, reps []int16
	at         []int32 // by level: index of its value, -1 for null
	rows       []int32 // by row, of a column that was read whole: its first level; one more at the end
	ints       []int64
	floats     []float64
	bools      []bool
	text       []byte
	ends       []int32 // by value: where it ends in text

	buf32 []int32
	bufF  []float32
	bufB  []parquet.ByteArray
	bufX  []parquet.FixedLenByteArray
	buf96 []parquet.Int96
}

func (p *parquetFile) column(group *file.RowGroupReader, leaf int) (*column, error) {
	r, err := group.Column(leaf)
	if err != nil {
		return nil, err
	}
	meta, err := group.MetaData().ColumnChunk(leaf)
	if err != nil {
		return nil, err
	}
	return &column{reader: r, node: r.Descriptor(), calendar: p.calendar, levels: meta.NumValues()}, nil
}

func (c *column) reset() {
	c.defs, c.reps, c.at = c.defs[:0], c.reps[:0], c.at[:0]
	c.ints, c.floats, c.bools, c.text, c.ends = c.ints[:0], c.floats[:0], c.bools[:0], c.text[:0], c.ends[:0]
}

// read takes the next n rows of a column without repetition.
func (c *column) read(n int) error {
	c.reset()
	if c.behind > 0 {
		if err := c.pass(c.behind); err != nil {
			return err
		}
		c.behind = 0
	}
	for got := 0; got < n; {
		k, err := c.page(n - got)
		if err != nil {
			return err
		}
		if k == 0 {
			return errors.New("damaged Parquet file: a column is shorter than its row group")
		}
		got += k
	}
	c.index()
	return nil
}

// skip passes over rows without reading them yet.
func (c *column) skip(n int) { c.behind += n }

// pass reads over rows, a page's worth at a time, keeping nothing.
func (c *column) pass(n int) error {
	for n > 0 {
		k, err := c.page(min(n, 8192))
		if err != nil {
			return err
		}
		if k == 0 {
			return errors.New("damaged Parquet file: a column is shorter than its row group")
		}
		c.reset()
		n -= k
	}
	return nil
}

// whole reads what is left of the row group, of a column with or without repetition.
func (c *column) whole() error {
	c.reset()
	for c.reader.HasNext() {
		n := min(max(c.levels-int64(len(c.defs)), 1), 8192)
		if k, err := c.page(int(n)); err != nil || k == 0 {
			return errors.Join(err, c.reader.Err())
		}
	}
	if err := c.reader.Err(); err != nil {
		return err
	}
	c.index()
	c.rows = c.rows[:0]
	for i := range c.defs {
		if c.node.MaxRepetitionLevel() == 0 || c.reps[i] == 0 {
			c.rows = append(c.rows, int32(i))
		}
	}
	c.rows = append(c.rows, int32(len(c.defs)))
	return nil
}

func (c *column) index() {
	full, n := c.node.MaxDefinitionLevel(), int32(0)
	c.at = slices.Grow(c.at[:0], len(c.defs))
	for _, d := range c.defs {
		if d == full {
			c.at = append(c.at, n)
			n++
		} else {
			c.at = append(c.at, -1)
		}
	}
}

// page reads up to n levels from the page at hand and says how many there were.
func (c *column) page(n int) (int, error) {
	start := len(c.defs)
	c.defs = slices.Grow(c.defs, n)[:start+n]
	var reps []int16
	if c.node.MaxRepetitionLevel() > 0 {
		c.reps = slices.Grow(c.reps, n)[:start+n]
		reps = c.reps[start:]
	}
	got, err := c.values(n, c.defs[start:], reps)
	if err != nil {
		return 0, err
	}
	if c.node.MaxDefinitionLevel() == 0 {
		clear(c.defs[start : start+got])
	}
	c.defs = c.defs[:start+got]
	if reps != nil {
		c.reps = c.reps[:start+got]
	}
	return got, nil
}

// values decodes one page's part of a batch. Byte arrays live in the page's buffer only until the
// next page, so they are copied.
func (c *column) values(n int, defs, reps []int16) (int, error) {
	var total int64
	var k int
	var err error
	switch r := c.reader.(type) {
	case *file.Int64ColumnChunkReader:
		at := len(c.ints)
		c.ints = slices.Grow(c.ints, n)[:at+n]
		total, k, err = r.ReadBatchInPage(int64(n), c.ints[at:], defs, reps)
		c.ints = c.ints[:at+k]
	case *file.Int32ColumnChunkReader:
		c.buf32 = slices.Grow(c.buf32[:0], n)[:n]
		total, k, err = r.ReadBatchInPage(int64(n), c.buf32, defs, reps)
		for _, v := range c.buf32[:k] {
			c.ints = append(c.ints, int64(v))
		}
	case *file.Int96ColumnChunkReader:
		c.buf96 = slices.Grow(c.buf96[:0], n)[:n]
		total, k, err = r.ReadBatchInPage(int64(n), c.buf96, defs, reps)
		for _, v := range c.buf96[:k] {
			c.ints = append(c.ints, int96Micros(v))
		}
	case *file.Float64ColumnChunkReader:
		at := len(c.floats)
		c.floats = slices.Grow(c.floats, n)[:at+n]
		total, k, err = r.ReadBatchInPage(int64(n), c.floats[at:], defs, reps)
		c.floats = c.floats[:at+k]
	case *file.Float32ColumnChunkReader:
		c.bufF = slices.Grow(c.bufF[:0], n)[:n]
		total, k, err = r.ReadBatchInPage(int64(n), c.bufF, defs, reps)
		for _, v := range c.bufF[:k] {
			c.floats = append(c.floats, float64(v))
		}
	case *file.BooleanColumnChunkReader:
		at := len(c.bools)
		c.bools = slices.Grow(c.bools, n)[:at+n]
		total, k, err = r.ReadBatchInPage(int64(n), c.bools[at:], defs, reps)
		c.bools = c.bools[:at+k]
	case *file.ByteArrayColumnChunkReader:
		c.bufB = slices.Grow(c.bufB[:0], n)[:n]
		total, k, err = r.ReadBatchInPage(int64(n), c.bufB, defs, reps)
		for _, v := range c.bufB[:k] {
			c.text = append(c.text, v...)
			c.ends = append(c.ends, int32(len(c.text)))
		}
	case *file.FixedLenByteArrayColumnChunkReader:
		c.bufX = slices.Grow(c.bufX[:0], n)[:n]
		total, k, err = r.ReadBatchInPage(int64(n), c.bufX, defs, reps)
		for _, v := range c.bufX[:k] {
			c.text = append(c.text, v...)
			c.ends = append(c.ends, int32(len(c.text)))
		}
	default:
		return 0, fmt.Errorf("column %s: unexpected physical type", c.node.Path())
	}
	if err == nil && len(c.text) > math.MaxInt32 {
		err = fmt.Errorf("column %s: more than 2 GB of text in one row group", c.node.Path())
	}
	return int(total), err
}

// has says whether the level holds a value. A column that the file lacks is nil and has none.
func (c *column) has(i int) bool { return c != nil && i < len(c.at) && c.at[i] >= 0 }

func (c *column) integer(i int) int64 {
	if !c.has(i) || len(c.ints) == 0 {
		return 0
	}
	return c.ints[c.at[i]]
}

func (c *column) bytes(i int) []byte {
	if !c.has(i) || len(c.ends) == 0 {
		return nil
	}
	k := c.at[i]
	start := int32(0)
	if k > 0 {
		start = c.ends[k-1]
	}
	return c.text[start:c.ends[k]]
}

func (c *column) string(i int) string { return string(c.bytes(i)) }

// maybe is a pointer to the integer, nil for null.
func (c *column) maybe(i int) *int64 {
	if !c.has(i) {
		return nil
	}
	n := c.integer(i)
	return &n
}

// value is the level's value as a constant of the column's type t, nil where it is null or where
// the two do not go together.
func (c *column) value(i int, t schema.Type) stats.Value {
	if !c.has(i) {
		return nil
	}
	k := c.at[i]
	switch {
	case decimal(t):
		return c.decimal(i)
	case len(c.bools) > 0:
		if t == schema.Boolean {
			return c.bools[k]
		}
	case len(c.floats) > 0:
		if f := c.floats[k]; (t == schema.Float || t == schema.Double) && !math.IsNaN(f) {
			return f
		}
	case len(c.ends) > 0:
		if t == schema.String {
			return c.string(i)
		}
	case len(c.ints) > 0:
		return c.number(c.ints[k], t)
	}
	return nil
}

// number is an integer as a value of type t; the file's type may be a narrower one (type widening).
func (c *column) number(n int64, t schema.Type) stats.Value {
	_, day := c.node.LogicalType().(pqschema.DateLogicalType)
	day = day || c.node.LogicalType().Equals(pqschema.DateLogicalType{})
	switch t {
	case schema.Long, schema.Integer, schema.Short, schema.Byte:
		return n
	case schema.Float, schema.Double:
		return float64(n)
	case schema.Date:
		return stats.Date(c.calendar.Day(n))
	case schema.Timestamp, schema.TimestampNTZ:
		if day {
			return stats.Timestamp(c.calendar.Day(n) * 86400e6)
		}
		if l, ok := c.node.LogicalType().(pqschema.TimestampLogicalType); ok {
			switch l.TimeUnit() {
			case pqschema.TimeUnitMillis:
				n *= 1000
			case pqschema.TimeUnitNanos:
				n /= 1000
			}
		}
		if t == schema.TimestampNTZ {
			return stats.Timestamp(n)
		}
		if meant, ok := c.calendar.Moment(n); ok {
			return stats.Timestamp(meant)
		}
	}
	return nil
}

// int96Micros is a time that is kept as nanoseconds of a day and a Julian day, in microseconds since 1970. The library's own way goes by
// nanoseconds since 1970, which cannot count what is before 1677 or after 2262.
func int96Micros(v parquet.Int96) int64 {
	const epoch = 2_440_588 // 1970-01-01 as a Julian day
	nanos, day := int64(binary.LittleEndian.Uint64(v[:8])), int64(int32(binary.LittleEndian.Uint32(v[8:])))
	return (day-epoch)*86400e6 + nanos/1000
}

func (c *column) decimal(i int) stats.Value {
	scale := 0
	if d, ok := c.node.LogicalType().(pqschema.DecimalLogicalType); ok {
		scale = int(d.Scale())
	} else if d, ok := c.node.LogicalType().(*pqschema.DecimalLogicalType); ok {
		scale = int(d.Scale())
	}
	if len(c.ints) > 0 {
		return stats.Decimal{Unscaled: big.NewInt(c.ints[c.at[i]]), Scale: scale}
	}
	b := c.bytes(i)
	if len(b) == 0 {
		return nil
	}
	n := new(big.Int).SetBytes(b)
	if b[0]&0x80 != 0 { // two's complement, big-endian
		n.Sub(n, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	return stats.Decimal{Unscaled: n, Scale: scale}
}
