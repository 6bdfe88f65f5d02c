package spark

import (
	"fmt"
	"slices"
	"strings"
)

// RefusedError says that a statement was not sent, since it reaches beyond the tables of the lake.
type RefusedError struct {
	What string
	hint string
}

// Error implements error.
func (e *RefusedError) Error() string { return "spark: refused: " + e.What }

// Hint says what to do.
func (e *RefusedError) Hint() string { return e.hint }

func refuse(hint, format string, args ...any) error {
	return &RefusedError{fmt.Sprintf(format, args...), hint}
}

// inLake is the hint for places outside of the lake.
const inLake = "name a table of the lake"

// Guard refuses statements by which SQL would reach the files, programs or secrets of the machine that
// Spark runs on: other formats than Delta's, places outside of the lake, jars, scripts, functions
// that call Java, settings that lift the guard. It judges by the words alone, before anything is
// sent; within says whether a place is in the lake. The setting spark.sql.runSQLOnFiles=false, which
// a Spark that petalake starts has, closes files by their path besides.
func Guard(sql string, within func(location string) bool) error {
	t := pieces(sql)
	for i := range t {
		if err := guard(t, i, within); err != nil {
			return err
		}
	}
	return nil
}

// called says whether a token names one of these functions, in backquotes or not.
func (p piece) called(names ...string) bool {
	return p.name() && slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(n, p.text) })
}

// open are the formats of tables that stay within the lake.
var open = []string{"delta"}

func guard(t []piece, i int, within func(string) bool) error {
	p := t[i]
	next := func(n int) piece {
		if i+n < len(t) {
			return t[i+n]
		}
		return piece{}
	}
	calls := next(1).text == "(" && next(1).kind == other
	first := i == 0 || t[i-1].text == ";" || t[i-1].is("BEGIN", "THEN", "ELSE", "DO")
	switch {
	case first && p.is("SET", "RESET") && !next(1).is("TIME", "VAR", "VARIABLE"):
		return guardSet(t[i:])
	case first && p.is("ADD", "LIST") && next(1).is("JAR", "JARS", "FILE", "FILES", "ARCHIVE", "ARCHIVES"):
		return refuse("a job in lakehouse.yaml takes jars and files", "%s %s", strings.ToUpper(p.text), strings.ToUpper(next(1).text))
	case first && p.is("LOAD", "IMPORT", "EXPORT", "CONVERT"):
		return refuse("`petalake load` reads files", "%s", strings.ToUpper(p.text))
	case p.is("IDENTIFIER") && calls:
		return refuse("write the name itself", "IDENTIFIER hides what is named")
	case p.is("OPTIONS") && calls && escaped(t[i+1:]):
		return refuse("write the names of options as they are", "an option with an escape in its name")
	case p.is("EXECUTE") && next(1).is("IMMEDIATE"):
		return refuse("write the statement itself", "EXECUTE IMMEDIATE hides what is run")
	case first && p.is("CREATE") && creates(t[i:], "FUNCTION"):
		return refuse("a PySpark job may define functions", "CREATE FUNCTION")
	case p.is("DIRECTORY") && i > 0 && (t[i-1].is("OVERWRITE", "LOCAL")):
		return refuse("`petalake sql --output parquet` writes rows to a file", "INSERT OVERWRITE DIRECTORY")
	case calls && p.called("reflect", "java_method", "try_reflect", "table_changes_by_path", "read_files", "cloud_files", "python_udtf"):
		return refuse("", "the function %s", strings.ToLower(p.text))
	case calls && p.is("TRANSFORM") && scripted(t[i+1:]), p.is("MAP", "REDUCE") && i > 0 && t[i-1].is("SELECT", "FROM") && !calls:
		return refuse("a PySpark job may run programs", "a script in SQL")
	case p.is("USING") && i > 0 && !t[i-1].is("IMMEDIATE") && foreign(t, i):
		return refuse("write USING delta; `petalake load` reads files of other formats", "tables of the format %s", next(1).text)
	case p.is("LOCATION", "PATH") && next(1).kind == quoted && !next(1).tick():
		return place(next(1).text, within)
	case p.is("VACUUM", "OPTIMIZE", "DETAIL", "HISTORY", "TABLE", "CLONE") && next(1).kind == quoted && !next(1).tick():
		return place(next(1).text, within)
	case p.kind == quoted && p.tick() && strings.ContainsAny(p.text, `/\:`) && i > 1 && t[i-1].text == ".":
		if t[i-2].is(open...) {
			return place("`"+p.text+"`", within)
		}
		return refuse("`petalake load` reads files", "a file by its path, %s.`%s`", t[i-2].text, p.text)
	case p.kind == quoted && !p.tick() && strings.EqualFold(strings.Trim(p.text, `'"`), "path") && i > 0 && (t[i-1].text == "(" || t[i-1].text == ","):
		return refuse(inLake, "a table by its path")
	}
	return nil
}

