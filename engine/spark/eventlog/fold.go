package eventlog

import (
	"slices"
	"strings"
	"time"
)

// Most of what is kept apart: a log may have any number of stages, queries and executors.
const (
	mostStages    = 20_000
	mostQueries   = 10_000
	mostExecutors = 50_000
	mostValues    = 200_000
	mostErrors    = 8 // kinds, of a stage
)

// folder folds events into an Application, in the order they have in the log.
type folder struct {
	app       *Application
	stages    map[stageKey]*growing
	queries   map[int64]*Query
	plans     map[int64][]node
	executors map[string]*Executor
	// What operations of Spark Connect run, by tag.
	statements map[string]string
	values     map[int64]int64 // accumulators that plans may name
	spans      []span          // when stages ran
	last       int64           // latest time of any event
}

type stageKey struct {
	id      int64
	attempt int
}

// growing is a stage with the samples of its tasks, which are let go when it is complete.
type growing struct {
	*Stage
	took, bytes, rows sample
	done              bool
}

func newFolder() *folder {
	return &folder{
		app: &Application{Conf: map[string]string{}}, stages: map[stageKey]*growing{}, queries: map[int64]*Query{},
		plans: map[int64][]node{}, executors: map[string]*Executor{}, values: map[int64]int64{},
		statements: map[string]string{},
	}
}

// moment is a time of Spark; zero is unknown.
func moment(ms int64) time.Time {
	if ms <= 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms).UTC()
}

