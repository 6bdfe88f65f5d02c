package spec

// Model is a table made by a SELECT.
type Model struct {
	Element
	Name          TableName         `key:",name"`
	Description   string            `key:"description" doc:"What a row is."`
	SQL           string            `key:"sql" doc:"The file with the SELECT, beside or below lakehouse.yaml. Either this or query." instead:"file,path"`
	Query         string            `key:"query" doc:"The SELECT itself. Either this or sql." instead:"select"`
	Mode          ModelMode         `key:"mode" enum:"full,incremental" default:"full" doc:"Whether each run makes the table anew (full), or runs only new rows through the SELECT and appends the result (incremental)." instead:"materialized"`
	IncrementalOn TableName         `key:"incremental_on" doc:"The table whose newly appended rows an incremental model runs on."`
	PartitionBy   []string          `key:"partition_by" doc:"Columns whose values become folders." instead:"partitioned_by,partitions,partition_columns"`
	ClusterBy     []string          `key:"cluster_by" doc:"Columns by which the rows of a written file are sorted." instead:"clustered_by,sort_by,order_by,zorder_by"`
	Engine        Engine            `key:"engine" enum:"duckdb,spark,auto" doc:"What runs the SELECT. Default: as the environment says."`
	Constraints   map[string]string `key:"constraints" doc:"Conditions that every row must meet, each a SQL expression by its name." each:"SQL condition"`
	Properties    map[string]string `key:"properties" doc:"Properties of the Delta table." each:"text" instead:"tblproperties,options"`

	// QueryPos is where the first character of Query stands: in the .sql file, or in
	// lakehouse.yaml. Positions inside the statement count from there; all its lines begin at the
	// same column.
	QueryPos Pos
}

// ModelMode says what a run of a model does with the rows of the run before.
type ModelMode string

// How a model is run.
const (
	Full        ModelMode = "full"        // replaces them
	Incremental ModelMode = "incremental" // keeps them, and adds the result for new rows
)
