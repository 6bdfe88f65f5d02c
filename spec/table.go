package spec

// Table is something the lake keeps: a Delta table.
type Table struct {
	Element
	Name        TableName         `key:",name"`
	Description string            `key:"description" doc:"What a row is."`
	Columns     []*Column         `key:"columns" doc:"The columns in order. Without them the first load decides." instead:"schema,fields"`
	PartitionBy []string          `key:"partition_by" doc:"Columns whose values become folders. Choose few values, each with at least a gigabyte." instead:"partitioned_by,partitions,partition_columns"`
	ClusterBy   []string          `key:"cluster_by" doc:"Columns by which the rows of a written file are sorted, so that queries on them skip files." instead:"clustered_by,sort_by,order_by,zorder_by"`
	Constraints map[string]string `key:"constraints" doc:"Conditions that every row must meet, each a SQL expression by its name." each:"SQL condition"`
	Properties  map[string]string `key:"properties" doc:"Properties of the Delta table, such as delta.appendOnly." each:"text" instead:"tblproperties,options"`
	Evolve      Evolution         `key:"evolve" enum:"none,add,widen" default:"none" doc:"What a load may change in the columns: nothing, new columns (add), or new columns and wider types (widen)." instead:"schema_evolution,merge_schema"`
}

// Evolution says what a load may change in the columns of a table.
type Evolution string

// What a load may change.
const (
	EvolveNone  Evolution = "none"  // nothing
	EvolveAdd   Evolution = "add"   // new columns
	EvolveWiden Evolution = "widen" // new columns, and types that hold all values of the former one
)

// Column is a column of a table. The short form is one key: the name, with the type as its value.
type Column struct {
	Element
	Name        string `key:"name" required:"true" doc:"The name, unique in any case of letters."`
	Type        Type   `key:"type" required:"true" doc:"The type, as in Spark SQL."`
	Nullable    bool   `key:"nullable" default:"true" doc:"Whether a value may be missing."`
	Description string `key:"description" doc:"What a value is, with its unit." instead:"comment,doc"`
}

func (*Column) short() (key, value string) { return "name", "type" }
