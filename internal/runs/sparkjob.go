package runs

import (
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/petalake/petalake/catalog"
	"github.com/petalake/petalake/engine/spark/local"
	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/internal/link"
	"github.com/petalake/petalake/internal/sql"
	"github.com/petalake/petalake/job"
)

// wrapper is run by spark-submit before a PySpark program: it gives the lake's tables their names.
//
//go:embed sparkjob.py
var wrapper string

// sparkCommand is the spark-submit of an attempt. What it needs is written into the attempt's folder.
func (rs *Runs) sparkCommand(ctx context.Context, a job.Attempt, folder string) (command, env []string, err error) {
	p, of := a.Program, sparkAttempt{a, rs.Env}
	for _, file := range append([]string{p.File}, append(p.PyFiles, p.Jars...)...) {
		if _, err := os.Stat(rs.Env.Absolute(file)); errors.Is(err, fs.ErrNotExist) {
			return nil, nil, job.Refused(fmt.Errorf("no file %s", file), "write it, or name another in lakehouse.yaml")
		}
	}
	server := rs.Links.Server()
	home, err := local.Install(ctx, server.Search, rs.Links.Starting)
	if err != nil {
		return nil, nil, refusedSpark(err)
	}
	if err := os.MkdirAll(server.Lake.Events, 0o755); err != nil {
		return nil, nil, err
	}
	rs.Links.CleanEvents()
	conf := filepath.Join(folder, "spark.conf")
	if err := local.WriteConf(conf, local.Conf(home, of.spark(server.Lake, home))); err != nil {
		return nil, nil, err
	}
	command = []string{home.Submit(), "--properties-file", conf}
	file := rs.Env.Absolute(p.File)
	if p.Kind == job.Jar {
		if p.Class != "" {
			command = append(command, "--class", p.Class)
		}
		command = append(command, file)
	} else {
		named, err := rs.statements(ctx, "")
		if err != nil {
			return nil, nil, err
		}
		if err := named.writeWrapper(folder); err != nil {
			return nil, nil, err
		}
		if files := of.absolute(p.PyFiles); len(files) > 0 {
			command = append(command, "--py-files", strings.Join(files, ","))
		}
		command = append(command, filepath.Join(folder, "petalake_job.py"), file)
	}
	return append(command, p.Args...), append(home.Env(), of.environ()...), nil
}

// refusedSpark: a Spark that is not there will not come by itself.
func refusedSpark(err error) error {
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		return job.Refused(err, hinted.Hint())
	}
	return err
}

// sparkAttempt is an attempt of a program of Spark in an environment.
type sparkAttempt struct {
	job.Attempt
	env *lake.Env
}

// absolute are the paths of files of lakehouse.yaml.
func (a sparkAttempt) absolute(files []string) []string {
	out := make([]string, len(files))
	for i, f := range files {
		out[i] = a.env.Absolute(f)
	}
	return out
}

// spark is how Spark is set up for an attempt on this machine.
func (a sparkAttempt) spark(s local.Lake, home local.Home) local.Lake {
	s.Cores = cmp.Or(a.Program.Cores, s.Cores)
	if a.Program.Memory > 0 {
		s.Memory = fmt.Sprintf("%dm", max(a.Program.Memory>>20, 1))
	}
	conf := map[string]string{
		"spark.app.name":          a.ID,
		"spark.log.level":         "WARN",
		"spark.sql.runSQLOnFiles": "true", // a jar has no other names for tables than delta.`path`
		"spark.jars":              strings.Join(append(home.Jars, a.absolute(a.Program.Jars)...), ","),
	}
	if a.Program.Streaming {
		conf["spark.sql.streaming.checkpointLocation"] = a.checkpoint()
	}
	maps.Copy(conf, s.Conf)
	maps.Copy(conf, a.Program.Conf)
	s.Conf = conf
	return s
}

// checkpoint is where a streaming job keeps its place, from one run to the next.
func (a sparkAttempt) checkpoint() string {
	return a.env.ProgramRoot() + "/" + job.Folder(a.Job) + "/checkpoint"
}

// environ lists the variables of the environment that a program is given.
func (a sparkAttempt) environ() []string {
	env := []string{
		"PETALAKE_LAKE=" + a.env.ProgramRoot(), "PETALAKE_JOB=" + a.Job, "PETALAKE_RUN_ID=" + a.Run, "PETALAKE_ATTEMPT_ID=" + a.ID,
		fmt.Sprintf("PETALAKE_RUN_NUMBER=%d", a.Number), "PYTHONUNBUFFERED=1",
	}
	if a.Program.Streaming {
		env = append(env, "PETALAKE_CHECKPOINT="+a.checkpoint())
	}
	return env
}

// statements create names for the lake's tables in a Spark: schemas that lie where the lake has them, and
// tables by their names.
type statements struct {
	Schemas []string `json:"schemas"`
	Tables  []string `json:"tables"`
}

// statements makes the statements for programs of a role of access; "" is no role, which sees all tables.
func (rs *Runs) statements(ctx context.Context, role string) (out statements, err error) {
	names, err := rs.Env.Names(ctx)
	if err == nil {
		names, err = rs.readable(role, names)
	}
	if err != nil {
		return out, err
	}
	schemas := append(rs.Env.Schemas(), "")
	for _, n := range names {
		schemas = append(schemas, n.Schema)
	}
	slices.Sort(schemas)
	out = statements{[]string{}, []string{}}
	for _, schema := range slices.Compact(schemas) {
		location := rs.Env.ProgramRoot()
		if schema != "" {
			location += "/" + schema
		}
		out.Schemas = append(out.Schemas, "CREATE SCHEMA IF NOT EXISTS "+sql.QuoteName(sql.Spark, cmp.Or(schema, "main"))+" LOCATION "+sql.QuoteText(sql.Spark, location))
	}
	for _, n := range names {
		out.Tables = append(out.Tables, "CREATE TABLE IF NOT EXISTS "+link.TableName(n)+" USING delta LOCATION "+sql.QuoteText(sql.Spark, rs.Env.ProgramRoot()+"/"+catalog.Root(n)))
	}
	return out, nil
}

// writeWrapper writes the wrapper, and the statements that it runs.
func (s statements) writeWrapper(folder string) error {
	text, err := json.Marshal(s)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "tables.json"), text, 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "petalake_job.py"), []byte(wrapper), 0o600)
}
