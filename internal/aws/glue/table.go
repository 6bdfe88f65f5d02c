package glue

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/delta/schema"
	"github.com/petalake/petalake/spec"
)

// Table is a table as the catalog of AWS has it. Names are in small letters there.
type Table struct {
	Database, Name string
	Location       string // s3://bucket/prefix
	Description    string
	Columns        []Column
	Owner          string // the environment that it is of; "" for somebody else's
}

// Column is a column with its type in the words of Hive.
type Column struct {
	Name    string
	Type    string
	Comment string `json:",omitempty"`
}

// What Glue takes at most.
const (
	mostType        = 131072 // bytes of the type of a column
	mostComment     = 255
	mostDescription = 2048
)

// Describe is a table of the lake as the catalog is to have it.
func Describe(owner, database string, name spec.TableName, location string, s *delta.Snapshot) Table {
	t := Table{
		Database: database, Name: strings.ToLower(name.Table), Location: location, Owner: owner,
		Description: cut(s.Metadata().Description, mostDescription),
	}
	for _, f := range s.Schema().Fields {
		comment, _ := f.Metadata["comment"].(string)
		t.Columns = append(t.Columns, Column{Name: strings.ToLower(f.Name), Type: hive(f.Type), Comment: cut(comment, mostComment)})
	}
	return t
}

// cut shortens a text to a number of bytes, between two characters.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most]
}

// hive is a type in the words of Hive. What Hive has no word for, or only one that is too long, is a string:
// those who read Delta take the type from the log.
func hive(t schema.Type) string {
	if text := hiveType(t); len(text) <= mostType {
		return text
	}
	return "string"
}

var hivePrimitives = map[schema.Primitive]string{
	schema.String: "string", schema.Long: "bigint", schema.Integer: "int", schema.Short: "smallint", schema.Byte: "tinyint",
	schema.Float: "float", schema.Double: "double", schema.Boolean: "boolean", schema.Binary: "binary", schema.Date: "date",
	schema.Timestamp: "timestamp", schema.TimestampNTZ: "timestamp",
}

func hiveType(t schema.Type) string {
	switch t := t.(type) {
	case schema.Primitive:
		return cmp.Or(hivePrimitives[t], "string")
	case schema.Decimal:
		return t.String()
	case *schema.Array:
		return "array<" + hiveType(t.Element) + ">"
	case *schema.Map:
		return "map<" + hiveType(t.Key) + "," + hiveType(t.Value) + ">"
	case *schema.Struct:
		var members []string
		for _, f := range t.Fields {
			members = append(members, member(f.Name)+":"+hiveType(f.Type))
		}
		return "struct<" + strings.Join(members, ",") + ">"
	}
	return "string"
}

// member is the name of a member of a struct as a type of Hive can have it.
func member(name string) string {
	return strings.Map(func(r rune) rune {
		if r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || r >= utf8.RuneSelf {
			return r
		}
		return '_'
	}, strings.ToLower(name))
}

// input is a table in the shape of TableInput. The formats are those of a table that no reader of Hive
// files is to open.
func (t Table) input() map[string]any {
	columns := make([]map[string]any, 0, len(t.Columns))
	for _, c := range t.Columns {
		one := map[string]any{"Name": c.Name, "Type": c.Type}
		if c.Comment != "" {
			one["Comment"] = c.Comment
		}
		columns = append(columns, one)
	}
	return map[string]any{
		"Name": t.Name, "Description": t.Description, "TableType": "EXTERNAL_TABLE", "Parameters": t.parameters(),
		"StorageDescriptor": map[string]any{
			"Columns": columns, "Location": t.Location,
			"InputFormat": "org.apache.hadoop.mapred.SequenceFileInputFormat", "OutputFormat": "org.apache.hadoop.hive.ql.io.HiveSequenceFileOutputFormat",
			"SerdeInfo": map[string]any{
				"SerializationLibrary": "org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe",
				"Parameters":           map[string]string{"serialization.format": "1", "path": t.Location},
			},
		},
	}
}

// ownerKey marks what is ours, with the environment that it is of.
const ownerKey = "petalake"

func (t Table) parameters() map[string]string {
	return map[string]string{
		"EXTERNAL": "TRUE", "classification": "delta", "table_type": "DELTA", "spark.sql.sources.provider": "delta", ownerKey: t.Owner,
	}
}

// output is a table as Glue answers.
type output struct {
	Name              string
	DatabaseName      string
	Description       string
	Parameters        map[string]string
	StorageDescriptor struct {
		Location  string
		Columns   []Column
		SerdeInfo struct{ Parameters map[string]string }
	}
}

// table is what an answer says. Where the parameters are not as they should be it has no location, and so is
// no table that anybody wants.
func (o output) table() Table {
	t := Table{
		Database: o.DatabaseName, Name: o.Name, Location: o.StorageDescriptor.Location, Description: o.Description, Columns: o.StorageDescriptor.Columns,
		Owner: o.Parameters[ownerKey],
	}
	for key, value := range t.parameters() {
		if o.Parameters[key] != value || o.StorageDescriptor.SerdeInfo.Parameters["path"] != t.Location {
			t.Location = ""
		}
	}
	return t
}

func (t Table) equal(other Table) bool {
	return t.Database == other.Database && t.Name == other.Name && t.Location == other.Location && t.Description == other.Description &&
		t.Owner == other.Owner && slices.Equal(t.Columns, other.Columns)
}

// sorted are the keys of a map in their order.
func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
