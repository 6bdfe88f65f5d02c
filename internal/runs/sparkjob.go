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
	"github.com/petalake/petalake/internal/link"
	"github.com/petalake/petalake/internal/sql"
	"github.com/petalake/petalake/job"
	"github.com/petalake/petalake/spec"
)

// wrapper is run by spark-submit before a PySpark program: it gives the lake's tables their names.
//
//go:embed sparkjob.py
var wrapper string

// sparkCommand is the spark-submit of an attempt. What it needs is written into the attempt's folder.
func (rs *Runs) sparkCommand(ctx context.Context, a job.Attempt, folder string) (command, env []string, err error) {
	p := a.Program
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
	if err := local.WriteConf(conf, local.Conf(home, rs.jobSpark(server.Lake, home, a))); err != nil {
		return nil, nil, err
	}
	command = []string{home.Submit(), "--properties-file", conf}
	file := rs.Env.Absolute(p.File)
	if p.Kind == string(spec.JobJar) {
		if p.Class != "" {
			command = append(command, "--class", p.Class)
		}
		command = append(command, file)
	} else {
		if err := rs.writeWrapper(ctx, folder); err != nil {
			return nil, nil, err
		}
		if files := rs.absoluteAll(p.PyFiles); len(files) > 0 {
			command = append(command, "--py-files", strings.Join(files, ","))
		}
		command = append(command, filepath.Join(folder, "petalake_job.py"), file)
	}
	return append(command, p.Args...), append(home.Env(), rs.jobEnv(a)...), nil
}

// refusedSpark: a Spark that is not there will not come by itself.
func refusedSpark(err error) error {
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		return job.Refused(err, hinted.Hint())
	}
	return err
}

func (rs *Runs) absoluteAll(files []string) []string {
	out := make([]string, len(files))
	for i, f := range files {
		out[i] = rs.Env.Absolute(f)
	}
	return out
}

// jobSpark is how Spark is set up for an attempt.
func (rs *Runs) jobSpark(s local.Lake, home local.Home, a job.Attempt) local.Lake {
	s.Cores = cmp.Or(a.Program.Cores, s.Cores)
	if a.Program.Memory > 0 {
		s.Memory = fmt.Sprintf("%dm", max(a.Program.Memory>>20, 1))
	}
	conf := map[string]string{
		"spark.app.name":          a.ID,
		"spark.log.level":         "WARN",
		"spark.sql.runSQLOnFiles": "true", // a jar has no other names for tables than delta.`path`
		"spark.jars":              strings.Join(append(home.Jars, rs.absoluteAll(a.Program.Jars)...), ","),
	}
	if a.Program.Streaming {
		conf["spark.sql.streaming.checkpointLocation"] = rs.checkpoint(a)
	}
	maps.Copy(conf, s.Conf)
	maps.Copy(conf, a.Program.Conf)
	s.Conf = conf
	return s
}

// checkpoint is where a streaming job keeps its place, from one run to the next.
func (rs *Runs) checkpoint(a job.Attempt) string {
	return rs.Env.ProgramRoot() + "/" + job.Folder(a.Job) + "/checkpoint"
}

// jobEnv is what a program finds in its environment.
func (rs *Runs) jobEnv(a job.Attempt) []string {
	env := []string{
		"PETALAKE_LAKE=" + rs.Env.ProgramRoot(), "PETALAKE_JOB=" + a.Job, "PETALAKE_RUN_ID=" + a.Run, "PETALAKE_ATTEMPT_ID=" + a.ID,
		fmt.Sprintf("PETALAKE_RUN_NUMBER=%d", a.Number), "PYTHONUNBUFFERED=1",
	}
	if a.Program.Streaming {
		env = append(env, "PETALAKE_CHECKPOINT="+rs.checkpoint(a))
	}
	return env
}

// statements are what names the lake's tables in a Spark: schemas that lie where the lake has them, and
// tables by their names.
type statements struct {
	Schemas []string `json:"schemas"`
	Tables  []string `json:"tables"`
}

// statements are those for programs of a role of access, "" for none.
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
func (rs *Runs) writeWrapper(ctx context.Context, folder string) error {
	named, err := rs.statements(ctx, "")
	if err != nil {
		return err
	}
	text, err := json.Marshal(named)
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "tables.json"), text, 0o600); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(folder, "petalake_job.py"), []byte(wrapper), 0o600)
}
