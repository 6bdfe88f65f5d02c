package sql

const insertForm = "write INSERT INTO table [(columns)] [BY NAME] SELECT ..., or INSERT OVERWRITE table SELECT ..."

// insert reads what stands behind INSERT.
func (r *changeReader) insert(c *Change) error {
	switch {
	case r.take("INTO"):
		c.Verb = Insert
	case r.take("OVERWRITE"):
		c.Verb = Overwrite
		r.take("INTO")
	default:
		return r.wrong(insertForm, "INSERT is followed by neither INTO nor OVERWRITE")
	}
	r.take("TABLE")
	var err error
	if c.Table, err = r.table(insertForm); err != nil {
		return err
	}
	if r.is("PARTITION") {
		return r.wrong("leave it out and select the partition columns like any other", "PARTITION (...) is not needed")
	}
	if r.is("(") && !r.query(r.at+1) {
		if c.Columns, err = r.names(insertForm); err != nil {
			return err
		}
	}
	if r.take("BY", "NAME") {
		c.ByName = true
	} else {
		r.take("BY", "POSITION")
	}
	if c.ByName && c.Columns != nil {
		return r.wrong("leave one of them out", "both a list of columns and BY NAME")
	}
	return r.rows(c, insertForm)
}
