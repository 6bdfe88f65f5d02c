package datafile

import (
	"fmt"
	"strings"
)

// longestName and longestValue are how many bytes of a column's name and of its value are in the name of a folder: file
// systems allow 255 for both.
const (
	longestName  = 100
	longestValue = 150
)

// Dir is the folder of a partition's files as Hive and Spark name it, "a=1/b=x%2Fy/", with a slash at
// the end; empty for a table without partitions. Null is __HIVE_DEFAULT_PARTITION__. Names are a habit:
// readers take the values from the add action, so two values may share a folder.
func Dir(columns []string, values map[string]*string) string {
	var b strings.Builder
	for _, c := range columns {
		b.WriteString(cut(escape(c), longestName) + "=")
		if v := values[c]; v != nil {
			b.WriteString(cut(escape(*v), longestValue))
		} else {
			b.WriteString("__HIVE_DEFAULT_PARTITION__")
		}
		b.WriteByte('/')
	}
	return b.String()
}

// cut takes the end off a name that is too long.
func cut(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most], "")
}

func escape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c == 0x7F || strings.IndexByte("\"#%'*/:=?\\{[]^", c) >= 0 {
			fmt.Fprintf(&b, "%%%02X", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}
