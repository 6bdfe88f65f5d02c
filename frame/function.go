package frame

// duckFunctions are those that DuckDB calls otherwise than Spark, which calls them as Calls do: with $1, $2
// for arguments, and $over for a window where it is not behind.
var duckFunctions = map[string]string{
	"=": "$1 = $2", "<": "$1 < $2", "<=": "$1 <= $2",
	">": "$1 > $2", ">=": "$1 >= $2", "+": "$1 + $2", "-": "$1 - $2",
	"*": "$1 * $2", "/": "$1 / $2", "%": "$1 % $2",
	"and": "$1 AND $2", "or": "$1 OR $2", "not": "NOT $1",
	"isnull": "$1 IS NULL", "isnotnull": "$1 IS NOT NULL", "like": "$1 LIKE $2",
	"concat":     "$1 || $2",
	"startswith": "starts_with($1, $2)", "endswith": "ends_with($1, $2)",
	"regexp_replace": "regexp_replace($1, $2, $3, 'g')",
	"dayofweek":      "isodow($1) % 7 + 1", // Sunday is 1
	"datediff":       "date_diff('day', $2, $1)",
	"unix_date":      "date_diff('day', DATE '1970-01-01', $1)",
	"add_months":     "CAST($1 + to_months($2) AS DATE)",
	"sign":           "CASE WHEN isnan(CAST($1 AS DOUBLE)) THEN CAST('NaN' AS DOUBLE) ELSE CAST(sign($1) AS DOUBLE) END",
	"sqrt":           "CASE WHEN $1 < 0 THEN CAST('NaN' AS DOUBLE) ELSE sqrt($1) END",
	"ln":             "CASE WHEN $1 > 0 THEN ln($1) END",
	"collect_list":   "coalesce(array_agg($1) FILTER (WHERE $1 IS NOT NULL)$over, [])",
}

func fn(name string, args ...Expr) Expr {
	nodes := make([]Node, len(args))
	for i, a := range args {
		nodes[i] = a.Node
	}
	return call(name, nodes...)
}

// Count counts the rows in which a value is not null; CountAll all rows; CountDistinct the values.
func Count(e Expr) Expr { return fn("count", e) }

// CountAll counts rows.
func CountAll() Expr { return fn("count", SQL("*")) }

// CountDistinct counts the different values that are not null.
func CountDistinct(e Expr) Expr {
	return Expr{Call{Name: "count", Args: []Node{e.Node}, Distinct: true}}
}

// Sum adds up.
func Sum(e Expr) Expr { return fn("sum", e) }

// Avg is the mean, as a double.
func Avg(e Expr) Expr { return fn("avg", e.Cast("double")) }

// Min is the smallest value.
func Min(e Expr) Expr { return fn("min", e) }

// Max is the largest value.
func Max(e Expr) Expr { return fn("max", e) }

// Stddev is the standard deviation of a sample.
func Stddev(e Expr) Expr { return fn("stddev", e.Cast("double")) }

// CollectList gathers the values that are not null, in no order.
func CollectList(e Expr) Expr { return fn("collect_list", e) }

// RowNumber, Rank and DenseRank number the rows of a Window.
func RowNumber() Expr { return fn("row_number") }

// Rank numbers rows, with gaps after equal ones.
func Rank() Expr { return fn("rank") }

// DenseRank numbers rows without gaps.
func DenseRank() Expr { return fn("dense_rank") }

// Lag is the value of the row n before, in a Window.
func Lag(e Expr, n int) Expr { return fn("lag", e, Lit(int32(n))) }

// Lead is the value of the row n after, in a Window.
func Lead(e Expr, n int) Expr { return fn("lead", e, Lit(int32(n))) }

// Upper, Lower, Trim and Length are of texts; Length counts characters.
func Upper(e Expr) Expr { return fn("upper", e) }

// Lower writes in small letters.
func Lower(e Expr) Expr { return fn("lower", e) }

// Trim takes spaces off both ends.
func Trim(e Expr) Expr { return fn("trim", e) }

// Length counts characters.
func Length(e Expr) Expr { return fn("length", e) }

// Substring is n characters from a place on; the first is 1.
func Substring(e Expr, from, n int) Expr {
	if from < 1 || n < 0 {
		return wrong("Substring: from %d, %d characters: the first is 1", from, n)
	}
	return fn("substring", e, Lit(int32(from)), Lit(int32(n)))
}

