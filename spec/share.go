package spec

import (
	"math"
	"strconv"
	"strings"
)

// Share is how many rows of a load: a number of them, such as 100, or a part of all, such as 1% or 0.5%. "" says nothing.
type Share string

// ParseShare reads a share.
func ParseShare(text string) (Share, error) {
	s := Share(strings.ReplaceAll(strings.ReplaceAll(text, " ", ""), "_", ""))
	if _, ok := s.Of(1); !ok {
		return "", faultf("write a number of rows such as 100, or a part of them such as 1%", "bad share %q", text)
	}
	return s, nil
}

// Of is how many of so many rows it is, rounded down; false where nothing was said.
func (s Share) Of(rows int64) (int64, bool) {
	if part, ok := strings.CutSuffix(string(s), "%"); ok {
		percent, ok := decimalNumber(part)
		return int64(math.Floor(float64(rows) * percent / 100)), ok && percent <= 100
	}
	n, err := strconv.ParseInt(string(s), 10, 64)
	return n, err == nil && n >= 0
}

func (s *Share) parse(text string) (err error) {
	*s, err = ParseShare(text)
	return err
}

func (*Share) shape() shape {
	return shape{says: "rows or percent", pattern: `^([0-9][0-9_]*|([0-9]+(\.[0-9]+)?) ?%)$`, examples: []string{"1%", "100"}}
}
