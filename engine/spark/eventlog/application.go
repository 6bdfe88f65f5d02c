package eventlog

import (
	"strconv"
	"strings"
	"time"
)

// Application is what a log says of one run of a program. Times are of the clocks of the driver and
// the executors.
type Application struct {
	Name, ID, User, Version string
	Start, End              time.Time
	Ended                   bool // the log has the end; else End is the last thing heard of
	Conf                    map[string]string
	Stages                  []*Stage // attempts of stages, as they were submitted
	Queries                 []*Query // of Spark SQL, as they were started
	Executors               []*Executor
	Jobs, FailedJobs        int
	Others                  Sums    // stages that were too many to keep apart
	OtherStages             int     // how many of them
	Gaps                    []Gap   // times between start and end in which no stage ran
	Heap                    int64   // most bytes that the heap of an executor was seen to hold
	HeapSeen                int64   // how many tasks tell of the heap
	Reading                 Reading // how well the log could be read
}

// Executor is a process that ran tasks.
type Executor struct {
	ID, Host string
	Cores    int
	Added    time.Time
	Removed  time.Time // zero: not before the end
	Reason   string    // why it was removed
	Tasks    int64
	Busy     time.Duration // of its cores, together
}

// Gap is a time in which no stage ran.
type Gap struct {
	From, To time.Time
	After    int64 // the stage that ended before; -1: none
}

// Length is how long it was.
func (g Gap) Length() time.Duration { return g.To.Sub(g.From) }

// Sums are totals over tasks.
type Sums struct {
	Tasks         int64         // that succeeded
	Failed        int64         // that failed, killed ones not counted
	Killed        int64         // that were not needed any more, or whose stage had ended
	Busy          time.Duration // slots held by tasks, whatever their end
	Wasted        time.Duration // the part of it by tasks that did not succeed
	Run, CPU, GC  time.Duration
	Delay         time.Duration // of the scheduler
	Starting      time.Duration // deserializing tasks
	FetchWait     time.Duration
	Input         int64 // bytes, as the others
	Output        int64
	ShuffleRead   int64
	ShuffleRemote int64 // the part of ShuffleRead from other machines
	ShuffleWrite  int64
	SpilledMemory int64
	SpilledDisk   int64
}

// Stage is one attempt of a stage.
type Stage struct {
	ID          int64
	Attempt     int
	Name        string // where the program asked for it
	Description string // of its job
	Query       int64  // the SQL query it is part of; -1: none
	Submitted   time.Time
	Completed   time.Time // zero: the log does not say
	Planned     int       // tasks
	Failure     string    // "" where it succeeded
	Sums
	Took       Quantiles        // milliseconds of the tasks that succeeded
	Bytes      Quantiles        // what these tasks were given, from files and shuffles
	Rows       Quantiles        // the same in rows
	PeakMemory int64            // most memory for execution of one task
	Longest    Longest          // the longest of these tasks
	Errors     map[string]int64 // what tasks failed of
}

// Longest is the task of a stage that took longest.
type Longest struct {
	ID, Index   int64
	Executor    string
	Took        time.Duration
	Bytes, Rows int64
	GC          time.Duration
}

// Wall is how long the stage was there, as far as the log says.
func (s *Stage) Wall() time.Duration {
	if s.Completed.IsZero() || s.Submitted.IsZero() {
		return 0
	}
	return max(0, s.Completed.Sub(s.Submitted))
}

// Query is an execution of Spark SQL.
type Query struct {
	ID          int64
	Root        int64 // the execution that a person asked for, of which this is a part; else ID
	Description string
	Start       time.Time
	End         time.Time // zero: the log does not say
	Error       string
	Conf        map[string]string // spark.sql settings that differ from the application's
	Scans       []Files
	Writes      []Files
	Joins       []Join
	Busy        time.Duration // slots held by its tasks
	Stages      int
}

// Files are read or written by an operator of a query.
type Files struct {
	Operator string
	Files    int64
	Bytes    int64
}

// Join is a join of two shuffled sides.
type Join struct {
	Operator    string
	Type        string // Inner, LeftOuter and the like
	Left, Right int64  // bytes of rows, before compression
}

// Reading is how well a log could be read.
type Reading struct {
	Bytes     int64 // after decompression
	Lines     int64
	Skipped   int64    // lines that could not be read
	Examples  []string // the first of them: "file:line: why"
	Cut       int64    // lines of which only the beginning was kept
	Truncated bool     // the log ends in the middle of a line or of a compressed block
	Missing   []int    // numbers of parts that are not there
}

// Wall is how long the application ran, as far as is known.
func (a *Application) Wall() time.Duration { return max(0, a.End.Sub(a.Start)) }

// Total is the sum over all stages.
func (a *Application) Total() Sums {
	total := a.Others
	for _, s := range a.Stages {
		total.add(s.Sums)
	}
	return total
}

func (s *Sums) add(o Sums) {
	s.Tasks, s.Failed, s.Killed = s.Tasks+o.Tasks, s.Failed+o.Failed, s.Killed+o.Killed
	s.Busy, s.Wasted, s.Run, s.CPU, s.GC = s.Busy+o.Busy, s.Wasted+o.Wasted, s.Run+o.Run, s.CPU+o.CPU, s.GC+o.GC
	s.Delay, s.Starting, s.FetchWait = s.Delay+o.Delay, s.Starting+o.Starting, s.FetchWait+o.FetchWait
	s.Input, s.Output = s.Input+o.Input, s.Output+o.Output
	s.ShuffleRead, s.ShuffleRemote, s.ShuffleWrite = s.ShuffleRead+o.ShuffleRead, s.ShuffleRemote+o.ShuffleRemote, s.ShuffleWrite+o.ShuffleWrite
	s.SpilledMemory, s.SpilledDisk = s.SpilledMemory+o.SpilledMemory, s.SpilledDisk+o.SpilledDisk
}

// Local says whether the driver itself ran the tasks: there are no executors to speak of.
func (a *Application) Local() bool {
	return len(a.Executors) == 1 && a.Executors[0].ID == "driver" || strings.HasPrefix(a.Conf["spark.master"], "local[")
}

// CoreTime is how long cores were held between two moments, all executors together.
func (a *Application) CoreTime(from, to time.Time) time.Duration {
	var sum time.Duration
	for _, e := range a.Executors {
		begin, end := e.Added, to
		if begin.Before(from) {
			begin = from
		}
		if !e.Removed.IsZero() && e.Removed.Before(to) {
			end = e.Removed
		}
		if end.After(begin) {
			sum += time.Duration(e.Cores) * end.Sub(begin)
		}
	}
	return sum
}

// Allocated is how long cores were held in the whole run.
func (a *Application) Allocated() time.Duration { return a.CoreTime(a.Start, a.End) }

// Slots is how many tasks could run at once, on average over the time of a stage; 0: not known.
func (a *Application) Slots(s *Stage) float64 {
	wall := s.Wall()
	if wall <= 0 {
		return 0
	}
	return float64(a.CoreTime(s.Submitted, s.Completed)) / float64(wall) / a.coresPerTask()
}

// coresPerTask is how many cores a task takes.
func (a *Application) coresPerTask() float64 {
	if n, err := strconv.Atoi(a.Conf["spark.task.cpus"]); err == nil && n > 0 {
		return float64(n)
	}
	return 1
}
