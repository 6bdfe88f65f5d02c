package eventlog

import (
	"bytes"
	"errors"
	"slices"
	"strings"
)

// The events that are read; all others are passed over by their names. Times are milliseconds
// since 1970, as Spark writes them.
type (
	logStart         struct{ Version string }
	applicationStart struct {
		Name, ID, User string
		Time           int64
	}
	applicationEnd struct{ Time int64 }
	environment    struct{ Conf map[string]string }
	executorAdded  struct {
		ID, Host string
		Cores    int
		Time     int64
	}
	executorRemoved struct {
		ID, Reason string
		Time       int64
	}
	jobStart struct {
		ID   int64
		Time int64
	}
	jobEnd struct {
		ID     int64
		Time   int64
		Result string
	}
	stageEvent struct {
		Done                 bool
		ID                   int64
		Attempt              int
		Name, Failure        string
		Tasks                int
		Submitted, Completed int64
		Values               []accumulated // of the metrics that a plan may name
		Query                int64         // -1: none
		Description          string
	}
	queryStart struct {
		ID, Root    int64
		Description string
		Time        int64
		Conf        map[string]string // what the session changed
		Plan        []node
		Tag         string // of the operation of Spark Connect that it is of
	}
	planUpdate struct {
		ID   int64
		Plan []node
	}
	driverValues struct{ Values []accumulated }
	queryEnd     struct {
		ID    int64
		Time  int64
		Error string
	}
)

// accumulated is the value of a metric.
type accumulated struct{ ID, Value int64 }

var (
	errTrailing = errors.New("more than one JSON value")
	errNoEvent  = errors.New("no event of Spark")
	errNoStart  = errors.New("its first lines do not say of which application it is")
	errShape    = errors.New("not the shape of this event")
)

const (
	sqlPrefix     = "org.apache.spark.sql.execution.ui."
	connectPrefix = "org.apache.spark.sql.connect.service."
)

// decoder turns lines into events. It keeps the short strings that tasks repeat, and is used by one
// goroutine.
type decoder struct{ interned map[string]string }

// decode gives the event of a line: nil for one that does not matter here. Of a line that was cut it
// takes what there is.
func (d *decoder) decode(line []byte, cut bool) (any, error) {
	event, ok := d.quick(line)
	if ok || cut && event != nil {
		return event, nil
	}
	plain, err := canonical(line)
	if err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(plain, opening) {
		return nil, errNoEvent
	}
	if event, ok = d.quick(plain); !ok {
		return nil, errShape
	}
	return event, nil
}

var opening = []byte(`{"Event":"`)

// quick reads a line as Spark writes it.
func (d *decoder) quick(line []byte) (event any, ok bool) {
	if !bytes.HasPrefix(line, opening) {
		return nil, false
	}
	rest := line[len(opening):]
	n := bytes.IndexByte(rest, '"')
	if n < 0 {
		return nil, false
	}
	read := readers[strings.TrimPrefix(strings.TrimPrefix(string(rest[:n]), sqlPrefix), connectPrefix)]
	if read == nil {
		return nil, line[len(line)-1] == '}' // whole, as far as one can tell without reading it
	}
	s := &scan{b: line}
	event = read(d, s)
	return event, !s.odd && s.i == len(line)
}

// readers is the table of events that are read.
var readers = map[string]func(*decoder, *scan) any{
	"SparkListenerTaskEnd":                    func(d *decoder, s *scan) any { return readTask(d, s) },
	"SparkListenerStageSubmitted":             func(_ *decoder, s *scan) any { return readStage(s, false) },
	"SparkListenerStageCompleted":             func(_ *decoder, s *scan) any { return readStage(s, true) },
	"SparkListenerLogStart":                   readLogStart,
	"SparkListenerApplicationStart":           readApplicationStart,
	"SparkListenerApplicationEnd":             readApplicationEnd,
	"SparkListenerEnvironmentUpdate":          readEnvironment,
	"SparkListenerExecutorAdded":              readExecutorAdded,
	"SparkListenerExecutorRemoved":            readExecutorRemoved,
	"SparkListenerJobStart":                   readJobStart,
	"SparkListenerJobEnd":                     readJobEnd,
	"SparkListenerSQLExecutionStart":          readQueryStart,
	"SparkListenerSQLAdaptiveExecutionUpdate": readPlanUpdate,
	"SparkListenerDriverAccumUpdates":         readDriverValues,
	"SparkListenerConnectOperationStarted":    readOperationStart,
	"SparkListenerConnectOperationClosed":     readOperationEnd,
	"SparkListenerSQLExecutionEnd":            readQueryEnd,
}

