package spec

import (
	"path"
	"strings"
)

// Source is something that is loaded into a table. Of the fields named after a kind, the one of
// its Kind is set.
type Source struct {
	Element
	Name        string     `key:",name" pattern:"^[A-Za-z][A-Za-z0-9_-]*$" says:"letters, digits, _ and -, a letter first"`
	Kind        SourceKind `key:"kind" enum:"files,stream,database" default:"files" doc:"What it is: files in a folder, the records of a stream, or tables of a database." instead:"type"`
	Description string     `key:"description" doc:"What comes from where."`
	Table       TableName  `key:"table" doc:"The table that is loaded. Default: the one named like the source." instead:"target,to,into"`
	OnError     OnError    `key:"on_error" enum:"reject,quarantine,rescue" default:"reject" doc:"What happens to rows that do not fit: their file is not loaded (reject), they go to the table _quarantine, with the reason (quarantine), or the values that do not fit go to the column _rescued, and the rest of the row is loaded (rescue)."`
	MaxBad      Share      `key:"max_bad" loose:"true" doc:"How many rows of a load may be put aside: a number, or a part such as 1%. With more the load fails."`
	Files       *Files     `inline:"files"` // of a stream: its records, as they are kept
	Stream      *Stream    `inline:"stream"`
	Database    *Database  `inline:"database"` // of which Lakehouse.Databases has it

	resolved bool
}

// SourceKind says what a source is.
type SourceKind string

// The kinds of sources.
const (
	KindFiles  SourceKind = "files"  // Source.Files
	KindStream SourceKind = "stream" // Source.Stream

	KindDatabase SourceKind = "database" // Source.Database
)

// OnError says what happens to rows that cannot be read.
type OnError string

// What happens to bad rows.
const (
	Reject     OnError = "reject"     // nothing is loaded, the error names file and line
	Quarantine OnError = "quarantine" // they are kept aside with the reason, the good rows load
	Rescue     OnError = "rescue"     // values that do not fit are kept in a column of their own, the others load
)

// Files is a source of files in a folder or a bucket.
type Files struct {
	Paths      []Text            `key:"path" required:"true" doc:"The files, relative to lakehouse.yaml, or of a bucket: s3://bucket/folder/*.csv. * ? and [a-z] match within a name, ** any folders." instead:"paths,file,files,glob"`
	Format     Format            `key:"format" enum:"csv,json,parquet" doc:"What is in them; JSON is objects: one a line, one after the other, or in a list. Default: by the name, from .csv, .tsv, .json, .jsonl, .ndjson and .parquet, with .gz or .zst after it."`
	Mode       Mode              `key:"mode" enum:"append,replace" default:"append" doc:"Whether each new file is loaded once (append), or the files of a load take the place of all rows (replace)."`
	AllowEmpty bool              `key:"allow_empty" doc:"With mode: replace: that no file is left empties the table. Else it is an error, since a folder that is not mounted looks the same."`
	Identity   Identity          `key:"identity" enum:"path,content" default:"path" doc:"What makes a file one that was loaded: its path, or what it holds (content): then one that was renamed or copied is not loaded again, and one that changed is."`
	FileColumn string            `key:"file_column" doc:"A column of the table that takes the path of the file of a row."`
	TimeColumn string            `key:"time_column" doc:"A column of the table that takes the time of the load."`
	Columns    map[string]string `key:"columns" doc:"The columns that are loaded, by their names in the table, each with its name in the files; with '*': '*' the others too, as they are. Default: all."`
	Options    Options           `key:"options" doc:"How CSV files are written, where that is not detected."`
}

// Stream is a stream of records, each an object of JSON. In AWS it is one of Kinesis, whose records Amazon
// Data Firehose keeps as files in the bucket; everywhere its rows are the lines of the files in
// archive/<source>, each loaded once.
type Stream struct {
	Shards    int      `key:"shards" minimum:"1" doc:"How many shards the stream has in AWS: each takes 1 MB or 1,000 records a second. Default: as many as it needs, on demand."`
	Retention Duration `key:"retention" default:"24h" doc:"How long the stream itself keeps records in AWS, from 24h to 365d; the files stay." instead:"retention_hours"`
	Every     Duration `key:"every" default:"60s" doc:"How often records become a file in AWS, from 10s to 15m; sooner where they are 128 MB." instead:"buffer,interval"`
}

