// Package query chooses the engine of a statement and holds the statement to its actor.
//
// Engines are DuckDB in this process, the environment's Spark, and auto, which chooses one of them for each
// statement by what it would read. A Choice is that engine with the reason. An Acting answers statements of
// somebody whom access in lakehouse.yaml holds to a part of the lake. A statement that writes becomes a
// change of package write; nothing here commits anything.
//
// Guarantees: what an actor may not read is judged before a name is looked for; under auto a statement is
// weighed once, from the logs of its tables; a Spark is started by the first statement that needs one.
package query

import (
	"github.com/petalake/petalake/engine/duck"
	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/internal/link"
	"github.com/petalake/petalake/internal/write"
)

// Engines answer statements on the tables of an environment.
type Engines struct {
	Env    *lake.Env
	Duck   *duck.Engine
	Writer *write.Writer
	Links  *link.Links
}
