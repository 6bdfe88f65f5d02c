package spark_test

import (
	"math"
	"strings"
	"testing"
	"time"

	"github.com/petalake/petalake/engine/spark"
)

var noon = time.Date(2024, 2, 29, 13, 4, 5, 678901000, time.FixedZone("", 3600))

// arguments promises that values of every type arrive as they are, by position and by name.
func arguments(t *testing.T, s *spark.Session, on server) {
	cases := []struct {
		arg  any
		want string // the value, and its type on the server
	}{
		{nil, "(null)|void|"},
		{true, "true|boolean|"},
		{int8(-1), "-1|tinyint|"},
		{int16(300), "300|smallint|"},
		{int32(-7), "-7|int|"},
		{5, "5|bigint|"},
		{int64(math.MinInt64), "-9223372036854775808|bigint|"},
		{float32(0.1), "0.1|float|"},
		{-0.1, "-0.1|double|"},
		{math.NaN(), "NaN|double|"},
		{math.Inf(-1), "-Inf|double|"},
		{"plain ü", "plain ü|string|"},
		{"it's \\ \"$ {x} ?\n${y} -- /*", "it's \\ \"$ {x} ?\n${y} -- /*|string|"},
		{"", "|string|"},
		{[]byte("a"), "YQ==|binary|"},
		{spark.Decimal("-012.30"), "-12.3|decimal(4,2)|"},
		{spark.Decimal(".5"), "0.5|decimal(1,1)|"},
		{spark.Date(noon), "2024-02-29|date|"},
		{spark.LocalTime(noon), "2024-02-29T13:04:05.678901|timestamp_ntz|"},
		{noon, "2024-02-29T12:04:05.678901Z|timestamp|"},
		{-90*time.Minute - 5*time.Microsecond, "-5400000005us|interval day to second|"},
		{[]int{1, -2}, "[1,-2]|array<bigint>|"},
		{[]string{"'"}, `["'"]|array<string>|`},
		{[]string{}, "[]|array<string>|"},
		{[]any{1, nil}, "[1,null]|array<bigint>|"},
		{[][]string{{"x", "y"}, {}}, `[["x","y"],[]]|array<array<string>>|`},
		{[]spark.Decimal{"1.5", "22.25"}, `["1.5","22.25"]|array<decimal(4,2)>|`},
		{map[string]int{"a": 1}, `[{"key":"a","value":1}]|map<string,bigint>|`},
		{map[string]bool{}, "[]|map<string,boolean>|"},
	}
	var columns, expected []string
	var args []any
	for _, c := range cases {
		columns, expected, args = append(columns, "?, typeof(?)"), append(expected, c.want), append(args, c.arg, c.arg)
	}
	want(t, s, strings.Join(expected, ""), "SELECT "+strings.Join(columns, ", "), args...)
	want(t, s, "1|2|3|4|5|6|7|", "SELECT ?, ?, ?, ?, ?, ?, ?", 1, 2, 3, 4, 5, 6, 7)
	want(t, s, "6|5|4|3|2|1|1|", "SELECT :f, :e, :d, :c, :b, :a, :a", spark.Named{"a": 1, "b": 2, "c": 3, "d": 4, "e": 5, "f": 6})
	want(t, s, "?|?|7|8|", `SELECT '?', "?", ?-/* ? /* ? */ ? */-1, -- ?`+"\n? AS `?`", 6, 8)
	want(t, s, "0|1|", "SELECT id FROM range(?) LIMIT ?", 10, 2)
	want(t, s, "2|", "SELECT named_struct('a', :a)::struct<a:bigint>.a", spark.Named{"a": 2})
	if _, _, err := all(t.Context(), s, "SELECT :nmae", spark.Named{"name": 1}); err == nil || !strings.Contains(err.Error(), "nmae") {
		t.Errorf("a name that is not bound: got %v, want an error that says so", err)
	}
}