// Concat puts two texts together; with a null it is null.
func Concat(a, b Expr) Expr { return fn("concat", a, b) }

// Replace puts one text in the place of another, everywhere.
func Replace(e Expr, old, by string) Expr { return fn("replace", e, Lit(old), Lit(by)) }

// RegexpReplace puts a text in the place of all that matches.
func RegexpReplace(e Expr, pattern, by string) Expr {
	return fn("regexp_replace", e, Lit(pattern), Lit(by))
}

// Contains, StartsWith and EndsWith look for a text.
func Contains(e Expr, text string) Expr { return fn("contains", e, Lit(text)) }

// StartsWith says whether a text begins with another.
func StartsWith(e Expr, text string) Expr { return fn("startswith", e, Lit(text)) }

// EndsWith says whether a text ends with another.
func EndsWith(e Expr, text string) Expr { return fn("endswith", e, Lit(text)) }

// SplitPart is the nth part of a text between separators; the first is 1.
func SplitPart(e Expr, separator string, n int) Expr {
	return fn("split_part", e, Lit(separator), Lit(int32(n)))
}

// Abs, Floor, Ceil, Sqrt, Ln and Exp are of numbers.
func Abs(e Expr) Expr { return fn("abs", e) }

// Floor is the next integer below.
func Floor(e Expr) Expr { return fn("floor", e).Cast("bigint") }

// Ceil is the next integer above.
func Ceil(e Expr) Expr { return fn("ceil", e).Cast("bigint") }

// Sqrt is the square root, as a double; below zero it is not a number.
func Sqrt(e Expr) Expr { return fn("sqrt", e) }

// Ln is the natural logarithm; it is null but for numbers above zero.
func Ln(e Expr) Expr { return fn("ln", e) }

// Exp is the exponential.
func Exp(e Expr) Expr { return fn("exp", e) }

// Sign is -1, 0 or 1, as a double.
func Sign(e Expr) Expr { return fn("sign", e) }

// Round rounds half away from zero, to n digits after the point.
func Round(e Expr, n int) Expr { return fn("round", e, Lit(int32(n))) }

// Power is e to the power of v.
func Power(e Expr, v any) Expr { return fn("power", e, Lit(v)) }

// Greatest and Least pass over nulls; Coalesce is the first that is not null.
func Greatest(all ...Expr) Expr { return fn("greatest", all...) }

// Least is the smallest of them.
func Least(all ...Expr) Expr { return fn("least", all...) }

// Coalesce is the first that is not null.
func Coalesce(all ...Expr) Expr { return fn("coalesce", all...) }

// NullIf is null where it equals v.
func NullIf(e Expr, v any) Expr { return fn("nullif", e, Lit(v)) }

// Year, Month, DayOf, Quarter, Week (of ISO 8601) and Hour are parts of dates and times.
func Year(e Expr) Expr { return fn("year", e) }

// Month is from 1 to 12.
func Month(e Expr) Expr { return fn("month", e) }

// DayOf is the day of the month.
func DayOf(e Expr) Expr { return fn("day", e) }

// Quarter is from 1 to 4.
func Quarter(e Expr) Expr { return fn("quarter", e) }

// Week is that of ISO 8601.
func Week(e Expr) Expr { return fn("weekofyear", e) }

// Weekday is from 0, Monday, to 6. It is not written with Spark's weekday: Sail says -1 for Sundays.
func Weekday(e Expr) Expr { return fn("dayofweek", e).Plus(int32(5)).Mod(int32(7)) }

// Hour is from 0 to 23.
func Hour(e Expr) Expr { return fn("hour", e) }

// AddDays and AddMonths move a date.
func AddDays(e Expr, n int) Expr { return fn("date_add", e, Lit(int32(n))) }

// AddMonths moves a date by months; what is after the end of a month becomes its end.
func AddMonths(e Expr, n int) Expr { return fn("add_months", e, Lit(int32(n))) }

// Days is how many days lie between two dates.
func Days(from, to Expr) Expr { return fn("datediff", to, from) }

// LastDay is that of the month.
func LastDay(e Expr) Expr { return fn("last_day", e) }
