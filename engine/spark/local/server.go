package local

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/petalake/petalake/engine/spark"
)

// Options say which server a lake is to have.
type Options struct {
	Search
	Lake  Lake
	State string        // the folder that says where the server is: one for each lake
	Port  int           // 0 is any free one
	Wait  time.Duration // most for the server to be ready; 0 is two minutes
}

// Server is a Spark Connect server of this machine. Only this user has its token.
type Server struct {
	Process
	Address string    `json:"address"` // host:port
	Token   string    `json:"token"`
	Home    string    `json:"home"`
	Version string    `json:"version"` // of Spark
	Memory  string    `json:"memory"`  // most for the heap, as in 2g
	Started time.Time `json:"started"`
	Log     string    `json:"log"`   // its file
	Ready   bool      `json:"ready"` // it answered once
}

// Stage is a part of starting a server.
type Stage string

// The stages of a start, in order.
const (
	Installing Stage = "installing" // with what, and how far, in bytes
	Starting   Stage = "starting"   // the JVM
	Ready      Stage = "ready"
)

// Step is how far a start is.
type Step struct {
	Stage       Stage
	What        string // a file or package that is installed
	Done, Bytes int64  // of it; Bytes is 0 where it is not known
}

const (
	stateFile = "server.json"
	logFile   = "server.log"
	confFile  = "spark.properties"
	startLock = "start.lock"
	useLock   = "use.lock"
)

// Start starts the server of a lake and waits until it answers. One that runs already is returned
// as it is, with began false. What is missing of a Spark is installed first.
func Start(ctx context.Context, o Options, tell func(Step)) (s Server, began bool, err error) {
	if tell == nil {
		tell = func(Step) {}
	}
	if err := os.MkdirAll(o.State, 0o700); err != nil {
		return Server{}, false, err
	}
	unlock, err := lock(ctx, filepath.Join(o.State, startLock))
	if err != nil {
		return Server{}, false, err
	}
	defer unlock()
	switch s, err = Running(o.State); {
	case err == nil && s.Ready:
		return s, false, nil
	case err == nil: // whoever started it was killed
		kill(s.PID)
	case !errors.Is(err, fs.ErrNotExist):
		return Server{}, false, err
	}
	home, err := Install(ctx, o.Search, tell)
	if err != nil {
		return Server{}, false, err
	}
	tell(Step{Stage: Starting})
	for try := 0; ; try++ {
		s, err = o.start(ctx, home)
		var taken *portError
		if errors.As(err, &taken) && o.Port == 0 && try < 3 {
			continue // somebody took the free port before Spark did
		}
		break
	}
	if err != nil {
		return Server{}, false, err
	}
	tell(Step{Stage: Ready})
	return s, true, nil
}

// start starts a process and waits until it answers.
func (o Options) start(ctx context.Context, home Home) (Server, error) {
	port, err := freePort(o.Port)
	if err != nil {
		return Server{}, err
	}
	lake := o.Lake
	if lake.Events != "" {
		if err := os.MkdirAll(lake.Events, 0o755); err != nil {
			return Server{}, err
		}
	}
	s := Server{
		Address: net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), Token: rand.Text(), Home: home.Dir, Version: home.Version,
		Memory: cmp.Or(lake.Memory, "2g"), Started: time.Now().UTC(), Log: filepath.Join(o.State, logFile),
	}
	settings := append(Conf(home, lake),
		Setting{"spark.connect.grpc.binding.address", "127.0.0.1"}, Setting{"spark.connect.grpc.binding.port", strconv.Itoa(port)})
	conf := filepath.Join(o.State, confFile)
	if err := WriteConf(conf, settings); err != nil {
		return Server{}, err
	}
	log, err := os.OpenFile(s.Log, os.O_CREATE|os.O_WRONLY|os.O_TRUNC|os.O_APPEND, 0o600)
	if err != nil {
		return Server{}, err
	}
	defer log.Close()
	cmd := exec.Command(home.Submit(), "--properties-file", conf,
		"--class", "org.apache.spark.sql.connect.service.SparkConnectServer", "--name", "petalake", "spark-internal")
	// The token is in the environment: the command line and the settings are for more eyes.
	cmd.Env = append(home.Env(), "SPARK_CONNECT_AUTHENTICATE_TOKEN="+s.Token)
	cmd.Dir, cmd.Stdout, cmd.Stderr = o.State, log, log
	detach(cmd)
	if err := cmd.Start(); err != nil {
		return Server{}, wrong(home.Dir, "bin/spark-submit does not start: "+reason(err), "")
	}
	ended := make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }() // ends with the server, or with this process
	if s.Process, err = identify(cmd.Process.Pid); err != nil {
		<-ended
		return Server{}, died(s.Log)
	}
	if err = s.save(o.State); err == nil {
		err = o.await(ctx, s, ended)
	}
	if err == nil {
		s.Ready = true
		err = s.save(o.State)
	}
	if err != nil {
		kill(cmd.Process.Pid)
		<-ended
		_ = os.Remove(filepath.Join(o.State, stateFile))
		return Server{}, err
	}
	return s, nil
}

// await waits until the server answers.
func (o Options) await(ctx context.Context, s Server, ended <-chan struct{}) error {
	limit := cmp.Or(o.Wait, 2*time.Minute)
	ctx, cancel := context.WithTimeoutCause(ctx, limit, &StartError{Log: s.Log, Reason: fmt.Sprintf("no answer within %s", limit), hint: "look at its log"})
	defer cancel()
	for {
		session, err := spark.Open(ctx, spark.Options{Address: s.Address, Token: s.Token})
		if err == nil {
			return session.Close()
		}
		select {
		case <-ended:
			return died(s.Log)
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// freePort is a port that nobody listens on.
func freePort(want int) (int, error) {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(want)))
	if err != nil {
		return 0, &portError{want}
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// Stop ends a server, with what runs on it, and forgets it. There being none is fs.ErrNotExist.
func Stop(ctx context.Context, state string) error {
	unlock, err := lock(ctx, filepath.Join(state, startLock))
	if err != nil {
		return err
	}
	defer unlock()
	return stop(ctx, state)
}

func stop(ctx context.Context, state string) error {
	s, err := Running(state)
	if err != nil {
		return err
	}
	terminate(s.PID)
	patience := time.After(10 * time.Second)
	for s.Alive() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-patience:
			kill(s.PID)
		case <-time.After(50 * time.Millisecond):
		}
	}
	return os.Remove(filepath.Join(state, stateFile))
}
