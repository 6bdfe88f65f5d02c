package spec

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// checker finds what is wrong between the elements of a file that are each well formed.
type checker struct {
	*decoder
	*Lakehouse
}

// made is what the file says about a table: where its name comes from.
type made struct {
	name TableName
	path string
	pos  Pos
	by   *Model
	job  *Job    // that writes it, where nothing else names it
	load *Source // the first, where no table is declared
}

func (c *checker) check(files fs.FS) {
	tables := map[TableName]made{}
	for _, t := range c.Tables {
		c.name(tables, made{name: t.Name, path: "tables." + t.Name.String(), pos: t.Pos})
		c.table(t)
	}
	for _, m := range c.Models {
		c.name(tables, made{name: m.Name, path: "models." + m.Name.String(), pos: m.Pos, by: m})
	}
	c.sources(tables)
	c.written(tables)
	c.nested(tables)
	for _, m := range c.Models {
		c.model(m, tables, files)
	}
	c.cycles(tables)
	c.jobs(tables, files)
	c.fleet()
	c.access(tables)
	for _, e := range c.Environments {
		c.environment(e)
	}
}

// name notes the name of a table, and reports one that is taken.
func (c *checker) name(tables map[TableName]made, m made) {
	first, taken := tables[m.name.Fold()]
	if !taken {
		tables[m.name.Fold()] = m
		return
	}
	hint := "rename one"
	if first.name != m.name {
		hint = "names that differ only in case are the same; " + hint
	}
	c.fail(m.pos, m.path, hint, "the name is taken by %s at line %d", first.path, first.pos.Line)
}

// nested reports a table whose name is the schema of another: the folder of the one would lie in that
// of the other.
func (c *checker) nested(tables map[TableName]made) {
	for _, inner := range tables {
		outer, ok := tables[TableName{Table: inner.name.Schema}.Fold()]
		if !ok || inner.name.Schema == "" {
			continue
		}
		c.fail(inner.pos, inner.path, "rename one: the folder of the one would lie in that of the other",
			"%s is a table, by %s at line %d, and cannot be a schema", outer.name, outer.path, outer.pos.Line)
	}
}

func (c *checker) table(t *Table) {
	path := "tables." + t.Name.String()
	var names []string
	at := map[string]Pos{}
	for i, col := range t.Columns {
		if col.Name == "" {
			continue // reported
		}
		folded := strings.ToLower(col.Name)
		if first, twice := at[folded]; twice {
			c.fail(col.Pos, fmt.Sprintf("%s.columns[%d]", path, i), "rename one", "the column %q is there twice, first at line %d", col.Name, first.Line)
			continue
		}
		at[folded] = col.Pos
		names = append(names, col.Name)
	}
	for _, key := range []string{"partition_by", "cluster_by"} {
		list := t.PartitionBy
		if key == "cluster_by" {
			list = t.ClusterBy
		}
		c.once(&t.Element, path, key, list)
		if len(t.Columns) > 0 {
			c.columns(t, path, key, list, names)
		}
	}
	if len(names) > 0 && len(t.PartitionBy) >= len(names) && !slices.ContainsFunc(names, func(n string) bool { return !slices.Contains(t.PartitionBy, n) }) {
		c.fail(t.At("partition_by"), path+".partition_by", "leave out at least one", "all columns are partition columns")
	}
	c.conditions(&t.Element, path, t.Constraints)
	c.properties(&t.Element, path, t.Properties)
}

// columns reports columns in a list that the table does not have, or that have no order.
func (c *checker) columns(t *Table, path, key string, list, names []string) {
	for i, name := range list {
		at := fmt.Sprintf("%s[%d]", key, i)
		k := slices.IndexFunc(t.Columns, func(col *Column) bool { return col.Name == name })
		switch {
		case k < 0:
			hint := c.suggest(name, names, "the columns are "+few(names))
			c.fail(t.At(at), path+"."+at, hint, "no column %q in the table", name)
		case t.Columns[k].Type.nested():
			c.fail(t.At(at), path+"."+at, "choose a column of a simple type", "the column %q has the type %s", name, t.Columns[k].Type)
		}
	}
}

// once reports columns that stand twice in a list.
func (c *checker) once(e *Element, path, key string, list []string) {
	seen := make(map[string]bool, len(list))
	for i, name := range list {
		if folded := strings.ToLower(name); !seen[folded] {
			seen[folded] = true
			continue
		}
		at := fmt.Sprintf("%s[%d]", key, i)
		c.fail(e.At(at), path+"."+at, "keep one", "the column %q is there twice", name)
	}
}

func (c *checker) conditions(e *Element, path string, constraints map[string]string) {
	seen := map[string]string{}
	for _, name := range inOrder(e, "constraints", constraints) {
		at := "constraints." + name
		first, twice := seen[strings.ToLower(name)]
		seen[strings.ToLower(name)] = name
		switch {
		case !variableName(name):
			c.fail(e.At(at), path+"."+at, "write letters, digits and underscores", "bad name of a constraint")
		case twice:
			c.fail(e.At(at), path+"."+at, "rename one", "the constraint is there already, as %q", first)
		case strings.TrimSpace(constraints[name]) == "":
			c.fail(e.At(at), path+"."+at, "write a condition, as in distance > 0", "the constraint is empty")
		}
	}
}

func (c *checker) properties(e *Element, path string, properties map[string]string) {
	seen := map[string]string{} // as Delta Lake writes it
	for _, name := range inOrder(e, "properties", properties) {
		if wrong, hint := CheckProperty(name, properties[name]); wrong != "" {
			c.fail(e.At("properties."+name), path+".properties", hint, "property %q: %s", name, wrong)
		} else if first, twice := seen[PropertyName(name)]; twice {
			c.fail(e.At("properties."+name), path+".properties", "leave one out", "property %q is there already, as %q", name, first)
		}
		seen[PropertyName(name)] = name
	}
}

// inOrder returns the keys of a mapping in the order of the file.
func inOrder(e *Element, key string, texts map[string]string) (names []string) {
	for _, k := range e.keys {
		if name, ok := strings.CutPrefix(k.key, key+"."); ok {
			if _, ok := texts[name]; ok {
				names = append(names, name)
			}
		}
	}
	return names
}

// few shows at most eight names.
func few(names []string) string {
	if len(names) > 8 {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:8], ", "), len(names)-8)
	}
	return strings.Join(names, ", ")
}