// streamFolder is where the records of streams are kept, each in a folder of its name.
const streamFolder = "archive/"

// Folder is where the records of a stream are kept, ending in a slash.
func (s *Source) Folder() string { return streamFolder + s.Name + "/" }

// Format is how the rows of a file are written.
type Format string

// The formats of files.
const (
	CSV     Format = "csv"
	JSON    Format = "json" // objects: one a line, one after the other, or in a list
	Parquet Format = "parquet"
)

// FormatOf tells the format of a file, and whether its text is separated by tabs, from its name:
// the extension before .gz or .zst. It is "" where the name does not tell.
func FormatOf(name string) (f Format, tabs bool) {
	name = strings.ToLower(name)
	name = strings.TrimSuffix(strings.TrimSuffix(name, ".gz"), ".zst")
	switch path.Ext(name) {
	case ".csv":
		return CSV, false
	case ".tsv":
		return CSV, true
	case ".json", ".jsonl", ".ndjson":
		return JSON, false
	case ".parquet":
		return Parquet, false
	}
	return "", false
}

// Mode says what a load does with the rows of the loads before.
type Mode string

// How a source is loaded.
const (
	Append  Mode = "append"  // keeps them; each file is loaded once
	Replace Mode = "replace" // takes their place
)

// Identity says what makes a file the same as one before.
type Identity string

// What a file is known by.
const (
	ByPath    Identity = "path"
	ByContent Identity = "content"
)

// Options say how CSV files are written. What is not set is detected from the first rows.
type Options struct {
	Element
	Delimiter       string   `key:"delimiter" pattern:"^.{1,4}$" says:"one to four characters" doc:"What separates the values of a CSV row." instead:"sep,separator,delim"`
	Header          *bool    `key:"header" doc:"Whether the first row of a CSV file holds names."`
	Quote           *string  `key:"quote" pattern:"^.?$" says:"one character, or none" doc:"The character around values of a CSV row; empty for none." instead:"quote_char"`
	Escape          *string  `key:"escape" pattern:"^.?$" says:"one character, or none" doc:"The character before a quote inside quotes; empty for none." instead:"escape_char"`
	Null            []string `key:"null" loose:"true" doc:"What stands for a missing value in CSV." instead:"nulls,null_value,nullstr,null_values"`
	DateFormat      string   `key:"date_format" doc:"How dates are written in CSV and JSON, such as %d.%m.%Y." instead:"dateformat"`
	TimestampFormat string   `key:"timestamp_format" doc:"How timestamps are written in CSV and JSON, such as %d.%m.%Y %H:%M." instead:"timestampformat"`
	TimeZone        TimeZone `key:"time_zone" default:"UTC" doc:"The time zone of times in CSV and JSON that name none, in columns of the type timestamp." instead:"timezone,tz"`
	Encoding        string   `key:"encoding" enum:"utf-8,utf-16,latin-1,windows-1250,windows-1251,windows-1252,windows-1253,windows-1254,windows-1257,iso-8859-2,iso-8859-5,iso-8859-7,iso-8859-15,koi8-r,macintosh,gb18030,big5,shift_jis,euc-jp,euc-kr" default:"utf-8" doc:"How the characters of a text file are written." instead:"charset"`
	Skip            int      `key:"skip" minimum:"0" doc:"How many lines stand before the header of a CSV file." instead:"skip_rows,skiprows"`
	Comment         string   `key:"comment" pattern:"^[ -~]?$" says:"one character" doc:"Lines of CSV that begin with it are passed over."`
	Pad             bool     `key:"pad" doc:"Values that are missing at the end of a row of CSV are NULL. Else the row cannot be read."`
	MaxRow          Size     `key:"max_row" default:"64MB" doc:"How long a row of CSV or JSON may be; more ends the row, not the memory."`
	Decimal         string   `key:"decimal" pattern:"^[.,]?$" says:"a point or a comma" doc:"The decimal point of numbers in CSV."`
	Thousands       string   `key:"thousands" pattern:"^[ -~]?$" says:"one character" doc:"What stands between the thousands of numbers in CSV."`
}
