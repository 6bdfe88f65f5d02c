package petalake

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/petalake/petalake/catalog"
	"github.com/petalake/petalake/engine/spark"
	"github.com/petalake/petalake/engine/spark/local"
	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/internal/sql"
	"github.com/petalake/petalake/spec"
)

// link is the lake's way to a Spark.
type link struct {
	lake    *Lake
	session *spark.Session
	server  *local.Server // nil where it is not petalake that started it
	done    func()        // the server is not used any more
	used    time.Time     // last; sparkMu of the lake guards it

	mu    sync.Mutex
	known map[string]bool // schemas and tables that the server's catalog has, in small letters
}

// Spark is a session on the environment's Spark, in which the lake's tables have their names. It is
// closed with the lake. A Spark of this machine is started where it does not run.
func (l *Lake) Spark(ctx context.Context) (*spark.Session, error) {
	link, err := l.linked(ctx)
	if err != nil {
		return nil, err
	}
	names, err := l.Names(ctx)
	if err != nil {
		return nil, err
	}
	for _, schema := range l.schemas() {
		if err := link.schema(ctx, schema); err != nil {
			return nil, err
		}
	}
	if err := link.register(ctx, names); err != nil {
		return nil, err
	}
	return link.session, link.plain(ctx, names)
}

// plain gives tables without a schema their names in Spark's own schema default too, which is where the
// sessions of others begin. On a server that petalake starts it lies where main does; that of another
// server is not ours.
func (k *link) plain(ctx context.Context, names []spec.TableName) error {
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

// schemas are those that lakehouse.yaml names.
func (l *Lake) schemas() (names []string) {
	for _, t := range l.env.Spec.Tables {
		names = append(names, t.Name.Schema)
	}
	for _, s := range l.env.Spec.Sources {
		names = append(names, s.Table.Schema)
	}
	for _, m := range l.env.Spec.Models {
		names = append(names, m.Name.Schema)
	}
	return names
}

// rest is how long a session may be left alone before it is asked whether it is there still: servers
// end idle sessions, after an hour by default.
const rest = 5 * time.Minute

// linked opens the way to Spark, once, and again where the server or the session went away.
func (l *Lake) linked(ctx context.Context) (*link, error) {
	l.sparkMu.Lock()
	defer l.sparkMu.Unlock()
	if k := l.spark; k != nil && !k.there(ctx) {
		go k.close() // it may wait for a server that is gone
		l.spark = nil
	}
	if l.spark == nil {
		link, err := l.link(ctx)
		if err != nil {
			return nil, err
		}
		l.spark = link
	}
	l.spark.used = time.Now()
	return l.spark, nil
}

func (k *link) there(ctx context.Context) bool {
	if k.server != nil && !k.server.Alive() {
		return false
	}
	if time.Since(k.used) < rest {
		return true
	}
	_, err := k.session.Version(ctx)
	return err == nil
}

// link opens another session.
func (l *Lake) link(ctx context.Context) (*link, error) {
	o, server, done, err := l.sparkOptions(ctx)
	if err != nil {
		return nil, err
	}
	session, err := spark.Open(ctx, o)
	if err != nil {
		done()
		return nil, err
	}
	out := &link{lake: l, session: session, server: server, done: done, known: map[string]bool{}}
	if err = session.Set(ctx, map[string]string{"spark.sql.session.timeZone": "UTC"}); err == nil {
		err = out.begin(ctx)
	}
	if err != nil {
		out.close()
		return nil, err
	}
	return out, nil
}

// sparkOptions say where the environment's Spark is. One of this machine is started.
func (l *Lake) sparkOptions(ctx context.Context) (o spark.Options, server *local.Server, done func(), err error) {
	s := &l.env.Environment.Spark
	if s.OnEMR() {
		o, done, err = l.emrOptions(ctx)
		return o, nil, done, err
	}
	if s.Managed() {
		l.cleanEvents()
		server, done, err := local.Ensure(ctx, l.SparkServer(), l.starting)
		return spark.Options{Address: server.Address, Token: server.Token}, &server, done, err
	}
	o = spark.Options{Address: string(s.Address), Token: s.Token.Reveal(), User: string(s.User), CAFile: l.env.Absolute(string(s.CAFile))}
	if s.TLS && o.CAFile == "" {
		o.TLS = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	return o, nil, func() {}, nil
}

// SparkManaged says whether the environment's Spark is one of this machine, which petalake starts.
func (l *Lake) SparkManaged() bool { return l.env.Environment.Spark.Managed() }

// SparkServer says which Spark of this machine the environment has, whether or not it runs.
func (l *Lake) SparkServer() local.Options {
	s, s3 := &l.env.Environment.Spark, &l.env.Environment.S3
	o := local.Options{
		Search: local.Search{Home: l.env.Absolute(string(s.Home)), S3: l.env.Storage.Folder == ""},
		State:  l.sparkState(),
		Lake: local.Lake{
			Root: cmp.Or(l.env.Storage.Folder, string(l.env.Environment.Storage)), Cores: s.Cores, Memory: fmt.Sprintf("%dm", int64(s.Memory)>>20), Conf: s.Conf,
			S3: local.S3{
				Endpoint: string(s3.Endpoint), Region: string(s3.Region), PathStyle: s3.PathStyle,
				AccessKey: s3.AccessKey.Reveal(), SecretKey: s3.SecretKey.Reveal(),
			},
		},
	}
	o.Lake.Events = filepath.Join(o.State, "events")
	if l.env.Storage.Folder != "" {
		o.Lake.Events = filepath.Join(l.env.Storage.Folder, "_petalake", "spark-events")
	}
	return o
}

// sparkState is the folder of this machine that says where the server of this lake is.
func (l *Lake) sparkState() string {
	return lake.CacheFolder("spark/servers", l.env.Location()+"\x00"+string(l.env.Environment.S3.Endpoint))
}

// starting passes on how far the start of a Spark is.
func (l *Lake) starting(s local.Step) {
	if l.options.Starting != nil {
		l.options.Starting(s)
	}
}

// errSparkDied says that a Spark of this machine ended in the middle of a statement.
var errSparkDied = fmt.Errorf("spark: the server died in the middle of the statement: %w", spark.ErrSessionLost)

// alive is a context that ends when the server of this machine dies: a client waits for one that does
// not answer, since it may be the network that is slow.
func (k *link) alive(ctx context.Context) (_ context.Context, stop func()) {
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

func (k *link) close() {
	_ = k.session.Close() // a server that went away has nothing left to end
	k.done()
}

// run runs a statement that is not a user's.
func (k *link) run(ctx context.Context, sql string) error {
	r, err := k.session.Query(ctx, sql)
	if err != nil {
		return err
	}
	defer r.Release()
	for r.Next() {
	}
	return r.Err()
}

// begin makes main the schema of names without one.
func (k *link) begin(ctx context.Context) error {
	if err := k.schema(ctx, ""); err != nil {
		return err
	}
	return k.run(ctx, "USE SCHEMA main") // Sail does not know USE alone
}

// schema makes a schema known. Tables that Spark makes in it lie where the catalog of the lake looks.
func (k *link) schema(ctx context.Context, name string) error {
	key := strings.ToLower(name) + "."
	k.mu.Lock()
	known := k.known[key]
	k.mu.Unlock()
	if known {
		return nil
	}
	location := k.lake.env.Location()
	if name != "" {
		location += "/" + name
	}
	quoted := quoteSpark(cmp.Or(name, "main"))
	if err := k.run(ctx, "CREATE SCHEMA IF NOT EXISTS "+quoted+" LOCATION "+textSpark(location)); err != nil {
		return err
	}
	there, err := k.describe(ctx, quoted)
	if err != nil {
		return err
	}
	if bare(there) != bare(location) {
		return &OtherLakeError{Schema: cmp.Or(name, "main"), There: there, Here: location}
	}
	k.mu.Lock()
	k.known[key] = true
	k.mu.Unlock()
	return nil
}

// describe is where a schema lies.
func (k *link) describe(ctx context.Context, schema string) (location string, err error) {
	r, err := k.session.Query(ctx, "DESCRIBE SCHEMA "+schema)
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

// bare is a place without what does not tell it from others.
func bare(location string) string {
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

// know makes the tables known that a statement names, or all where it asks for their names.
func (k *link) know(ctx context.Context, statement string) error {
	names, err := k.lake.Names(ctx)
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
	if err := k.register(ctx, wanted); err != nil {
		return err
	}
	for _, r := range references { // a table that is to be made needs its schema
		if len(r.Name) == 2 {
			if _, err := catalog.ParseName(r.Name[0] + "." + r.Name[1]); err == nil {
				if err := k.schema(ctx, spec.NewTableName(r.Name[0], r.Name[1]).Schema); err != nil {
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

// register makes tables known to the server.
func (k *link) register(ctx context.Context, names []spec.TableName) error {
	for _, n := range names {
		if err := k.schema(ctx, n.Schema); err != nil {
			return err
		}
	}
	return k.name(ctx, "", names)
}

// name gives tables their names, in another schema than their own where one is given.
func (k *link) name(ctx context.Context, schema string, names []spec.TableName) error {
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
			err := k.run(ctx, "CREATE TABLE IF NOT EXISTS "+sparkTable(as)+" USING delta LOCATION "+textSpark(k.lake.env.Location()+"/"+catalog.Root(n)))
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

// sparkTable names a table in a statement for Spark.
func sparkTable(n spec.TableName) string {
	return quoteSpark(cmp.Or(n.Schema, "main")) + "." + quoteSpark(n.Table)
}

// quoteSpark quotes a name, and textSpark a text, as Spark's SQL does.
func quoteSpark(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

func textSpark(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(text) + "'"
}

// sparkAbsent says why the environment's Spark cannot be used now, without starting it: nil where it may.
func (l *Lake) sparkAbsent(ctx context.Context) error {
	if !l.env.Environment.Spark.Managed() {
		return nil
	}
	o := l.SparkServer()
	if s, err := local.Running(o.State); err == nil && s.Ready {
		return nil
	}
	_, err := local.Find(ctx, o.Search)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: `petalake spark start` installs it", err)
	}
	return err
}
