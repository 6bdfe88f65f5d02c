package raw

import (
	"errors"
	"strings"
	"testing"

	"github.com/petalake/petalake/engine/duck/tablefile"
)

// TestTooLongText promises that text which is too long for a varchar of the table ends a load with the column, or goes to the
// quarantine with its place.
func TestTooLongText(t *testing.T) {
	for _, quarantine := range []string{"", "q"} {
		b := newBench(t)
		path := b.file("a.csv", "a,b\n1,abc\n2,abcd\n3,\n4,é漢😀\n")
		spec := b.spec("a int, b string")
		spec.Schema.Fields[1].Metadata = map[string]any{"__CHAR_VARCHAR_TYPE_STRING": "varchar(3)"}
		spec.Quarantine = quarantine
		got, err := Loader{}.Load(t.Context(), Files{Format: FormatCSV, Paths: []string{path}}, spec)
		if quarantine == "" {
			broken, ok := errors.AsType[*tablefile.ViolationError](err)
			if !ok || broken.Column != "b" || broken.Length != "varchar(3)" || !strings.Contains(broken.Row, "abcd") {
				t.Errorf("got %v, want the column and the row", err)
			}
			b.clean()
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		same(t, "rows", b.rows("t", got.Files, "a"), []string{"1|abc", "3|", "4|é漢😀"})
		bad := b.rows("q", got.Bad, "line")
		if len(bad) != 1 || !strings.Contains(bad[0], "|3|") || !strings.Contains(bad[0], "column b: text is longer than varchar(3) allows") {
			t.Errorf("quarantine: got %q", bad)
		}
	}
}
