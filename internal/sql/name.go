package sql

import "github.com/petalake/petalake/spec"

// TableName is a table as a statement names it.
type TableName = spec.TableName
