package text

// Origin are columns whose values say where a row comes from; no record may have them.
type Origin struct {
	File  string            // the column of the file's name, a string; "" for none
	Names map[string]string // of files, by their paths; nil: their paths
	Time  string            // the column of a time that all rows have, a timestamp; "" for none
	At    int64             // that time, microseconds since 1970
}

// has says whether a column is one of them.
func (o Origin) has(name string) bool { return name != "" && (name == o.File || name == o.Time) }

// origin notes a column that says where a row comes from.
func (t *Rows) origin(c *Column) {
	switch o := t.reader.source.Origin; c.Field.Name {
	case "":
	case o.File:
		t.file = c
	case o.Time:
		t.time = c
	}
}

// from puts where the row at hand comes from.
func (t *Rows) from() {
	if t.file != nil {
		path := t.block.file.Path
		name, ok := t.reader.source.Origin.Names[path]
		if !ok {
			name = path
		}
		t.file.put([]byte(name))
	}
	if t.time != nil {
		t.time.integer(t.reader.source.Origin.At)
	}
}
