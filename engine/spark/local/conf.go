package local

import (
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// Lake is what a Spark is set up for.
type Lake struct {
	Root   string            // where the tables are: a folder, or s3://bucket/prefix
	S3     S3                // how a bucket is reached
	Events string            // the folder for event logs; "" for none
	Cores  int               // 0: all of this machine
	Memory string            // the heap, as in 2g; "" is 2g
	Conf   map[string]string // settings that win over those of Conf
}

// S3 says how a bucket is reached. What is empty is found as the AWS tools find it.
type S3 struct {
	Endpoint, Region     string
	AccessKey, SecretKey string
	PathStyle            bool
}

// Setting is one setting of Spark.
type Setting struct{ Key, Value string }

// Conf is how a Spark works on a lake: as tables of Delta, found by schema.table where petalake
// puts them, in UTC, never as files by their path. It may hold secrets: write it with WriteConf.
func Conf(h Home, l Lake) []Setting {
	cores := cmp.Or(l.Cores, runtime.NumCPU())
	settings := map[string]string{
		"spark.master":        fmt.Sprintf("local[%d]", cores),
		"spark.driver.memory": cmp.Or(l.Memory, "2g"),
		"spark.ui.enabled":    "false",
		"spark.jars":          strings.Join(h.Jars, ","),
		// Spark outlives a thread that found no memory, and what waits for that thread waits for ever.
		"spark.driver.extraJavaOptions": "-XX:+ExitOnOutOfMemoryError",

		"spark.sql.extensions":                      "io.delta.sql.DeltaSparkSessionExtension",
		"spark.sql.catalog.spark_catalog":           "org.apache.spark.sql.delta.catalog.DeltaCatalog",
		"spark.sql.catalogImplementation":           "in-memory",
		"spark.sql.sources.default":                 "delta",
		"spark.sql.warehouse.dir":                   l.location(),
		"spark.sql.runSQLOnFiles":                   "false",
		"spark.sql.session.timeZone":                "UTC",
		"spark.sql.shuffle.partitions":              strconv.Itoa(max(2*cores, 4)),
		"spark.databricks.delta.snapshotPartitions": strconv.Itoa(max(cores, 2)), // 50 by default, a task each
	}
	if l.Events != "" {
		maps.Copy(settings, map[string]string{
			"spark.eventLog.enabled":           "true",
			"spark.eventLog.dir":               "file:" + filepath.ToSlash(l.Events),
			"spark.eventLog.compress":          "true",
			"spark.eventLog.compression.codec": "zstd",
			"spark.eventLog.rolling.enabled":   "true",
		})
	}
	if l.inS3() {
		maps.Copy(settings, l.S3.settings())
	}
	maps.Copy(settings, l.Conf)
	var out []Setting
	for _, key := range slices.Sorted(maps.Keys(settings)) {
		if settings[key] != "" {
			out = append(out, Setting{key, settings[key]})
		}
	}
	return out
}

func (l Lake) inS3() bool { return strings.HasPrefix(l.Root, "s3://") }

// location is the root as Spark names it.
func (l Lake) location() string {
	if bucket, ok := strings.CutPrefix(l.Root, "s3://"); ok {
		return "s3a://" + strings.TrimSuffix(bucket, "/")
	}
	return "file:" + filepath.ToSlash(l.Root)
}

func (s S3) settings() map[string]string {
	const prefix = "spark.hadoop.fs.s3a."
	out := map[string]string{
		"spark.hadoop.fs.s3.impl":         "org.apache.hadoop.fs.s3a.S3AFileSystem",
		prefix + "endpoint":               s.Endpoint,
		prefix + "endpoint.region":        s.Region,
		prefix + "path.style.access":      strconv.FormatBool(s.PathStyle),
		prefix + "connection.ssl.enabled": strconv.FormatBool(!strings.HasPrefix(s.Endpoint, "http://")),
	}
	if s.AccessKey != "" {
		out[prefix+"access.key"], out[prefix+"secret.key"] = s.AccessKey, s.SecretKey
		out[prefix+"aws.credentials.provider"] = "org.apache.hadoop.fs.s3a.SimpleAWSCredentialsProvider"
	}
	return out
}

// WriteConf writes settings as the properties file that spark-submit takes with --properties-file.
// Only this user may read it. The file appears whole or not at all.
func WriteConf(path string, settings []Setting) error {
	var b strings.Builder
	for _, s := range settings {
		fmt.Fprintf(&b, "%s %s\n", s.Key, property.Replace(s.Value))
	}
	return writeFile(path, []byte(b.String()))
}

// property escapes what has a meaning in a properties file.
var property = strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`, "\t", `\t`)

// writeFile writes a file that only this user may read. It appears whole or not at all.
func writeFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*") // 0600
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if closing := f.Close(); err == nil {
		err = closing
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