// escaped says whether a text in the brackets that begin here holds an escape: it could be any name.
func escaped(t []piece) bool {
	for _, p := range t {
		if p.text == ")" && p.kind == other {
			return false
		}
		if p.kind == quoted && strings.Contains(p.text, `\\`) {
			return true
		}
	}
	return false
}

// place refuses a place outside of the lake.
func place(literal string, within func(string) bool) error {
	path := strings.Trim(literal, "'\"`")
	if strings.ContainsAny(path, `\`) || strings.Contains(path, "..") || !within(path) {
		return refuse(inLake, "%s is outside of the lake", path)
	}
	return nil
}

// creates says whether a CREATE makes a thing of a kind.
func creates(t []piece, kind string) bool {
	for _, p := range t[1:min(len(t), 6)] {
		if p.is(kind) {
			return true
		}
		if !p.is("OR", "REPLACE", "TEMPORARY", "TEMP", "GLOBAL") {
			return false
		}
	}
	return false
}

// scripted says whether USING with a text stands behind the brackets that begin here: a program. The
// higher-order function transform has none.
func scripted(t []piece) bool {
	depth := 0
	for i, p := range t {
		switch p.text {
		case "(":
			depth++
		case ")":
			depth--
		}
		if depth == 0 {
			for _, p := range t[i+1:] {
				if p.is("USING") {
					return true
				}
				if p.is("FROM") || p.text == "," {
					return false
				}
			}
			return false
		}
	}
	return false
}

// foreign says whether USING names a format other than Delta. It may also name columns of a join,
// or the source of a MERGE.
func foreign(t []piece, i int) bool {
	if i+1 >= len(t) || !t[i+1].name() && t[i+1].kind != quoted || t[i+1].is(open...) {
		return false
	}
	for j := i - 1; j >= 0; j-- {
		switch {
		case t[j].is("MERGE"), t[j].is("JOIN"):
			return false
		case t[j].is("CREATE", "REPLACE", "TABLE", "VIEW"):
			return true
		}
	}
	return true
}

// settable are the beginnings of the settings that a statement may change.
var settable = []string{"spark.sql.", "spark.databricks.delta."}

// fixed are settings that keep SQL within the lake.
var fixed = []string{
	"spark.sql.runsqlonfiles", "spark.sql.warehouse.dir", "spark.sql.extensions", "spark.sql.catalog", "spark.sql.redaction",
	"spark.sql.legacy", "spark.sql.sources.default", "spark.sql.pyspark", "spark.sql.execution.python", "spark.sql.artifact", "spark.sql.debug",
}

// guardSet judges SET key = value. Without a value it shows settings.
func guardSet(t []piece) error {
	if len(t) == 1 || t[1].text == ";" || t[1].text == "-" {
		return nil
	}
	key := ""
	for _, p := range t[1:] {
		if p.text == "=" || p.text == ";" {
			break
		}
		key += strings.ToLower(p.text)
	}
	for _, prefix := range fixed {
		if strings.HasPrefix(key, prefix) {
			return refuse("", "the setting %s", key)
		}
	}
	for _, prefix := range settable {
		if strings.HasPrefix(key, prefix) {
			return nil
		}
	}
	return refuse("settings of Spark are in lakehouse.yaml, as environments.<name>.spark.conf", "the setting %s", key)
}
