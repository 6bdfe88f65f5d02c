package spec

import (
	"math"
	"math/bits"
	"strconv"
	"strings"
	"time"
)

// Size is a number of bytes.
type Size int64

var sizeUnits = []struct {
	name  string
	bytes int64
}{
	{"PiB", 1 << 50}, {"TiB", 1 << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20}, {"KiB", 1 << 10},
	{"PB", 1e15}, {"TB", 1e12}, {"GB", 1e9}, {"MB", 1e6}, {"KB", 1e3}, {"B", 1},
}

const sizeHint = "write a number and a unit, as in 4GB or 512MiB"

// ParseSize reads a number with a unit, in any case: 4GB, 1.5 TB, 512MiB. KB, MB, GB, TB, PB count
// in thousands; KiB, MiB, GiB, TiB, PiB in 1024s.
func ParseSize(text string) (Size, error) {
	t := strings.TrimSpace(text)
	for _, u := range sizeUnits {
		if len(t) <= len(u.name) || !strings.EqualFold(t[len(t)-len(u.name):], u.name) {
			continue
		}
		n, ok := decimalNumber(strings.TrimSpace(t[:len(t)-len(u.name)]))
		if !ok || n*float64(u.bytes) >= math.MaxInt64 {
			break
		}
		return Size(math.Round(n * float64(u.bytes))), nil
	}
	return 0, faultf(sizeHint, "bad size %q", text)
}

// String is the size in the unit that gives the smallest whole number.
func (s Size) String() string {
	number, unit := int64(s), "B"
	for _, u := range sizeUnits {
		if n := int64(s) / u.bytes; int64(s)%u.bytes == 0 && n < number {
			number, unit = n, u.name
		}
	}
	return strconv.FormatInt(number, 10) + unit
}

func (s *Size) parse(text string) (err error) {
	*s, err = ParseSize(text)
	return err
}

func (*Size) shape() shape {
	return shape{says: "size", pattern: `^[0-9]+(\.[0-9]+)? ?([KkMmGgTtPp]i?)?[Bb]$`, examples: []string{"4GB"}}
}

// Memory is an amount of memory: a size, or where that is 0 a part of what the machine has.
type Memory struct {
	Size    Size
	Percent int // 1 to 100
}

// ParseMemory reads a size, as ParseSize does, or a part of the machine's memory: 60%.
func ParseMemory(text string) (Memory, error) {
	if part, ok := strings.CutSuffix(strings.TrimSpace(text), "%"); ok {
		n, err := strconv.Atoi(strings.TrimSpace(part))
		if err != nil || n < 1 || n > 100 {
			return Memory{}, faultf("write 1% to 100%", "bad part of the memory %q", text)
		}
		return Memory{Percent: n}, nil
	}
	size, err := ParseSize(text)
	if err != nil || size == 0 {
		return Memory{}, faultf("write a size, as in 4GB, or a part of the machine's, as in 60%", "bad amount of memory %q", text)
	}
	return Memory{Size: size}, nil
}

// Of returns the amount in bytes on a machine that has total of them.
func (m Memory) Of(total Size) Size {
	if m.Size > 0 {
		return m.Size
	}
	hi, lo := bits.Mul64(uint64(max(total, 0)), uint64(max(m.Percent, 0)))
	part, _ := bits.Div64(hi, lo, 100)
	return Size(part)
}

func (m Memory) String() string {
	if m.Size > 0 {
		return m.Size.String()
	}
	return strconv.Itoa(m.Percent) + "%"
}

func (m *Memory) parse(text string) (err error) {
	*m, err = ParseMemory(text)
	return err
}

func (*Memory) shape() shape {
	return shape{
		says:     "size or percent",
		pattern:  `^([0-9]+(\.[0-9]+)? ?([KkMmGgTtPp]i?)?[Bb]|[1-9][0-9]? ?%|100 ?%)$`,
		examples: []string{"4GB", "60%"},
	}
}

// Duration is a span of time.
type Duration time.Duration

// ParseDuration reads what time.ParseDuration reads, such as 90s or 1h30m, and days: 7d.
func ParseDuration(text string) (Duration, error) {
	t := strings.TrimSpace(text)
	if days, ok := strings.CutSuffix(t, "d"); ok {
		if n, ok := decimalNumber(days); ok && n <= 100_000 {
			return Duration(n * 24 * float64(time.Hour)), nil
		}
	} else if d, err := time.ParseDuration(t); err == nil && d >= 0 {
		return Duration(d), nil
	}
	return 0, faultf("write a number and a unit, as in 90s, 15m, 12h or 7d", "bad duration %q", text)
}

func (d Duration) String() string {
	if d != 0 && d%day == 0 {
		return strconv.FormatInt(int64(d/day), 10) + "d"
	}
	text := time.Duration(d).String() // "1h0m0s"
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

func (d *Duration) parse(text string) (err error) {
	*d, err = ParseDuration(text)
	return err
}

func (*Duration) shape() shape {
	return shape{says: "duration", pattern: `^([0-9]+(\.[0-9]+)?(ms|s|m|h|d))+$`, examples: []string{"15m", "7d"}}
}

// decimalNumber reads digits with at most one point between them.
func decimalNumber(s string) (float64, bool) {
	if s == "" || strings.Trim(s, "0123456789.") != "" || s[0] == '.' || s[len(s)-1] == '.' {
		return 0, false
	}
	n, err := strconv.ParseFloat(s, 64)
	return n, err == nil
}
