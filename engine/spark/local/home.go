// Package local runs an Apache Spark of this machine for a lake.
//
// A Home is a Spark that lies on this machine, with the jars that teach it Delta; Install makes one
// where there is none. Conf is how a Spark is set up for a Lake, whether as a server or for one
// program. A Server is a Spark Connect server that outlives the process which started it: a state
// folder says where it is, and a lock in it keeps two processes from starting two.
package local

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// Home is a Spark on this machine.
type Home struct {
	Dir     string   // SPARK_HOME
	Version string   // of Spark, such as 4.1.1
	Python  string   // the interpreter for PySpark programs
	Java    string   // the program
	Jars    []string // those of Delta and, for a lake in S3, of Hadoop's S3A, beside those of Dir
}

// Submit is the program that starts programs on this Spark.
func (h Home) Submit() string { return filepath.Join(h.Dir, "bin", "spark-submit") }

// Env is the environment of a program on this Spark.
func (h Home) Env() []string {
	env := slices.DeleteFunc(os.Environ(), func(v string) bool {
		name, _, _ := strings.Cut(v, "=")
		return name == "SPARK_HOME" || name == "PYSPARK_PYTHON" || name == "SPARK_CONF_DIR"
	})
	env = append(env, "SPARK_HOME="+h.Dir, "SPARK_LOCAL_IP=127.0.0.1")
	if h.Python != "" {
		env = append(env, "PYSPARK_PYTHON="+h.Python, "PYSPARK_DRIVER_PYTHON="+h.Python)
	}
	return env
}

// Search says where a Spark may be.
type Search struct {
	Home  string // its folder; "" is that of SPARK_HOME, and then the one that Install made
	Cache string // the folder of Install; "" is petalake/spark in the user's cache folder
	S3    bool   // the lake is in S3: Hadoop's S3A is needed too
	Maven string // the repository that jars come from; "" is PETALAKE_MAVEN_URL, and then Maven Central
}

// HomeError says why a Spark cannot be used.
type HomeError struct {
	Dir, Reason string

	hint    string
	missing bool // Install mends it
}

// Error implements error.
func (e *HomeError) Error() string {
	if e.Dir == "" {
		return "spark: " + e.Reason
	}
	return "spark: " + e.Dir + ": " + e.Reason
}

// Hint says what to do.
func (e *HomeError) Hint() string { return e.hint }

// Unwrap is fs.ErrNotExist where Install mends it.
func (e *HomeError) Unwrap() error {
	if e.missing {
		return fs.ErrNotExist
	}
	return nil
}

func missing(dir, reason string) error {
	return &HomeError{dir, reason, "run `petalake spark start`, which installs it, or set SPARK_HOME", true}
}

// wrong is a HomeError that only a person can mend.
func wrong(dir, reason, hint string) error { return &HomeError{dir, reason, hint, false} }

// Spark is the version that Install brings. The jars of jars.txt belong to it.
const Spark = "4.1.1"

// minJava is the oldest Java that Spark 4 runs on.
const minJava = 17

//go:embed jars.txt
var jarList string

// jar is one file of Maven Central.
type jar struct{ sum, group, artifact, version string }

func (j jar) file() string { return j.artifact + "-" + j.version + ".jar" }

func (j jar) forS3() bool { return j.group != "io.delta" }

// jars are those that a Spark needs beside its own.
func jars(s3 bool) []jar {
	var out []jar
	for line := range strings.Lines(jarList) {
		f := strings.Fields(line)
		if len(f) != 4 || f[0] == "#" {
			continue
		}
		if j := (jar{f[0], f[1], f[2], f[3]}); s3 || !j.forS3() {
			out = append(out, j)
		}
	}
	return out
}

// Find finds a Spark that is there already, with all it needs. Where there is none the error is a
// *HomeError, which is fs.ErrNotExist where Install would make one.
func Find(ctx context.Context, s Search) (Home, error) {
	dir, err := s.dir()
	if err != nil {
		return Home{}, err
	}
	h, err := look(ctx, dir)
	if err != nil {
		return h, err
	}
	for _, j := range jars(s.S3) {
		if has(dir, j.artifact) {
			continue // a distribution that brings its own
		}
		if !j.forS3() && h.Version != Spark && h.Version != "4.1.0" {
			return h, wrong(dir, "this is Spark "+h.Version+", and the Delta jars that petalake brings are for "+Spark,
				"put the delta-spark and delta-storage jars for it into "+filepath.Join(dir, "jars")+", or unset SPARK_HOME and let petalake install Spark "+Spark)
		}
		path := filepath.Join(s.cache(), "jars", j.file())
		if _, err := os.Stat(path); err != nil {
			return h, missing(dir, j.file()+" is missing")
		}
		h.Jars = append(h.Jars, path)
	}
	return h, nil
}

