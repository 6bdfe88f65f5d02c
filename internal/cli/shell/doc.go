// Package shell reads statements from a person at a terminal.
//
// A statement is text up to a semicolon that is not inside a literal or a comment, over as many
// lines as it needs. Lines edits them, with a History that lasts and with names completed by a
// Vocabulary. Nothing here runs SQL.
package shell
