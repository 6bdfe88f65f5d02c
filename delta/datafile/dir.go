package datafile

import (
	"fmt"
	"strings"
)

// Dir is the folder of a partition's files as Hive names it, "a=1/b=x%2Fy/", with a slash at the
// end; empty for a table without partitions. Null is __HIVE_DEFAULT_PARTITION__. Names are a habit:
// readers take the values from the add action.
func Dir(columns []string, values map[string]*string) string {
	var b strings.Builder
	for _, c := range columns {
		escape(&b, c)
		b.WriteByte('=')
		if v := values[c]; v != nil {
			escape(&b, *v)
		} else {
			b.WriteString("__HIVE_DEFAULT_PARTITION__")
		}
		b.WriteByte('/')
	}
	return b.String()
}

func escape(b *strings.Builder, s string) {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c == 0x7F || strings.IndexByte("\"#%'*/:=?\\{}[]^", c) >= 0 {
			fmt.Fprintf(b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
}
