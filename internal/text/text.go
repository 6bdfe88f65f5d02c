// Package text reads the rows of text files, CSV and JSON, as values of columns.
//
// A Source says which files are read, how they are written, and which columns the rows have. A Reader cuts the files into blocks
// of whole records; Rows, one for each goroutine, reads the records of blocks into Columns, whose memory is laid out as DuckDB
// has it. A record that cannot be read is a Fault with its file and line, and leaves nothing in the columns. Guesses
// reads the records of files whose columns nobody declared, for the types that their values have.
//
// A value arrives as it is, or not at all:
//
//   - A number is the one that the text says: it is neither rounded nor cut. A whole number, which may be a key, is held by a
//     floating-point column exactly or not at all; of a fraction it holds the nearest it has.
//   - A date or a time is written as ISO 8601 has it, or in the form of the column. One with a zone is a moment; a timestamp_ntz takes
//     none of these, a timestamp takes those without a zone in the zone of the Options.
//   - Words are true and false in a boolean column only, and numbers are no booleans in JSON.
//   - An object has the fields of its column, by names that may differ in case, each once. One that the column has not is Unknown.
//   - A string column takes every text, and the text of what is no string in JSON.
package text
