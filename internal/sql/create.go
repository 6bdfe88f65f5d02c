package sql

import (
	"strings"

	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/spec"
)

const createForm = "write CREATE [OR REPLACE] TABLE [IF NOT EXISTS] table [PARTITIONED BY (columns)] AS SELECT ..."

// create reads what stands behind CREATE.
func (r *changeReader) create(c *Change) error {
	c.Verb = Create
	c.Replace = r.take("OR", "REPLACE")
	if !r.take("TABLE") {
		return r.refused("make a table; WITH names a subquery for one statement", "only CREATE TABLE is supported")
	}
	c.IfNotExists = r.take("IF", "NOT", "EXISTS")
	var err error
	if c.Table, err = r.table(createForm); err != nil {
		return err
	}
	if r.is("(") {
		if c.Schema, err = r.columns(); err != nil {
			return err
		}
	}
	if err := r.clauses(c); err != nil {
		return err
	}
	switch {
	case r.ended() && c.Schema != nil:
		c.At = len(r.text)
		return nil
	case c.Schema != nil:
		return r.wrong("leave the list of columns out: the SELECT has names and types", "both a list of columns and AS")
	case !r.take("AS"):
		return r.wrong(createForm, "AS is missing")
	}
	return r.rows(c, createForm)
}

// clauses reads what stands between a table's name and AS, in any order.
func (r *changeReader) clauses(c *Change) (err error) {
	for err == nil {
		switch {
		case r.take("USING"):
			if !r.take("DELTA") {
				err = r.wrong("write USING delta, or leave it out", "tables of the lake are Delta tables")
			}
		case r.take("PARTITIONED", "BY"):
			c.PartitionBy, err = r.names(createForm)
		case r.take("COMMENT"):
			c.Comment, err = r.constant()
		case r.take("TBLPROPERTIES"):
			c.Properties, err = r.properties()
		case r.is("LOCATION"):
			err = r.refused("leave it out", "a table's place follows from its name")
		case r.is("CLUSTER", "BY"):
			err = r.refused("declare cluster_by on the table in lakehouse.yaml", "CLUSTER BY is not supported here")
		default:
			return nil
		}
	}
	return err
}

// columns takes names with types in parentheses, as Spark writes them.
func (r *changeReader) columns() (*schema.Struct, error) {
	start := r.at
	for depth := 0; !r.ended(); r.at++ {
		switch {
		case r.is("("):
			depth++
		case r.is(")"):
			depth--
		}
		if depth > 0 {
			continue
		}
		inside := r.text[r.tokens[start].To():r.tokens[r.at].From]
		r.at++
		t, err := schema.ParseType("struct<" + inside + ">")
		if err != nil {
			r.at = start
			return nil, r.wrong("write CREATE TABLE t (id bigint, day date)", "%s", strings.TrimPrefix(err.Error(), "schema: "))
		}
		return t.(*schema.Struct), nil
	}
	return nil, r.wrong(createForm, ") is missing")
}

// properties takes pairs of strings in parentheses.
func (r *changeReader) properties() (map[string]string, error) {
	const form = "write TBLPROPERTIES ('delta.appendOnly' = 'true')"
	if !r.take("(") {
		return nil, r.wrong(form, "( is missing")
	}
	out := map[string]string{}
	for {
		key, err := r.constant()
		if err != nil {
			return nil, err
		}
		r.take("=")
		value, err := r.constant()
		if err != nil {
			return nil, err
		}
		if wrong, hint := spec.CheckProperty(key, value); wrong != "" {
			return nil, r.wrong(hint, "property %q: %s", key, wrong)
		}
		name := spec.PropertyName(key)
		if _, twice := out[name]; twice {
			return nil, r.wrong("leave one out", "property %q twice", name)
		}
		out[name] = value
		switch {
		case r.take(")"):
			return out, nil
		case !r.take(","):
			return nil, r.wrong(form, ", or ) is missing")
		}
	}
}
