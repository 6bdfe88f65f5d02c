package stats

// Eval says whether p is true on a row, given the values of its columns. It is exact but for
// Unknown and for values that have no order, which count as true.
func Eval(p Predicate, row func(path []string) Value) bool {
	if p == nil {
		return true
	}
	e := estimate{file: &File{NumRecords: 1}, partition: func(path []string) (Value, bool) {
		return row(path), true
	}}
	return e.truths(p)&isTrue != 0
}

// Columns appends to paths those of the columns that p reads, each once for each mention.
func Columns(p Predicate, paths [][]string) [][]string {
	switch p := p.(type) {
	case And:
		for _, q := range p {
			paths = Columns(q, paths)
		}
	case Or:
		for _, q := range p {
			paths = Columns(q, paths)
		}
	case Not:
		paths = Columns(p.Predicate, paths)
	case Compare:
		paths = append(paths, p.Path)
	case In:
		paths = append(paths, p.Path)
	case IsNull:
		paths = append(paths, p.Path)
	}
	return paths
}
