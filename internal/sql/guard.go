package sql

import (
	"slices"
	"strings"
)

// inLake is the hint for locations outside of the lake.
const inLake = "name a table of the lake"

// Guard refuses statements by which SQL would reach the files, programs or secrets of the machine that Spark runs
// on: other formats than Delta's, locations outside of the lake, jars, scripts, functions that call Java, settings that
// lift the guard. It judges by the words alone; within says whether a location is in the lake. The setting
// spark.sql.runSQLOnFiles=false, which a Spark that petalake starts has, closes files by their path besides. An error is
// an *Error that is Refused.
func Guard(text string, within func(location string) bool) error {
	g := guard{tokens: Lex(Spark, text), within: within}
	for i := range g.tokens {
		for _, rule := range guardRules {
			if err := rule(g, i); err != nil {
				return err
			}
		}
	}
	return nil
}

// guard is a statement that is judged.
type guard struct {
	tokens []Token
	within func(location string) bool
}

// guardRules each judge what stands at a token.
var guardRules = []func(g guard, i int) error{guard.command, guard.hidden, guard.program, guard.format, guard.location}

// token is one of the statement's, an empty one before its beginning and behind its end.
func (g guard) token(i int) Token {
	if i < 0 || i >= len(g.tokens) {
		return Token{}
	}
	return g.tokens[i]
}

// first says whether a statement begins at a token: the whole, or one inside of a block.
func (g guard) first(i int) bool {
	return i == 0 || g.token(i-1).Is(";", "BEGIN", "THEN", "ELSE", "DO")
}

// calls says whether a token is the name of one of some functions, in quotes or not, and is called.
func (g guard) calls(i int, names ...string) bool {
	t := g.token(i)
	return t.IsName() && g.token(i+1).Is("(") && slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, t.Value()) })
}

func (g guard) refuse(i int, hint, format string, args ...any) error {
	return fault(Refused, g.token(i).From, hint, format, args...)
}

// command refuses statements that are none about tables.
func (g guard) command(i int) error {
	t, next := g.token(i), g.token(i+1)
	if !g.first(i) {
		return nil
	}
	switch {
	case t.Is("SET", "RESET") && !next.Is("TIME", "VAR", "VARIABLE"):
		return g.setting(i)
	case t.Is("ADD", "LIST") && next.Is("JAR", "JARS", "FILE", "FILES", "ARCHIVE", "ARCHIVES"):
		return g.refuse(i, "a job in lakehouse.yaml takes jars and files", "%s %s", strings.ToUpper(t.Text), strings.ToUpper(next.Text))
	case t.Is("LOAD", "IMPORT", "EXPORT", "CONVERT"):
		return g.refuse(i, "`petalake load` reads files", "%s", strings.ToUpper(t.Text))
	case t.Is("CREATE") && g.creates(i, "FUNCTION"):
		return g.refuse(i, "a PySpark job may define functions", "CREATE FUNCTION")
	}
	return nil
}

// hidden refuses what hides a part of the statement from this reading.
func (g guard) hidden(i int) error {
	t, called := g.token(i), g.token(i+1).Is("(")
	switch {
	case t.Is("IDENTIFIER") && called:
		return g.refuse(i, "write the name itself", "IDENTIFIER hides what is named")
	case t.Is("OPTIONS") && called && g.escaped(i+1):
		return g.refuse(i, "write the names of options as they are", "an option with an escape in its name")
	case t.Is("EXECUTE") && g.token(i+1).Is("IMMEDIATE"):
		return g.refuse(i, "write the statement itself", "EXECUTE IMMEDIATE hides what is run")
	}
	return nil
}

// program refuses what runs programs, or functions that reach the machine.
func (g guard) program(i int) error {
	t, before, called := g.token(i), g.token(i-1), g.token(i+1).Is("(")
	switch {
	case t.Is("DIRECTORY") && before.Is("OVERWRITE", "LOCAL"):
		return g.refuse(i, "`petalake sql --output parquet` writes rows to a file", "INSERT OVERWRITE DIRECTORY")
	case g.calls(i, "reflect", "java_method", "try_reflect", "table_changes_by_path", "read_files", "cloud_files", "python_udtf"):
		return g.refuse(i, "", "the function %s", strings.ToLower(t.Value()))
	case t.Is("TRANSFORM") && called && g.scripted(i+1), t.Is("MAP", "REDUCE") && before.Is("SELECT", "FROM") && !called:
		return g.refuse(i, "a PySpark job may run programs", "a script in SQL")
	}
	return nil
}

// lakeFormats are the formats of tables that stay within the lake.
var lakeFormats = []string{"delta"}

