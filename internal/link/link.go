package link

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/petalake/petalake/catalog"
	"github.com/petalake/petalake/engine/spark"
	"github.com/petalake/petalake/engine/spark/local"
	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/internal/sql"
	"github.com/petalake/petalake/spec"
	"golang.org/x/sync/errgroup"
)

// Link is a session on a Spark, with what the server knows of the lake.
type Link struct {
	Session *spark.Session
	env     *lake.Env
	server  *local.Server // nil where it is not petalake that started it
	done    func()        // the server is not used any more
	used    time.Time     // last; mu of Links guards it

	mu    sync.Mutex
	known map[string]bool // schemas and tables that the server's catalog has, in small letters
}

// rest is how long a session may be left alone before it is asked whether it is there still: servers
// end idle sessions, after an hour by default.
const rest = 5 * time.Minute

func (k *Link) there(ctx context.Context) bool {
	if k.server != nil && !k.server.Alive() {
		return false
	}
	if time.Since(k.used) < rest {
		return true
	}
	_, err := k.Session.Version(ctx)
	return err == nil
}

// registerDefaults gives tables without a schema their names in Spark's own schema default too, which is where the
// sessions of others begin. On a server that petalake starts it lies where main does; that of another
// server is not ours.
func (k *Link) registerDefaults(ctx context.Context, names []spec.TableName) error {
	if k.server == nil {
		return nil
	}
	var defaults []spec.TableName
	for _, n := range names {
		if n.Schema == "" {
			defaults = append(defaults, n)
		}
	}
	return k.name(ctx, "default", defaults)
}

// errSparkDied says that a Spark of this machine ended in the middle of a statement.
var errSparkDied = fmt.Errorf("spark: the server died in the middle of the statement: %w", spark.ErrSessionLost)

// Alive is a context that ends when the server of this machine dies: a client waits for one that does
// not answer, since it may be the network that is slow.
func (k *Link) Alive(ctx context.Context) (_ context.Context, stop func()) {
	if k.server == nil {
		return ctx, func() {}
	}
	ctx, cancel := context.WithCancelCause(ctx)
	go func() {
		tick := time.NewTicker(300 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-ctx.Done():
				return
			case <-tick.C:
				if !k.server.Alive() {
					cancel(errSparkDied)
				}
			}
		}
	}()
	return ctx, func() { cancel(nil) }
}

// Close ends the session, and what was started for it.
func (k *Link) Close() {
	_ = k.Session.Close() // a server that went away has nothing left to end
	k.done()
}

// Run runs a statement that is not a user's.
func (k *Link) Run(ctx context.Context, sql string) error {
	r, err := k.Session.Query(ctx, sql)
	if err != nil {
		return err
	}
	defer r.Release()
	for r.Next() {
	}
	return r.Err()
}

// begin makes main the schema of names without one.
func (k *Link) begin(ctx context.Context) error {
	if err := k.RegisterSchema(ctx, ""); err != nil {
		return err
	}
	return k.Run(ctx, "USE SCHEMA main") // Sail does not know USE alone
}

// RegisterSchema makes a schema known, "" for main. Tables that Spark makes in it lie where the catalog of the lake looks.
func (k *Link) RegisterSchema(ctx context.Context, name string) error {
	key := strings.ToLower(name) + "."
	k.mu.Lock()
	known := k.known[key]
	k.mu.Unlock()
	if known {
		return nil
	}
	location := k.env.Location()
	if name != "" {
		location += "/" + name
	}
	quoted := sql.QuoteName(sql.Spark, cmp.Or(name, "main"))
	if err := k.Run(ctx, "CREATE SCHEMA IF NOT EXISTS "+quoted+" LOCATION "+sql.QuoteText(sql.Spark, location)); err != nil {
		return err
	}
	there, err := k.describe(ctx, quoted)
	if err != nil {
		return err
	}
	if comparableLocation(there) != comparableLocation(location) {
		return &OtherLakeError{Schema: cmp.Or(name, "main"), There: there, Here: location}
	}
	k.mu.Lock()
	k.known[key] = true
	k.mu.Unlock()
	return nil
}