func millis(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

// heard notes a time at which the application was alive.
func (f *folder) heard(ms int64) { f.last = max(f.last, ms) }

func (f *folder) add(event any) {
	switch e := event.(type) {
	case *task:
		f.task(e)
	case *stageEvent:
		f.stage(e)
	case *logStart:
		f.app.Version = e.Version
	case *applicationStart:
		f.app.Name, f.app.ID, f.app.User, f.app.Start = e.Name, e.ID, e.User, moment(e.Time)
		f.heard(e.Time)
	case *applicationEnd:
		f.app.End, f.app.Ended = moment(e.Time), true
	case *environment:
		f.app.Conf = e.Conf
	case *executorAdded:
		f.executorAdded(e)
	case *executorRemoved:
		if x := f.executors[e.ID]; x != nil {
			x.Removed, x.Reason = moment(e.Time), e.Reason
		}
		f.heard(e.Time)
	case *jobStart:
		f.app.Jobs++
		f.heard(e.Time)
	case *jobEnd:
		if e.Result != "" && e.Result != "JobSucceeded" {
			f.app.FailedJobs++
		}
		f.heard(e.Time)
	default:
		f.sql(event)
	}
}

func (f *folder) executorAdded(e *executorAdded) {
	f.heard(e.Time)
	if len(f.executors) >= mostExecutors || f.executors[e.ID] != nil {
		return
	}
	x := &Executor{ID: e.ID, Host: e.Host, Cores: e.Cores, Added: moment(e.Time)}
	f.executors[e.ID] = x
	f.app.Executors = append(f.app.Executors, x)
}

func (f *folder) sql(event any) {
	switch e := event.(type) {
	case *queryStart:
		f.heard(e.Time)
		if len(f.queries) >= mostQueries {
			return
		}
		if e.Root < 0 {
			e.Root = e.ID // as before Spark 3.4
		}
		q := &Query{ID: e.ID, Root: e.Root, Description: named(e.Description, f.statements[e.Tag]), Start: moment(e.Time), Conf: e.Conf}
		f.queries[e.ID], f.plans[e.ID] = q, e.Plan
		f.app.Queries = append(f.app.Queries, q)
	case *planUpdate:
		if _, open := f.plans[e.ID]; open {
			f.plans[e.ID] = e.Plan
		}
	case *driverValues:
		f.keep(e.Values)
	case *queryEnd:
		f.heard(e.Time)
		if q := f.queries[e.ID]; q != nil {
			q.End, q.Error = moment(e.Time), e.Error
			f.resolve(q)
		}
	default:
		f.operation(event)
	}
}

func (f *folder) keep(values []accumulated) {
	for _, v := range values {
		if len(f.values) < mostValues {
			f.values[v.ID] = v.Value
		}
	}
}

// resolve turns the accumulators of a plan into what they measured, and forgets them.
func (f *folder) resolve(q *Query) {
	for _, n := range f.plans[q.ID] {
		switch n.Kind {
		case scanNode:
			if files, ok := f.values[n.Files]; ok && files > 0 {
				q.Scans = append(q.Scans, Files{n.Name, files, f.values[n.Size]})
			}
		case writeNode:
			if files, ok := f.values[n.Files]; ok && files > 0 {
				q.Writes = append(q.Writes, Files{n.Name, files, f.values[n.Size]})
			}
		case joinNode:
			left, ok := f.values[n.Sides[0]]
			right, also := f.values[n.Sides[1]]
			if ok && also {
				q.Joins = append(q.Joins, Join{n.Name, n.Type, left, right})
			}
		}
	}
	for _, n := range f.plans[q.ID] {
		for _, id := range []int64{n.Files, n.Size, n.Sides[0], n.Sides[1]} {
			delete(f.values, id)
		}
	}
	delete(f.plans, q.ID)
}

func (f *folder) open(key stageKey) *growing {
	g := f.stages[key]
	if g == nil {
		g = &growing{Stage: &Stage{ID: key.id, Attempt: key.attempt, Query: -1}}
		f.stages[key] = g
		f.app.Stages = append(f.app.Stages, g.Stage)
		if n := len(f.app.Stages); n > mostStages && n%1000 == 0 {
			f.merge()
		}
	}
	return g
}

func (f *folder) stage(e *stageEvent) {
	g := f.open(stageKey{e.ID, e.Attempt})
	f.heard(max(e.Submitted, e.Completed))
	if e.Name != "" {
		g.Name = e.Name
	}
	if e.Submitted > 0 {
		g.Submitted = moment(e.Submitted)
	}
	g.Planned = max(g.Planned, e.Tasks)
	if !e.Done {
		if e.Query >= 0 {
			g.Query = e.Query
		}
		g.Description = e.Description
		return
	}
	if g.done {
		return
	}
	f.keep(e.Values)
	g.Completed, g.Failure = moment(e.Completed), e.Failure
	g.finish()
	if !g.Submitted.IsZero() && e.Completed > 0 {
		f.ran(span{g.Submitted.UnixMilli(), e.Completed, e.ID})
	}
}

// finish turns the samples of a stage into quantiles. Tasks that end after their stage, as the
// losers of a race do, still count in the sums.
func (g *growing) finish() {
	g.done = true
	g.Took, g.Bytes, g.Rows = g.took.quantiles(), g.bytes.quantiles(), g.rows.quantiles()
	g.took, g.bytes, g.rows = sample{}, sample{}, sample{}
}

func (f *folder) task(t *task) {
	f.heard(t.Finish)
	g := f.open(stageKey{t.Stage, t.StageAttempt})
	took := millis(t.took())
	g.Busy += took
	if x := f.executors[t.Executor]; x != nil {
		x.Tasks++
		x.Busy += took
	}
	if t.Heap > 0 {
		f.app.Heap = max(f.app.Heap, t.Heap)
		f.app.HeapSeen++
	}
	g.sum(t)
	switch {
	case t.succeeded():
		g.Tasks++
		if took >= g.Longest.Took {
			g.Longest = Longest{t.ID, t.Index, t.Executor, took, t.bytes(), t.rows(), millis(t.GC)}
		}
		if !g.done {
			g.took.add(t.took())
			g.bytes.add(t.bytes())
			g.rows.add(t.rows())
		}
	case t.Killed || t.Reason == "TaskKilled":
		g.Killed++
		g.Wasted += took
	case t.Reason == "Resubmitted":
		// The executor of a task that had succeeded was lost; the task itself is in the log already.
		g.Failed++
		g.failed("Resubmitted")
	default:
		g.Failed++
		g.Wasted += took
		g.failed(why(t))
	}
}

func (g *growing) sum(t *task) {
	g.Run, g.CPU, g.GC = g.Run+millis(t.Run), g.CPU+time.Duration(t.CPU), g.GC+millis(t.GC)
	g.Delay, g.Starting, g.FetchWait = g.Delay+millis(t.delay()), g.Starting+millis(t.Deserialize), g.FetchWait+millis(t.FetchWait)
	g.Input, g.Output = g.Input+t.In, g.Output+t.Out
	g.ShuffleRead, g.ShuffleRemote, g.ShuffleWrite = g.ShuffleRead+t.ReadLocal+t.ReadRemote, g.ShuffleRemote+t.ReadRemote, g.ShuffleWrite+t.Written
	g.SpilledMemory, g.SpilledDisk = g.SpilledMemory+t.SpilledMemory, g.SpilledDisk+t.SpilledDisk
	g.PeakMemory = max(g.PeakMemory, t.PeakMemory)
}

// why is the kind of a failure: the class of an exception, or what Spark calls it.
func why(t *task) string {
	if t.Reason == "ExceptionFailure" && t.Error != "" {
		return t.Error
	}
	return t.Reason
}

func (g *growing) failed(of string) {
	if g.Errors == nil {
		g.Errors = map[string]int64{}
	}
	if _, known := g.Errors[of]; !known && len(g.Errors) >= mostErrors {
		of = "other"
	}
	g.Errors[of]++
}

// merge sums up the smaller half of the stages that are complete, to stay in bounds; where the log
// leaves out which are, any.
func (f *folder) merge() {
	flood := len(f.app.Stages) > 2*mostStages
	var times []time.Duration
	for _, s := range f.app.Stages {
		times = append(times, s.Busy)
	}
	slices.Sort(times)
	limit := times[len(times)/2]
	f.app.Stages = slices.DeleteFunc(f.app.Stages, func(s *Stage) bool {
		g := f.stages[stageKey{s.ID, s.Attempt}]
		if !g.done && !flood || s.Busy > limit || s.Failure != "" {
			return false
		}
		f.charge(s)
		f.app.Others.add(s.Sums)
		f.app.OtherStages++
		delete(f.stages, stageKey{s.ID, s.Attempt})
		return true
	})
}

// charge counts a stage for its query.
func (f *folder) charge(s *Stage) {
	if q := f.queries[s.Query]; q != nil {
		q.Busy += s.Busy
		q.Stages++
	}
}

// finish is the application, when no more events come.
func (f *folder) finish() *Application {
	for _, q := range f.app.Queries {
		f.resolve(q)
	}
	for _, g := range f.stages {
		if !g.done {
			g.Stage.Took, g.Stage.Bytes, g.Stage.Rows = g.took.quantiles(), g.bytes.quantiles(), g.rows.quantiles()
			if !g.Submitted.IsZero() {
				f.ran(span{g.Submitted.UnixMilli(), f.last, g.ID})
			}
		}
	}
	for _, s := range f.app.Stages {
		f.charge(s)
		if q := f.queries[s.Query]; q != nil && strings.Contains(s.Description, connectDescription) {
			s.Description = q.Description
		}
	}
	slices.SortStableFunc(f.app.Stages, func(a, b *Stage) int { return a.Submitted.Compare(b.Submitted) })
	if !f.app.Ended {
		f.app.End = moment(f.last)
	}
	if f.app.Start.IsZero() {
		f.app.Start = f.firstTime()
	}
	f.app.Gaps = gaps(f.spans, f.app.Start, f.app.End)
	return f.app
}

// firstTime is the earliest moment known of an application whose start is not in the log.
func (f *folder) firstTime() time.Time {
	first := f.app.End
	for _, s := range f.spans {
		if at := moment(s.from); at.Before(first) {
			first = at
		}
	}
	return first
}
