// Package cli is the petalake command: what a person types, and what they see.
//
// A command is one file with one value, whose fields are its flags: it makes what cobra runs, asks the lake and shows
// the answer. All of them stand in commands.go. An app is what all commands share: the streams, the global flags, the
// way to the lake. Text for people and JSON lines or CSV for programs are made from the same rows, by package render.
//
// What a program may rely on: the shapes of --output json and csv, and the exit codes (exit.go).
// Standard output holds the answer alone; notes, progress and errors go to standard error.
package cli
