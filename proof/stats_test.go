package proof

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestStatisticsInTheLog promises that the log has the statistics of a file which Spark writes there for the same rows, byte for byte, whatever
// the table's properties keep out of it. Spark says
// tightBounds only where it has to. Of text of more than 256 bytes beyond ASCII DuckDB gives no bounds.
func TestStatisticsInTheLog(t *testing.T) {
	o := others(t)
	columns := "id bigint, a string, s struct<x:string,y:int,z:struct<q:double>>, dec decimal(12,3), d date, t timestamp, flag boolean, bytes binary, f float, part int, odd string, b string"
	var sparkWide, duckWide strings.Builder
	for w := range 30 {
		columns += fmt.Sprintf(", w%d int", w)
		fmt.Fprintf(&sparkWide, ", n + %d as w%d", w, w)
		fmt.Fprintf(&duckWide, ", n + %d AS w%d", w, w)
	}
	var rows []string
	for _, text := range []string{"a", "é", "漢", "😀", "\U0010ffff", "~", "\x7f", "\u0080"} {
		for _, value := range []string{fmt.Sprintf("repeat('%s', %d)", text, long(text)), fmt.Sprintf("'%sx'", strings.Repeat(text, 31)), fmt.Sprintf("'%sx%s'", strings.Repeat(text, 32), text)} {
			rows = append(rows, fmt.Sprintf("(%d, %s, %d)", len(rows), value, len(rows)))
		}
	}
	from := " FROM (VALUES " + strings.Join(append(rows, "(99, '', null)", "(98, null, 1)"), ", ") + ") v(n, t, m)"
	for name, properties := range map[string]string{
		"default": "'a' = 'b'", "two": "'delta.dataSkippingNumIndexedCols' = '2'", "none": "'delta.dataSkippingNumIndexedCols' = '0'", "all": "'delta.dataSkippingNumIndexedCols' = '-1'",
		"inside": "'delta.dataSkippingNumIndexedCols' = '3'", "named": "'delta.dataSkippingStatsColumns' = 's.y,odd,w29', 'delta.dataSkippingNumIndexedCols' = '1'",
		"struct": "'delta.dataSkippingStatsColumns' = 's'",
		"short":  "'delta.dataSkippingStringPrefixLength' = '5'", "long": "'delta.dataSkippingStringPrefixLength' = '60'", "empty": "'delta.dataSkippingStringPrefixLength' = '0'",
	} {
		p := newPlace(t)
		o.spark(t, "create table "+p.sql()+" ("+columns+") using delta partitioned by (part) tblproperties ("+properties+")",
			"insert into "+p.sql()+" select n as id, t as a, named_struct('x', t, 'y', m, 'z', named_struct('q', n / 4D)) as s, cast(n * 1.5 as decimal(12,3)) as dec, date_add(date'2024-01-01', n) as d, "+
				"timestamp_micros(1700000000123456 + n) as t, n > 2 as flag, cast(t as binary) as bytes, cast(n as float) as f, n as part, t as odd, t as b"+sparkWide.String()+from)
		if err := p.insert(t, "SELECT n AS id, t AS a, {'x': t, 'y': m, 'z': {'q': n / 4.0::DOUBLE}} AS s, CAST(n * 1.5 AS DECIMAL(12,3)) AS dec, DATE '2024-01-01' + n AS d, "+
			"make_timestamp(1700000000123456 + n)::TIMESTAMPTZ AS t, n > 2 AS flag, encode(t) AS bytes, n::FLOAT AS f, n AS part, t AS odd, t AS b"+duckWide.String()+from); err != nil {
			t.Fatal(err)
		}
		spark, ours := p.statistics(t, 1), p.statistics(t, 2)
		if len(ours) != len(rows)+2 || len(spark) != len(ours) {
			t.Errorf("%s: %d files of petalake, %d of Spark, want %d", name, len(ours), len(spark), len(rows)+2)
		}
		for part, want := range spark {
			want = strings.NewReplacer(`"s":{},`, "", `,"s":{}`, "").Replace(want) // of nulls alone
			if got := strings.Replace(ours[part], `,"tightBounds":true`, "", 1); got != want {
				t.Errorf("%s, part %s:\n got %.800s\nwant %.800s", name, part, got, want)
				break
			}
		}
		p.sound(t)
	}
}

// long is how often a text is repeated so that DuckDB still gives its bounds.
func long(text string) int {
	if text < "\x7f" {
		return 300
	}
	return 250 / len(text)
}

// statistics are the texts of the statistics that a commit has, by the value of the partition column part.
func (p place) statistics(t *testing.T, version int) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(p.path, "_delta_log", fmt.Sprintf("%020d.json", version)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for line := range strings.Lines(string(text)) {
		var action struct {
			Add struct {
				PartitionValues map[string]string
				Stats           string
			}
		}
		if err := json.Unmarshal([]byte(line), &action); err != nil {
			t.Fatal(err)
		}
		if action.Add.Stats != "" {
			out[action.Add.PartitionValues["part"]] = action.Add.Stats
		}
	}
	return out
}