// describe is where a schema lies.
func (k *Link) describe(ctx context.Context, schema string) (location string, err error) {
	r, err := k.Session.Query(ctx, "DESCRIBE SCHEMA "+schema)
	if err != nil {
		return "", err
	}
	defer r.Release()
	for r.Next() {
		b := r.RecordBatch()
		for i := range int(b.NumRows()) {
			if b.NumCols() > 1 && strings.EqualFold(b.Column(0).ValueStr(i), "Location") {
				location = b.Column(1).ValueStr(i)
			}
		}
	}
	return location, r.Err()
}

// comparableLocation drops the parts of a location that do not identify it: the scheme's dialect and slashes
// around the path.
func comparableLocation(location string) string {
	scheme, path, _ := strings.Cut(location, ":")
	if scheme == "s3a" {
		scheme = "s3"
	}
	return scheme + ":" + strings.Trim(path, "/")
}

// OtherLakeError says that a Spark server has another lake under the same names.
type OtherLakeError struct{ Schema, There, Here string }

// Error implements error.
func (e *OtherLakeError) Error() string {
	return fmt.Sprintf("spark: the server has the schema %s at %s, and that of this lake is at %s", e.Schema, e.There, e.Here)
}

// Hint says what to do.
func (e *OtherLakeError) Hint() string { return "use a server, or a metastore, for this lake alone" }

// RegisterNamed makes the tables known that a statement names, or all where it asks for their names.
func (k *Link) RegisterNamed(ctx context.Context, statement string) error {
	names, err := k.env.Names(ctx)
	if err != nil {
		return err
	}
	var wanted []spec.TableName
	references := sql.References(sql.Spark, statement)
	asks := len(references) == 0 && sql.HasWord(sql.Spark, statement, "SHOW")
	for _, n := range names {
		if asks || namedBy(references, n) {
			wanted = append(wanted, n)
		}
	}
	if err := k.Register(ctx, wanted); err != nil {
		return err
	}
	for _, r := range references { // a table that is to be made needs its schema
		if len(r.Name) == 2 {
			if _, err := catalog.ParseName(r.Name[0] + "." + r.Name[1]); err == nil {
				if err := k.RegisterSchema(ctx, spec.NewTableName(r.Name[0], r.Name[1]).Schema); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// namedBy says whether one of the references is to a table.
func namedBy(references []sql.Reference, n spec.TableName) bool {
	for _, r := range references {
		if found, ok := r.Table(); ok && found.Same(n) {
			return true
		}
	}
	return false
}

// registering is how many tables are made known at once.
const registering = 4

// Register makes tables known to the server.
func (k *Link) Register(ctx context.Context, names []spec.TableName) error {
	for _, n := range names {
		if err := k.RegisterSchema(ctx, n.Schema); err != nil {
			return err
		}
	}
	return k.name(ctx, "", names)
}

// name gives tables their names, in another schema than their own where one is given.
func (k *Link) name(ctx context.Context, schema string, names []spec.TableName) error {
	var group errgroup.Group
	group.SetLimit(registering)
	for _, n := range names {
		as := spec.TableName{Schema: cmp.Or(schema, n.Schema), Table: n.Table}
		key := strings.ToLower(as.Schema) + "." + strings.ToLower(as.Table)
		k.mu.Lock()
		known := k.known[key]
		k.mu.Unlock()
		if known {
			continue
		}
		group.Go(func() error {
			err := k.Run(ctx, "CREATE TABLE IF NOT EXISTS "+TableName(as)+" USING delta LOCATION "+sql.QuoteText(sql.Spark, k.env.Location()+"/"+catalog.Root(n)))
			if err != nil {
				return fmt.Errorf("table %s: %w", n, err)
			}
			k.mu.Lock()
			k.known[key] = true
			k.mu.Unlock()
			return nil
		})
	}
	return group.Wait()
}

// TableName names a table of the lake in a statement for Spark.
func TableName(n spec.TableName) string {
	return sql.QuoteTable(sql.Spark, spec.TableName{Schema: cmp.Or(n.Schema, spec.MainSchema), Table: n.Table})
}