// format refuses tables of another format than Delta's. USING also names columns of a join, or the source of a MERGE.
func (g guard) format(i int) error {
	next := g.token(i + 1)
	if !g.token(i).Is("USING") || i == 0 || g.token(i-1).Is("IMMEDIATE") || !next.IsName() && next.Kind != Text && next.Kind != Quoted || next.Is(lakeFormats...) {
		return nil
	}
	for j := i - 1; j >= 0; j-- {
		if g.tokens[j].Is("MERGE", "JOIN") {
			return nil
		}
		if g.tokens[j].Is("CREATE", "REPLACE", "TABLE", "VIEW") {
			break
		}
	}
	return g.refuse(i+1, "write USING delta; `petalake load` reads files of other formats", "tables of the format %s", next.Value())
}

// location refuses locations outside of the lake.
func (g guard) location(i int) error {
	t, before := g.token(i), g.token(i-1)
	switch {
	case t.Is("LOCATION", "PATH", "VACUUM", "OPTIMIZE", "DETAIL", "HISTORY", "TABLE", "CLONE"):
		for _, location := range g.constants(i + 1) {
			if err := g.place(i+1, location); err != nil {
				return err
			}
		}
	case t.Kind == Quoted && i > 1 && before.Is(".") && strings.ContainsAny(t.Value(), `/\:`):
		format := g.token(i - 2)
		if format.Is(lakeFormats...) {
			return g.place(i, t.Value())
		}
		return g.refuse(i, "`petalake load` reads files", "a file by its path, %s.`%s`", format.Value(), t.Value())
	case t.Kind == Text && before.Is("(", ","):
		if slices.ContainsFunc(g.constants(i), func(s string) bool { return strings.EqualFold(s, "path") }) {
			return g.refuse(i, inLake, "a table by its path")
		}
	}
	return nil
}

// place refuses a location outside of the lake.
func (g guard) place(i int, location string) error {
	if strings.ContainsAny(location, `\`) || strings.Contains(location, "..") || !g.within(location) {
		return g.refuse(i, inLake, "%s is outside of the lake", location)
	}
	return nil
}

// constants are what the strings from a token on make: the first, the first two, and so on. Spark joins strings
// that stand side by side, where its grammar takes more than one.
func (g guard) constants(i int) []string {
	var out []string
	joined := ""
	for ; g.token(i).Kind == Text; i++ {
		joined += g.token(i).Value()
		out = append(out, joined)
	}
	return out
}

// escaped says whether a string in the parentheses that begin at a token holds an escape: it could be any name.
func (g guard) escaped(i int) bool {
	for ; i < len(g.tokens) && !g.tokens[i].Is(")"); i++ {
		if g.tokens[i].Kind == Text && strings.Contains(g.tokens[i].Text, `\`) {
			return true
		}
	}
	return false
}

// creates says whether the CREATE at a token makes a thing of a kind.
func (g guard) creates(i int, kind string) bool {
	for i++; g.token(i).Is("OR", "REPLACE", "TEMPORARY", "TEMP", "GLOBAL"); i++ {
	}
	return g.token(i).Is(kind)
}

// scripted says whether USING stands behind the parentheses that begin at a token: a program. The higher-order function
// transform has none.
func (g guard) scripted(i int) bool {
	depth := 0
	for ; i < len(g.tokens); i++ {
		switch t := g.tokens[i]; {
		case t.Is("("):
			depth++
		case t.Is(")"):
			depth--
		case depth == 0 && t.Is("USING"):
			return true
		case depth == 0 && t.Is("FROM", ","):
			return false
		}
	}
	return false
}

// settable are the beginnings of the settings that a statement may change.
var settable = []string{"spark.sql.", "spark.databricks.delta."}

// fixed are the beginnings of settings that keep SQL within the lake.
var fixed = []string{
	"spark.sql.runsqlonfiles", "spark.sql.warehouse.dir", "spark.sql.extensions", "spark.sql.catalog", "spark.sql.redaction",
	"spark.sql.legacy", "spark.sql.sources.default", "spark.sql.pyspark", "spark.sql.execution.python", "spark.sql.artifact", "spark.sql.debug",
}

// setting judges the SET key = value at a token. Without a key it shows settings.
func (g guard) setting(i int) error {
	if next := g.token(i + 1); next.Text == "" || next.Is(";", "-") {
		return nil
	}
	key := ""
	for _, t := range g.tokens[i+1:] {
		if t.Is("=", ";") {
			break
		}
		if t.Kind == Quoted {
			key += strings.ToLower(t.Value())
		} else {
			key += strings.ToLower(t.Text)
		}
	}
	begins := func(prefix string) bool { return strings.HasPrefix(key, prefix) }
	switch {
	case slices.ContainsFunc(fixed, begins):
		return g.refuse(i, "", "the setting %s", key)
	case slices.ContainsFunc(settable, begins):
		return nil
	}
	return g.refuse(i, "settings of Spark are in lakehouse.yaml, as environments.<name>.spark.conf", "the setting %s", key)
}
