package text

// Place is where a record stands.
type Place struct {
	File string
	Line int64
}

// before is how many bytes stand before the record that was read from a byte of the block on.
func (t *Rows) before(from int) int {
	if t.reader.source.JSON && t.block.file.form != linesOfJSON {
		return separators(t.block.text[from:t.at])
	}
	return leading(t.block.text[from:t.at])
}

// place notes where the record stands that begins at a byte of the block.
func (t *Rows) place(at int) {
	t.line, t.counted = t.line+lines(t.block.text[t.counted:at]), at
	t.Places = append(t.Places, Place{t.block.file.Path, t.line})
}
