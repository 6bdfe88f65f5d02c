package duck

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/parquet-go/parquet-go/encoding/thrift"
	"github.com/parquet-go/parquet-go/format"
)

// footer says where in a Parquet file each column is.
type footer struct {
	start  int64 // of the footer: no column is behind it
	chunks []chunk
}

// chunk is what belongs to one leaf of a column in one row group.
type chunk struct {
	column string // the top-level column, folded
	pages  span   // exactly
	parts  []span // pages with the slack, bloom filter, page index
}

// tailBytes are at the end of every file: the footer's length and the magic number.
const tailBytes = 8

var errNotParquet = errors.New("not a Parquet file")

// footerStart finds the footer from the last bytes of a file.
func footerStart(tail []byte, size int64) (int64, error) {
	if len(tail) < tailBytes {
		return 0, fmt.Errorf("%w: %d bytes", errNotParquet, len(tail))
	}
	end := tail[len(tail)-tailBytes:]
	switch string(end[4:]) {
	case "PAR1":
	case "PARE":
		return 0, errors.New("encrypted Parquet is not supported")
	default:
		return 0, fmt.Errorf("%w: it ends in %q", errNotParquet, end[4:])
	}
	n := int64(binary.LittleEndian.Uint32(end))
	if n == 0 || n > size-tailBytes-4 {
		return 0, fmt.Errorf("%w: footer of %d bytes in a file of %d", errNotParquet, n, size)
	}
	return size - tailBytes - n, nil
}

// compact is a reader of Thrift, under a name that is none of its methods.
type compact = thrift.Reader

// boundedReader refuses lists longer than the footer could hold, before room for them is made.
type boundedReader struct {
	compact
	limit int64
}

func (r boundedReader) ReadList() (thrift.List, error) {
	l, err := r.compact.ReadList()
	if err == nil && (l.Size < 0 || int64(l.Size) > r.limit) {
		err = fmt.Errorf("a list of %d", l.Size)
	}
	return l, err
}

// parseFooter reads a footer without its tail.
func parseFooter(raw []byte, start int64) (f *footer, err error) {
	defer func() {
		if r := recover(); r != nil { // the decoder trusts lengths in places
			f, err = nil, fmt.Errorf("%w: footer: %v", errNotParquet, r)
		}
	}()
	var meta format.FileMetaData
	var protocol thrift.CompactProtocol
	reader := boundedReader{protocol.NewReader(bytes.NewReader(raw)), int64(len(raw))}
	if err := thrift.NewDecoder(reader).Decode(&meta); err != nil {
		return nil, fmt.Errorf("%w: footer: %w", errNotParquet, err)
	}
	f = &footer{start: start}
	for _, group := range meta.RowGroups {
		for i := range group.Columns {
			c, err := newChunk(&group.Columns[i], start)
			if err != nil {
				return nil, err
			}
			f.chunks = append(f.chunks, c)
		}
	}
	return f, nil
}

// slack is read behind a column's pages, since some old writers counted their bytes short.
const slack = 128

func newChunk(c *format.ColumnChunk, end int64) (chunk, error) {
	m := &c.MetaData
	if c.FilePath != "" || len(m.PathInSchema) == 0 {
		return chunk{}, fmt.Errorf("%w: a column without its pages in the file", errNotParquet)
	}
	from := m.DataPageOffset
	if d := m.DictionaryPageOffset; d > 0 && d < from {
		from = d
	}
	if from < 4 || m.TotalCompressedSize < 0 || from > end || m.TotalCompressedSize > end-from {
		return chunk{}, fmt.Errorf("%w: column %s lies outside the file", errNotParquet, strings.Join(m.PathInSchema, "."))
	}
	out := chunk{column: strings.ToLower(m.PathInSchema[0]), pages: span{from, from + m.TotalCompressedSize}}
	out.add(from, m.TotalCompressedSize+slack, end)
	if m.BloomFilterOffset > 0 {
		out.add(m.BloomFilterOffset, bloomLength(m), end)
	}
	out.add(c.OffsetIndexOffset, int64(c.OffsetIndexLength), end)
	out.add(c.ColumnIndexOffset, int64(c.ColumnIndexLength), end)
	return out, nil
}

// bloomLength is the length of a bloom filter. Where an old file does not say, all that may be one
// is taken: the format lets a filter have at most 128 MiB, but writers stop at 1 MiB.
func bloomLength(m *format.ColumnMetaData) int64 {
	if m.BloomFilterLength > 0 {
		return int64(m.BloomFilterLength)
	}
	return 1<<20 + 64
}

func (c *chunk) add(from, n, end int64) {
	if from <= 0 || n <= 0 || from >= end {
		return
	}
	c.parts = append(c.parts, span{from, min(from+n, end)})
}

// fillGap is how many unwanted bytes are read rather than asked for with another request.
const fillGap = 128 << 10

// need is the spans a reader of the columns touches; all columns where all is true.
//
// A chunk is taken whole or its first bytes are left out. Should DuckDB read a column that was not
// taken, it finds zeros where the first page has its header, which is an error, never a value.
// Row groups that the conditions exclude are taken too: which ones DuckDB skips is decided by filters
// that it finds while it runs, and by rules of its own, so that leaving one out could not be proved
// safe; and a file's row groups are mostly excluded together, by the log.
func (f *footer) need(columns []string, all bool) spans {
	wanted := map[string]bool{}
	for _, c := range columns {
		wanted[strings.ToLower(c)] = true
	}
	starts := make([]int64, 0, len(f.chunks))
	for _, c := range f.chunks {
		starts = append(starts, c.pages.From)
	}
	slices.Sort(starts)
	var list []span
	for _, c := range f.chunks {
		if !all && !wanted[c.column] {
			continue
		}
		list = append(list, c.pages)
		for _, p := range c.parts { // what may be longer than needed ends where another column begins
			if i, _ := slices.BinarySearch(starts, p.From+1); i < len(starts) {
				p.To = min(p.To, starts[i])
			}
			list = append(list, p)
		}
	}
	return union(list, fillGap)
}
