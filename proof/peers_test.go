package proof

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
)

const (
	python = "../.tools/venv/bin/python"
	jars   = "../.tools/jars"
)

// peers is the process that runs Spark, deltalake and Polars. It does one thing after another.
type peers struct {
	mu      sync.Mutex
	process *exec.Cmd
	in      *json.Encoder
	end     func() error // closes its standard input
	out     *bufio.Reader
	log     *os.File
	folder  string
	answers int
}

// request is one line to peers.py, which says what the fields mean.
type request struct {
	Do      string           `json:"do"`
	SQL     []string         `json:"sql,omitempty"`
	Select  []string         `json:"select,omitempty"`
	Table   string           `json:"table,omitempty"`
	Version *int64           `json:"version,omitempty"`
	Rows    []map[string]any `json:"rows,omitempty"`
	Out     string           `json:"out,omitempty"`
}

func start(folder string) (*peers, error) {
	found, err := filepath.Glob(filepath.Join(jars, "delta-*.jar"))
	if err != nil {
		return nil, err
	}
	for i := range found {
		if found[i], err = filepath.Abs(found[i]); err != nil {
			return nil, err
		}
	}
	log, err := os.Create(filepath.Join(folder, "log"))
	if err != nil {
		return nil, err
	}
	p := &peers{folder: folder, log: log}
	p.process = exec.Command(python, "peers.py", strings.Join(found, ","), folder)
	p.process.Env = append(os.Environ(), "SPARK_LOCAL_IP=127.0.0.1")
	p.process.Stderr = log
	in, err := p.process.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := p.process.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.in, p.end, p.out = json.NewEncoder(in), in.Close, bufio.NewReader(out)
	return p, p.process.Start()
}

// stop lets the process end, and the JVM with it.
func (p *peers) stop() {
	p.end()
	p.process.Wait()
	p.log.Close()
}

// ask does one request.
func (p *peers) ask(r request) (json.RawMessage, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.in.Encode(r); err != nil {
		return nil, p.died(err)
	}
	line, err := p.out.ReadBytes('\n')
	if err != nil {
		return nil, p.died(err)
	}
	var answer struct {
		OK    bool
		Value json.RawMessage
		Error string
	}
	if err := json.Unmarshal(line, &answer); err != nil {
		return nil, fmt.Errorf("peers.py: %w: %s", err, line)
	}
	if !answer.OK {
		return nil, fmt.Errorf("%s: %s", r.Do, answer.Error)
	}
	return answer.Value, nil
}

func (p *peers) died(err error) error {
	log, _ := os.ReadFile(p.log.Name())
	return fmt.Errorf("peers.py: %w\n%s", err, log[max(0, len(log)-4000):])
}

// rows does one request, and reads the rows that it leaves.
func (p *peers) rows(r request) (rows, error) {
	p.mu.Lock()
	p.answers++
	r.Out = filepath.Join(p.folder, fmt.Sprintf("rows-%d.arrow", p.answers))
	p.mu.Unlock()
	if _, err := p.ask(r); err != nil {
		return rows{}, err
	}
	defer os.Remove(r.Out)
	f, err := os.Open(r.Out)
	if err != nil {
		return rows{}, err
	}
	defer f.Close()
	stream, err := ipc.NewReader(bufio.NewReader(f))
	if err != nil {
		return rows{}, err
	}
	defer stream.Release()
	var batches []arrow.RecordBatch
	for stream.Next() {
		b := stream.RecordBatch()
		b.Retain()
		defer b.Release()
		batches = append(batches, b)
	}
	return textOf(stream.Schema(), batches), stream.Err()
}

// spark runs statements.
func (p *peers) spark(t *testing.T, statements ...string) {
	t.Helper()
	if _, err := p.ask(request{Do: "spark", SQL: statements}); err != nil {
		t.Fatal(err)
	}
}

// query runs one SELECT in Spark.
func (p *peers) query(t *testing.T, sql string) rows {
	t.Helper()
	r, err := p.rows(request{Do: "spark", SQL: []string{sql}})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// TestPeers promises a process that survives a statement that fails.
func TestPeers(t *testing.T) {
	p := others(t)
	value, err := p.ask(request{Do: "versions"})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("beside petalake: %s", value)
	if _, err := p.ask(request{Do: "spark", SQL: []string{"select * from nowhere"}}); err == nil || errors.Is(err, os.ErrClosed) {
		t.Fatalf("select from nowhere: got %v, want Spark's error", err)
	}
	got := p.query(t, "select 1 as a, cast(null as string) as b")
	got.want(t, rows{schema: "a int, b string", rows: []string{"1, null"}})
}
