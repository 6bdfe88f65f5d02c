// Package sql reads the text of SQL statements.
//
// A Dialect is the set of lexical rules of one engine: what a quote, a comment, a blank and a name are. A Token
// is a piece of a text under those rules; the tokens of a text cover every byte of it, in order. A Statement is
// what stands between two semicolons that are tokens. Everything else in the package reads the tokens of one
// statement: References are the places where it names tables, a Change is what an INSERT or a CREATE TABLE does to
// a table, a Travel is a clause that asks for an older version of a table, Guard and Nonsense say what is refused
// before an engine sees it. A TableName is a table as a statement names it.
//
// Guarantees:
//   - Reading ends on any text, valid or not, and never fails before the end of the text: a quote or a comment
//     that is not closed is a token that is Open and reaches to the end. The engine says what is wrong with it.
//   - The tokens of a text are those of the engine's own lexer wherever the engine understands the text. For DuckDB
//     a fuzz test in engine/duck compares Split with DuckDB's parser; for Spark the rules are those of the grammar
//     of Spark 4.1.
//   - Offsets are bytes of the text that the caller passed. Functions that take a clause out of a statement leave
//     blanks in its place, so that every offset stays what it was.
//   - Lines end at \n, at \r\n and at a lone \r, everywhere, each counted once.
//   - An error of this package is an *Error with the offset of the token that it is about.
//
// The package imports no engine and no table format; of the project it imports delta/schema, for the column types of
// CREATE TABLE. Where more belongs:
//   - A statement that changes rows in place (DELETE, UPDATE, MERGE) or a table's files and properties (OPTIMIZE,
//     VACUUM, ALTER) becomes a Verb, with the fields of Change that it fills, and a file of its own beside insert.go
//     and create.go whose method on changeReader ParseChange calls for the statement's first word. A condition or a
//     SET expression stays text with its offset, as Query is: the engine parses expressions.
//   - A PostgreSQL dialect becomes a constant beside DuckDB and Spark, and a method of the lexer in a file of its
//     own beside duckdb.go and spark.go. It shares quotedEnd, dollarEnd and blockEnd with DuckDB's, whose lexer
//     descends from PostgreSQL's.
package sql
