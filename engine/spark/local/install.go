package local

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

const mavenCentral = "https://repo1.maven.org/maven2"

// InstallError says what could not be installed, and why.
type InstallError struct{ What, Reason, hint string }

// Error implements error.
func (e *InstallError) Error() string {
	return "spark: " + e.What + " cannot be installed: " + e.Reason
}

// Hint says what to do.
func (e *InstallError) Hint() string { return e.hint }

// Install finds a Spark, and installs what is missing of it: pyspark, which holds Spark, into a
// virtual environment of Python, and the jars of jars.txt, checked by their digests. Two processes
// may install at once. What was broken off is done again.
func Install(ctx context.Context, s Search, tell func(Step)) (Home, error) {
	h, err := Find(ctx, s)
	if !errors.Is(err, fs.ErrNotExist) {
		return h, err
	}
	if _, err := findJava(ctx); err != nil { // before a gigabyte is fetched for nothing
		return h, err
	}
	if err := os.MkdirAll(filepath.Join(s.cache(), "jars"), 0o755); err != nil {
		return h, err
	}
	unlock, err := lock(ctx, filepath.Join(s.cache(), "install.lock"))
	if err != nil {
		return h, err
	}
	defer unlock()
	if _, err := s.dir(); errors.Is(err, fs.ErrNotExist) {
		tell(Step{Stage: Installing, What: "Apache Spark " + Spark})
		if err := s.installSpark(ctx); err != nil {
			return h, err
		}
	}
	for _, j := range jars(s.S3) {
		if err := s.fetch(ctx, j, tell); err != nil {
			return h, err
		}
	}
	return Find(ctx, s)
}

// installSpark makes a virtual environment with pyspark. It gets its name when it is whole.
func (s Search) installSpark(ctx context.Context) error {
	what := "Apache Spark " + Spark
	python, err := exec.LookPath("python3")
	if err != nil {
		return &InstallError{what, "python3 is not on the PATH", "install Python 3.10 or later with its module venv, or set SPARK_HOME"}
	}
	making := s.venv() + ".making"
	if err := os.RemoveAll(making); err != nil {
		return err
	}
	// pip writes the path of the environment's interpreter into scripts that are not used here.
	for _, args := range [][]string{
		{python, "-m", "venv", making},
		{filepath.Join(making, "bin", "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "pyspark[connect]==" + Spark},
	} {
		out, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput()
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if err != nil {
			lines := strings.Split(strings.TrimSpace(string(out)), "\n")
			return &InstallError{what, cmp.Or(lines[len(lines)-1], err.Error()),
				"see that pip reaches its index (Debian: apt-get install python3-venv), or set SPARK_HOME"}
		}
	}
	return os.Rename(making, s.venv())
}

// fetch brings one jar, unless it is there. A part that came before a break is kept and completed.
func (s Search) fetch(ctx context.Context, j jar, tell func(Step)) error {
	path := filepath.Join(s.cache(), "jars", j.file())
	if _, err := os.Stat(path); err == nil {
		return nil // it got its name after its digest was checked
	}
	base := strings.TrimSuffix(cmp.Or(s.Maven, os.Getenv("PETALAKE_MAVEN_URL"), mavenCentral), "/")
	url := strings.Join([]string{base, strings.ReplaceAll(j.group, ".", "/"), j.artifact, j.version, j.file()}, "/")
	part := path + ".part"
	var err error
	for try := range 4 {
		if try > 0 {
			select {
			case <-ctx.Done():
				return context.Cause(ctx)
			case <-time.After(time.Second << try):
			}
		}
		if err = download(ctx, url, part, func(done, size int64) {
			tell(Step{Stage: Installing, What: j.file(), Done: done, Bytes: size})
		}); err == nil || !again(err) {
			break
		}
	}
	if err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return &InstallError{j.file(), err.Error(), "see that " + base + " is reached, set PETALAKE_MAVEN_URL to a mirror of it, or put the file into " + filepath.Dir(path)}
	}
	sum, err := digest(part)
	if err != nil {
		return err
	}
	if sum != j.sum {
		_ = os.Remove(part)
		return &InstallError{j.file(), fmt.Sprintf("what %s gave is another file: its SHA-256 is %s, not %s", base, sum, j.sum), "ask who runs that repository"}
	}
	return os.Rename(part, path)
}

// statusError is an answer other than the file.
type statusError struct {
	url  string
	code int
}

func (e *statusError) Error() string {
	return fmt.Sprintf("%s: %d %s", e.url, e.code, http.StatusText(e.code))
}

// again says whether a download may succeed when it is tried again.
func again(err error) bool {
	var s *statusError
	return !errors.As(err, &s) || s.code >= 500 || s.code == http.StatusTooManyRequests || s.code == http.StatusRequestedRangeNotSatisfiable
}

// download appends what is missing of a file to what is there.
func download(ctx context.Context, url, path string, tell func(done, size int64)) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	have, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	if have > 0 {
		request.Header.Set("Range", fmt.Sprintf("bytes=%d-", have))
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	switch {
	case answer.StatusCode == http.StatusPartialContent && have > 0:
	case answer.StatusCode == http.StatusOK:
		have = 0
	case answer.StatusCode == http.StatusRequestedRangeNotSatisfiable:
		have = 0
		if err := f.Truncate(0); err != nil {
			return err
		}
		return &statusError{url, answer.StatusCode}
	default:
		return &statusError{url, answer.StatusCode}
	}
	if err := f.Truncate(have); err != nil {
		return err
	}
	if _, err := f.Seek(have, io.SeekStart); err != nil {
		return err
	}
	size := int64(0)
	if answer.ContentLength > 0 {
		size = have + answer.ContentLength
	}
	if _, err = io.Copy(f, &meter{answer.Body, have, size, tell}); err != nil {
		return err
	}
	return f.Close()
}

// meter tells how much was read.
type meter struct {
	io.Reader
	done, size int64
	tell       func(done, size int64)
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.Reader.Read(p)
	m.done += int64(n)
	m.tell(m.done, m.size)
	return n, err
}

func digest(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
