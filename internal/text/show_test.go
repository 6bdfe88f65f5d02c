package text

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"github.com/petalake/petalake/delta/schema"
)

func (c *Column) elements(row int) (from, n int) {
	return int(binary.LittleEndian.Uint64(c.Data[row*16:])), int(binary.LittleEndian.Uint64(c.Data[row*16+8:]))
}

// shown is a plain value of a column as text.
func (c *Column) shown(row int) string {
	size := sizes[c.Kind]
	b := c.Data[row*size : (row+1)*size]
	var v int64
	switch size {
	case 1:
		v = int64(int8(b[0]))
	case 2:
		v = int64(int16(binary.LittleEndian.Uint16(b)))
	case 4:
		v = int64(int32(binary.LittleEndian.Uint32(b)))
	default:
		v = int64(binary.LittleEndian.Uint64(b))
	}
	switch c.Kind {
	case Bool:
		return strconv.FormatBool(v == 1)
	case Float32:
		return strconv.FormatFloat(float64(math.Float32frombits(uint32(v))), 'g', -1, 32)
	case Float64:
		return strconv.FormatFloat(math.Float64frombits(uint64(v)), 'g', -1, 64)
	case Date:
		return time.Unix(v*86_400, 0).UTC().Format(time.DateOnly)
	case Timestamp:
		return time.UnixMicro(v).UTC().Format("2006-01-02 15:04:05.999999")
	case Text:
		n := int(uint32(v))
		if n <= 12 {
			return string(b[4 : 4+n])
		}
		p := *(*unsafe.Pointer)(unsafe.Pointer(&b[8]))
		return string(unsafe.Slice((*byte)(p), n))
	case Decimal16, Decimal32, Decimal64, Decimal128:
		whole := big.NewInt(v)
		if c.Kind == Decimal128 {
			whole.Add(new(big.Int).Lsh(big.NewInt(int64(binary.LittleEndian.Uint64(b[8:]))), 64), new(big.Int).SetUint64(uint64(v)))
		}
		scale := c.Field.Type.(schema.Decimal).Scale
		text := new(big.Int).Abs(whole).String()
		for len(text) <= scale {
			text = "0" + text
		}
		if scale > 0 {
			text = text[:len(text)-scale] + "." + text[len(text)-scale:]
		}
		return strings.Repeat("-", (1-whole.Sign())/2) + text
	}
	return fmt.Sprint(v)
}

func field(name string) schema.Field {
	return schema.Field{Name: name, Type: schema.String, Nullable: true}
}
