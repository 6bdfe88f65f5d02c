package runs

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"strings"

	"github.com/petalake/petalake/internal/lake"
	"github.com/petalake/petalake/job"
	"github.com/petalake/petalake/spec"
	"github.com/petalake/petalake/store"
)

const (
	programsFolder = "_petalake/programs" // by the hash of each file
	emrLogs        = "_petalake/emr-logs"

	// eventLogs is the folder of the lake that Spark on a cluster leaves its event logs in, a folder an attempt.
	eventLogs   = "_petalake/events"
	eventLogDir = "spark.eventLog.dir"
)

// onEMR runs programs on EMR, as a role; "" on the clusters of a fleet is the one that the fleet has for them.
func (rs *Runs) onEMR(ctx context.Context, role string) (job.Runner, error) {
	if rs.Programs == nil {
		missing := rs.Env.NoServices("its programs run on Amazon EMR")
		return nil, job.Refused(missing, missing.Hint())
	}
	return rs.Programs.Runner(ctx, rs.Env.Spec, rs.Env.Environment, rs.Remote(role))
}

// Remote says how programs run on EMR, as a role.
func (rs *Runs) Remote(role string) job.Remote {
	root := rs.Env.ProgramRoot()
	o := job.Remote{Role: role, Store: rs.Env.Storage.Store, LogKey: emrLogs, LogURI: root + "/" + emrLogs + "/", EventLogURI: root + "/" + eventLogs, Submission: rs.submission}
	if s := &rs.Env.Environment.S3; s.SSE == spec.SSEKMS {
		o.KMSKey = string(s.KMSKey)
	}
	return o
}

// submission puts the files of an attempt into the lake, and says how EMR runs them.
func (rs *Runs) submission(ctx context.Context, a job.Attempt) (s job.Submission, err error) {
	p := a.Program
	of, files := sparkAttempt{a, rs.Env}, uploads{rs.Env}
	s = job.Submission{Class: p.Class, Args: p.Args, Conf: of.emrConf(rs.serverless()), Env: map[string]string{}, Streaming: p.Streaming}
	if dir := s.Conf[eventLogDir]; strings.HasPrefix(dir, rs.Env.ProgramRoot()+"/"+eventLogs+"/") {
		// Spark refuses a folder that is not there, and in a bucket one is there by what is in it.
		marker := strings.TrimPrefix(dir, rs.Env.ProgramRoot()+"/") + "/_attempt"
		if err := rs.Env.Storage.Store.Put(ctx, marker, bytes.NewReader(nil), store.IfAbsent); err != nil && !errors.Is(err, fs.ErrExist) {
			return s, fmt.Errorf("a folder for the event log: %w", err)
		}
	}
	for _, pair := range of.environ() {
		key, value, _ := strings.Cut(pair, "=")
		s.Env[key] = value
	}
	if p.Kind == job.Jar {
		s.Main, err = files.file(ctx, p.File)
	} else {
		s.Main, err = rs.uploadProgram(ctx, p.File, p.Role)
	}
	for _, file := range p.PyFiles {
		uri, failed := files.file(ctx, file)
		s.PyFiles, err = append(s.PyFiles, uri), cmp.Or(err, failed)
	}
	for _, file := range p.Jars {
		uri, failed := files.file(ctx, file)
		s.Jars, err = append(s.Jars, uri), cmp.Or(err, failed)
	}
	return s, err
}

// emrConf is how Spark is set up on EMR, which brings Delta along.
func (a sparkAttempt) emrConf(serverless bool) map[string]string {
	conf := map[string]string{
		"spark.sql.extensions":            "io.delta.sql.DeltaSparkSessionExtension",
		"spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
		"spark.sql.sources.default":       "delta",
		"spark.sql.session.timeZone":      "UTC",
		"spark.sql.warehouse.dir":         a.env.ProgramRoot(),
		"spark.jars":                      "/usr/share/aws/delta/lib/delta-spark.jar,/usr/share/aws/delta/lib/delta-storage.jar",
	}
	if p := a.Program; p.Memory > 0 {
		size := fmt.Sprintf("%dm", max(p.Memory>>20, 1))
		conf["spark.driver.memory"], conf["spark.executor.memory"] = size, size
	}
	if p := a.Program; p.Cores > 0 {
		conf["spark.driver.cores"], conf["spark.executor.cores"] = fmt.Sprint(p.Cores), fmt.Sprint(p.Cores)
	}
	if a.Program.Streaming {
		conf["spark.sql.streaming.checkpointLocation"] = a.checkpoint()
	}
	if !serverless {
		maps.Copy(conf, map[string]string{
			"spark.eventLog.enabled": "true", eventLogDir: a.env.ProgramRoot() + "/" + eventLogs + "/" + a.ID, "spark.eventLog.compress": "true", "spark.eventLog.compression.codec": "zstd",
		})
	}
	maps.Copy(conf, a.env.Environment.Spark.Conf)
	maps.Copy(conf, a.Program.Conf)
	return conf
}

// uploads are the files of programs in the lake, each below the hash of what is in it.
type uploads struct{ env *lake.Env }

// file puts a file of lakehouse.yaml into the lake, and returns where Spark finds it.
func (u uploads) file(ctx context.Context, file string) (string, error) {
	data, err := u.read(file)
	if err != nil {
		return "", err
	}
	return u.put(ctx, path.Base(file), data)
}

func (u uploads) read(file string) ([]byte, error) {
	data, err := os.ReadFile(u.env.Absolute(file))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, job.Refused(fmt.Errorf("no file %s", file), "write it, or name another in lakehouse.yaml")
	}
	return data, err
}

// uploadProgram puts a PySpark program into the lake as one file: the wrapper, the names of the tables,
// and the program itself.
func (rs *Runs) uploadProgram(ctx context.Context, file, role string) (string, error) {
	program, err := uploads{rs.Env}.read(file)
	if err != nil {
		return "", err
	}
	named, err := rs.statements(ctx, role)
	if err != nil {
		return "", err
	}
	bundle, err := json.Marshal(struct {
		statements
		Name    string `json:"name"`
		Program string `json:"program"`
	}{named, path.Base(file), string(program)})
	if err != nil {
		return "", err
	}
	literal, err := json.Marshal(string(bundle)) // a text of JSON is one of Python too
	if err != nil {
		return "", err
	}
	text := strings.Replace(wrapper, "\nbundle = None\n", "\nbundle = json.loads("+string(literal)+")\n", 1)
	return uploads{rs.Env}.put(ctx, path.Base(file), []byte(text))
}

func (u uploads) put(ctx context.Context, name string, data []byte) (string, error) {
	sum := sha256.Sum256(data)
	key := programsFolder + "/" + hex.EncodeToString(sum[:16]) + "/" + name
	if err := u.env.Storage.Store.Put(ctx, key, bytes.NewReader(data), store.IfAbsent); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("upload %s: %w", name, err)
	}
	return u.env.ProgramRoot() + "/" + key, nil
}
