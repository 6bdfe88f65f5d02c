package duck

import (
	"regexp"
	"strings"
)

// wording says in petalake's words what DuckDB says in its own.
type wording struct {
	said    *regexp.Regexp // matches DuckDB's message
	message string         // in its place, with what was matched; "" keeps it
	hint    string         // what to do, with what was matched; "" leaves it to the candidates that DuckDB lists
}

// wordings are those messages that speak of DuckDB's inside or tell somebody to do what a statement cannot.
var wordings = []wording{
	{regexp.MustCompile(`^Referenced column ("[^\n]*") not found in FROM clause!?`), `no column $1`, ""},
	{regexp.MustCompile(`^Referenced column ("[^\n]*") was not found because the FROM clause is missing`), `no column $1`, "name a table, as in SELECT ... FROM bronze.orders"},
	{regexp.MustCompile(`^(?:Values list|Table|View|Subquery) ("[^\n]*") does not have a column named ("[^\n]*")`), `$1 has no column $2`, ""},
	{regexp.MustCompile(`^Referenced table ("[^\n]*") not found!?`), `no table $1 in FROM`, ""},
	{regexp.MustCompile(`^Column ("[^\n]*") does not exist on (left|right) side of join!?`), `no column $1 on the $2 side of the join`, ""},
	{regexp.MustCompile(`^No function matches the given name and argument types '([^\n]*)'\.`), `there is no $1`, ""},
	{regexp.MustCompile(`^Could not choose a best candidate function for the function call "([^\n]*)"\.`), `more than one function fits $1`, ""},
	{regexp.MustCompile(`^Type with name ([^\n]*?) (?:does not exist!?|is not in the catalog)`), `no type $1`, ""},
	{regexp.MustCompile(`^(?:Scalar |Aggregate |Table |Window |Macro )*Function with name ([^\n]*?) (?:does not exist!?|is not in the catalog)`), `no function $1 that can stand here`, ""},
	{regexp.MustCompile(`^(\w+) with name ([^\n]*?) (?:does not exist!?|is not in the catalog)`), `no $1 $2`, ""},
	{regexp.MustCompile(`^Could not find key ("[^\n]*") in struct`), `the struct has no field $1`, ""},
	{regexp.MustCompile(`^More than one row returned by a subquery used as an expression`), `a subquery that stands for one value gives more than one row`, "take one, with LIMIT 1 or an aggregate such as max(...)"},
	{regexp.MustCompile(`^(\d+) parameters? expected, (\d+) given`), `the statement has $1 parameters, and $2 values were given`, "write the values into the statement"},
}

var (
	candidates   = regexp.MustCompile(`(?s)\n\s*(?:Candidate[A-Za-z ]*|Did you mean)\s*:?:?\s*(.*)$`)
	quotedName   = regexp.MustCompile(`"([^"\n]*)"`)
	unreachable  = regexp.MustCompile(`(?i)\b(?:INSTALL|LOAD) \w+;|\b(?:SET|PRAGMA) \w+|auto-?install|extension|duckdb\.org|read_(?:csv|json|parquet|blob|text)`)
	literalType  = strings.NewReplacer("INTEGER_LITERAL", "INTEGER", "STRING_LITERAL", "VARCHAR")
	sentenceEnds = regexp.MustCompile(`([.!?])\s+|\n\s*`)
)

// mostForms is how many forms of a function a hint lists.
const mostForms = 3

// reword turns a message of DuckDB into one sentence for who wrote the statement, and a hint where there is one. What
// no wording knows stays, without the sentences about extensions and settings, which are not a statement's to change.
func reword(said string) (message, hint string) {
	message = said
	var near []string
	if at := candidates.FindStringSubmatchIndex(message); at != nil {
		near = nearby(message[at[2]:at[3]])
		message = strings.TrimSpace(message[:at[0]])
	}
	for _, w := range wordings {
		if at := w.said.FindStringSubmatchIndex(message); at != nil {
			hint = string(w.said.ExpandString(nil, w.hint, message, at))
			message = string(w.said.ExpandString(nil, w.message, message, at))
			break
		}
	}
	message = literalType.Replace(reachable(message))
	switch {
	case hint != "" || len(near) == 0:
	case strings.Contains(near[0], "("):
		hint = "cast the arguments; there is " + strings.Join(near, ", ")
	default:
		hint = "did you mean " + strings.Join(near, ", ") + "?"
	}
	return message, hint
}

// nearby are the candidates that DuckDB lists: names in quotes, or forms of a function, one a line.
func nearby(list string) []string {
	var out []string
	if !strings.Contains(list, "(") {
		for _, m := range quotedName.FindAllStringSubmatch(list, -1) {
			out = append(out, m[1])
		}
		return out
	}
	for line := range strings.SplitSeq(list, "\n") {
		form, _, _ := strings.Cut(strings.TrimSpace(line), " -> ")
		if form == "" {
			continue
		}
		if len(out) == mostForms {
			return append(out, "...")
		}
		out = append(out, form)
	}
	return out
}

// reachable leaves out the sentences that tell to do what no statement may. The first one stays.
func reachable(message string) string {
	if !unreachable.MatchString(message) {
		return message
	}
	var kept []string
	rest := message
	for rest != "" {
		end := len(rest)
		if at := sentenceEnds.FindStringIndex(rest); at != nil {
			end = at[1]
		}
		if sentence := strings.TrimSpace(rest[:end]); len(kept) == 0 || !unreachable.MatchString(sentence) {
			kept = append(kept, sentence)
		}
		rest = rest[end:]
	}
	return strings.TrimSpace(strings.Join(kept, " "))
}
