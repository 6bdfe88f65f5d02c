// Package render turns values into text for people and for programs.
//
// A cell is one value as text. A Writer takes record batches and writes rows: an aligned table, CSV
// or JSON lines. A Grid is a small aligned list made of strings. Nothing here knows a command, a
// table of a lake or a terminal beyond its width; every function is a function of its arguments.
//
// Text meant for a person never contains a control character that came from data: Escape shows it
// instead, so that no row can move the cursor or change the title of a terminal.
package render