// intern gives a string without making it anew each time.
func (d *decoder) intern(b []byte) string {
	if known, ok := d.interned[string(b)]; ok {
		return known
	}
	if d.interned == nil || len(d.interned) > 10_000 {
		d.interned = map[string]string{}
	}
	text := string(b)
	d.interned[text] = text
	return text
}

// object reads the members of an object by one function each; the others are skipped.
func object(s *scan, member func(key string) bool) {
	if !s.in('{') {
		return
	}
	for s.more('}') {
		if key := s.key(); !member(string(key)) {
			s.skip()
		}
	}
}

// short is a text of bounded length.
func short(b []byte, most int) string {
	if len(b) > most {
		b = append(bytes.ToValidUTF8(b[:most-3], nil), "..."...)
	}
	return string(b)
}

const (
	shortName  = 200
	shortValue = 2000
)

func readLogStart(_ *decoder, s *scan) any {
	e := &logStart{}
	object(s, func(key string) bool {
		if key != "Spark Version" {
			return false
		}
		e.Version = short(s.text(), shortName)
		return true
	})
	return e
}

func readApplicationStart(_ *decoder, s *scan) any {
	e := &applicationStart{}
	object(s, func(key string) bool {
		switch key {
		case "App Name":
			e.Name = short(s.text(), shortName)
		case "App ID":
			e.ID = short(s.text(), shortName)
		case "User":
			e.User = short(s.text(), shortName)
		case "Timestamp":
			e.Time = s.int()
		default:
			return false
		}
		return true
	})
	return e
}

func readApplicationEnd(_ *decoder, s *scan) any {
	e := &applicationEnd{}
	object(s, func(key string) bool {
		if key != "Timestamp" {
			return false
		}
		e.Time = s.int()
		return true
	})
	return e
}

func readEnvironment(_ *decoder, s *scan) any {
	e := &environment{}
	object(s, func(key string) bool {
		if key != "Spark Properties" {
			return false
		}
		e.Conf = readConf(s, "spark.")
		return true
	})
	return e
}

// readConf reads an object of texts, of which only those count whose keys have one of the prefixes.
func readConf(s *scan, prefixes ...string) map[string]string {
	conf := map[string]string{}
	object(s, func(key string) bool {
		wanted := slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(key, p) })
		if !wanted || len(conf) > 1000 || s.i >= len(s.b) || s.b[s.i] != '"' {
			return false
		}
		conf[key] = short(s.text(), shortName)
		return true
	})
	return conf
}

func readExecutorAdded(_ *decoder, s *scan) any {
	e := &executorAdded{}
	object(s, func(key string) bool {
		switch key {
		case "Timestamp":
			e.Time = s.int()
		case "Executor ID":
			e.ID = short(s.text(), shortName)
		case "Executor Info":
			e.Host, e.Cores = "", 0
			object(s, func(key string) bool {
				switch key {
				case "Host":
					e.Host = short(s.text(), shortName)
				case "Total Cores":
					e.Cores = int(s.int())
				default:
					return false
				}
				return true
			})
		default:
			return false
		}
		return true
	})
	return e
}

func readExecutorRemoved(_ *decoder, s *scan) any {
	e := &executorRemoved{}
	object(s, func(key string) bool {
		switch key {
		case "Timestamp":
			e.Time = s.int()
		case "Executor ID":
			e.ID = short(s.text(), shortName)
		case "Removed Reason":
			e.Reason = short(s.text(), shortName)
		default:
			return false
		}
		return true
	})
	return e
}

func readJobStart(_ *decoder, s *scan) any {
	e := &jobStart{}
	object(s, func(key string) bool {
		switch key {
		case "Job ID":
			e.ID = s.int()
		case "Submission Time":
			e.Time = s.int()
		default:
			return false
		}
		return true
	})
	return e
}

func readJobEnd(_ *decoder, s *scan) any {
	e := &jobEnd{}
	object(s, func(key string) bool {
		switch key {
		case "Job ID":
			e.ID = s.int()
		case "Completion Time":
			e.Time = s.int()
		case "Job Result":
			e.Result = ""
			object(s, func(key string) bool {
				if key != "Result" {
					return false
				}
				e.Result = short(s.text(), shortName)
				return true
			})
		default:
			return false
		}
		return true
	})
	return e
}
