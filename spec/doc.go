// Package spec reads lakehouse.yaml, the one file that describes a lakehouse.
//
// A Lakehouse holds tables (what the lake keeps), sources (what is loaded into tables), models
// (tables made by a SELECT) and environments (the places where all of it lives). Tables, sources
// and models mean the same in every environment; only values of sources and environments may
// refer to the machine they run on, as ${env:NAME}, and they do so when they are resolved, not
// when the file is read.
//
// Load and Parse find all the problems of a file at once. Each Problem has a position, the path
// of the element, and where possible what to write instead. A Lakehouse that is returned without
// an error obeys every rule that can be known from the file and the .sql files beside it: names
// are unique in any case, columns that are referred to exist, types are well formed.
//
// The keys of the file are the fields of the Go types: their tags (key, doc, default, enum,
// pattern, ...) drive the parser, JSONSchema and the key tables of docs/lakehouse-yaml.md alike.
package spec