// dir is the folder of the Spark that is meant.
func (s Search) dir() (string, error) {
	for _, named := range []string{s.Home, os.Getenv("SPARK_HOME")} {
		if named == "" {
			continue
		}
		if _, err := os.Stat(filepath.Join(named, "bin", "spark-submit")); err != nil {
			return "", wrong(named, "there is no Spark: bin/spark-submit is missing", "name the folder of a Spark 4.1, or none and let petalake install it")
		}
		return filepath.Abs(named)
	}
	found, _ := filepath.Glob(filepath.Join(s.venv(), "lib", "python3*", "site-packages", "pyspark"))
	for _, dir := range found {
		if _, err := os.Stat(filepath.Join(dir, "bin", "spark-submit")); err == nil {
			return dir, nil
		}
	}
	return "", missing("", "no Spark is on this machine")
}

// cache is the folder of Install.
func (s Search) cache() string {
	if s.Cache != "" {
		return s.Cache
	}
	base, err := os.UserCacheDir()
	if err != nil {
		base = os.TempDir()
	}
	return filepath.Join(base, "petalake", "spark")
}

func (s Search) venv() string { return filepath.Join(s.cache(), "venv-"+Spark) }

var coreJar = regexp.MustCompile(`^spark-core_([0-9.]+)-([0-9][0-9A-Za-z.-]*)\.jar$`)

// look finds out what lies in a folder, and whether this machine can run it.
func look(ctx context.Context, dir string) (Home, error) {
	h := Home{Dir: dir}
	entries, err := os.ReadDir(filepath.Join(dir, "jars"))
	if err != nil {
		return h, wrong(dir, "there is no Spark: the folder jars cannot be read", "name the folder of a Spark 4.1")
	}
	for _, e := range entries {
		if m := coreJar.FindStringSubmatch(e.Name()); m != nil {
			h.Version = m[2]
		}
	}
	switch major, _, _ := strings.Cut(h.Version, "."); {
	case h.Version == "":
		return h, wrong(dir, "there is no Spark: spark-core is not in its folder jars", "name the folder of a Spark 4.1")
	case major != "4":
		return h, wrong(dir, "this is Spark "+h.Version, "petalake needs Spark 4.1: unset SPARK_HOME and let petalake install it")
	case !has(dir, "spark-connect"):
		return h, wrong(dir, "its Spark "+h.Version+" comes without Spark Connect", "take a distribution that has the jar spark-connect")
	}
	if h.Java, err = findJava(ctx); err != nil {
		return h, err
	}
	h.Python = python(dir)
	return h, nil
}

// has says whether a Spark brings a jar itself.
func has(dir, artifact string) bool {
	name, _, _ := strings.Cut(artifact, "_")
	for _, pattern := range []string{name + "_*.jar", name + "-[0-9]*.jar"} {
		if found, _ := filepath.Glob(filepath.Join(dir, "jars", pattern)); len(found) > 0 {
			return true
		}
	}
	return false
}

// python is the interpreter that belongs to a Spark: that of its virtual environment, or one of the PATH.
func python(dir string) string {
	for up := dir; up != filepath.Dir(up); up = filepath.Dir(up) {
		if _, err := os.Stat(filepath.Join(up, "pyvenv.cfg")); err == nil {
			return filepath.Join(up, "bin", "python")
		}
	}
	path, err := exec.LookPath("python3")
	if err != nil {
		return ""
	}
	return path
}

var javaVersion = regexp.MustCompile(`version "(?:1\.)?([0-9]+)`)

// findJava finds a Java that runs Spark 4.
func findJava(ctx context.Context) (string, error) {
	path := "java"
	if home := os.Getenv("JAVA_HOME"); home != "" {
		path = filepath.Join(home, "bin", "java")
	}
	out, err := exec.CommandContext(ctx, path, "-version").CombinedOutput()
	hint := fmt.Sprintf("install Java %d or 21 (Debian: apt-get install openjdk-%d-jre-headless), or set JAVA_HOME", minJava, minJava)
	if runtime.GOOS == "darwin" {
		hint = fmt.Sprintf("install Java %d or 21 (brew install openjdk@%d), or set JAVA_HOME", minJava, minJava)
	}
	if err != nil {
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		return "", wrong("", "Java does not start: "+reason(err), hint)
	}
	m := javaVersion.FindSubmatch(out)
	if m == nil {
		line, _, _ := bytes.Cut(out, []byte("\n"))
		return "", wrong("", fmt.Sprintf("%s says no version: %q", path, line), hint)
	}
	if major, _ := strconv.Atoi(string(m[1])); major < minJava {
		return "", wrong("", fmt.Sprintf("Java %d is too old for Spark 4", major), hint)
	}
	return path, nil
}

// reason is why a program did not start, without its name.
func reason(err error) string {
	var missing *exec.Error
	if errors.As(err, &missing) {
		return missing.Err.Error()
	}
	return err.Error()
}
