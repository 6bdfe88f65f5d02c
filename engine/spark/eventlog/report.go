package eventlog

import (
	"cmp"
	"slices"
	"time"
)

// Report is what there is to say about one run: totals, what it cost, and what to change. Times are
// seconds, sizes bytes, costs in the currency of the price; without a price they are null.
type Report struct {
	Application  string      `json:"application"` // its name
	ID           string      `json:"id"`
	User         string      `json:"user"`
	Spark        string      `json:"spark"` // version
	Log          string      `json:"log"`
	Started      *time.Time  `json:"started"`
	Ended        bool        `json:"ended"` // false: it runs, or its driver died
	Seconds      float64     `json:"seconds"`
	Jobs         int         `json:"jobs"`
	FailedJobs   int         `json:"failed_jobs"`
	Tasks        int64       `json:"tasks"` // that succeeded
	FailedTasks  int64       `json:"failed_tasks"`
	Executors    int         `json:"executors"`
	CoreSeconds  float64     `json:"core_seconds"` // held
	BusySeconds  float64     `json:"busy_seconds"` // of them, in tasks
	Input        int64       `json:"input"`
	Output       int64       `json:"output"`
	ShuffleWrite int64       `json:"shuffle_write"`
	SpilledDisk  int64       `json:"spilled_disk"`
	GCSeconds    float64     `json:"gc_seconds"`
	Cost         *float64    `json:"cost"`      // of the cores held
	IdleCost     *float64    `json:"idle_cost"` // of those that did not work
	Findings     []Finding   `json:"findings"`
	Stages       []StageCost `json:"stages"`  // the most expensive first
	Queries      []QueryCost `json:"queries"` // the most expensive first
	Reading      ReadingNote `json:"reading"`
}

// StageCost is what one attempt of a stage took. Its cost is that of the time its tasks held cores.
type StageCost struct {
	Stage        int64    `json:"stage"`
	Attempt      int      `json:"attempt"`
	Query        *int64   `json:"query"`
	Name         string   `json:"name"`
	Description  string   `json:"description"`
	Seconds      float64  `json:"seconds"` // from submission to completion
	BusySeconds  float64  `json:"busy_seconds"`
	Share        float64  `json:"share"` // of the busy seconds of all stages
	Cost         *float64 `json:"cost"`
	Tasks        int64    `json:"tasks"`
	Failed       int64    `json:"failed"`
	Median       float64  `json:"median_seconds"` // of a task
	Longest      float64  `json:"longest_seconds"`
	Input        int64    `json:"input"`
	Output       int64    `json:"output"`
	ShuffleRead  int64    `json:"shuffle_read"`
	ShuffleWrite int64    `json:"shuffle_write"`
	SpilledDisk  int64    `json:"spilled_disk"`
	GCSeconds    float64  `json:"gc_seconds"`
}

// QueryCost is what one execution of Spark SQL took, with those that it ran itself.
type QueryCost struct {
	Query       int64    `json:"query"`
	Description string   `json:"description"`
	Seconds     *float64 `json:"seconds"` // null: it had not ended
	BusySeconds float64  `json:"busy_seconds"`
	Share       float64  `json:"share"`
	Cost        *float64 `json:"cost"`
	Stages      int      `json:"stages"`
	Error       string   `json:"error"`
}

// ReadingNote says how well the log could be read.
type ReadingNote struct {
	Bytes      int64    `json:"bytes"` // decompressed
	Lines      int64    `json:"lines"`
	Skipped    int64    `json:"skipped"` // lines that could not be read
	Examples   []string `json:"examples"`
	Cut        int64    `json:"cut"`        // lines too long to be read to their end
	Truncated  bool     `json:"truncated"`  // it ends in the middle
	Missing    []int    `json:"missing"`    // parts
	Summarized int      `json:"summarized"` // stages that are in the totals alone: there were too many
}

// Advise says what a run cost and what to change.
func Advise(a *Application, p Price) *Report {
	v := newView(a, p)
	busy := time.Duration(float64(v.total.Busy) * a.coresPerTask())
	r := &Report{
		Application: a.Name, ID: a.ID, User: a.User, Spark: a.Version, Ended: a.Ended, Seconds: seconds(v.wall),
		Jobs: a.Jobs, FailedJobs: a.FailedJobs, Tasks: v.total.Tasks, FailedTasks: v.total.Failed,
		Executors: len(a.Executors), CoreSeconds: seconds(v.allocated), BusySeconds: seconds(busy),
		Input: v.total.Input, Output: v.total.Output, ShuffleWrite: v.total.ShuffleWrite, SpilledDisk: v.total.SpilledDisk,
		GCSeconds: seconds(v.total.GC), Cost: p.cost(v.allocated, v.perExecutor), IdleCost: p.cost(max(0, v.allocated-busy), v.perExecutor),
		Findings: v.findings(), Stages: v.stageCosts(), Queries: v.queryCosts(),
		Reading: ReadingNote{Bytes: a.Reading.Bytes, Lines: a.Reading.Lines, Skipped: a.Reading.Skipped, Examples: append([]string{}, a.Reading.Examples...),
			Cut: a.Reading.Cut, Truncated: a.Reading.Truncated, Missing: append([]int{}, a.Reading.Missing...), Summarized: a.OtherStages},
	}
	if !a.Start.IsZero() {
		r.Started = &a.Start
	}
	return r
}

// share is a part of all busy time.
func (v *view) share(d time.Duration) float64 {
	return round(float64(d)/float64(max(v.total.Busy, 1)), 4)
}

func (v *view) work(d time.Duration) *float64 {
	return v.price.cost(time.Duration(float64(d)*v.app.coresPerTask()), v.perExecutor)
}

func (v *view) stageCosts() []StageCost {
	out := []StageCost{}
	for _, s := range v.app.Stages {
		c := StageCost{
			Stage: s.ID, Attempt: s.Attempt, Name: s.Name, Description: s.Description, Seconds: seconds(s.Wall()),
			BusySeconds: seconds(s.Busy), Share: v.share(s.Busy), Cost: v.work(s.Busy), Tasks: s.Tasks, Failed: s.Failed,
			Median: seconds(millis(s.Took.P50)), Longest: seconds(s.Longest.Took), Input: s.Input, Output: s.Output,
			ShuffleRead: s.ShuffleRead, ShuffleWrite: s.ShuffleWrite, SpilledDisk: s.SpilledDisk, GCSeconds: seconds(s.GC),
		}
		c.Query = v.asked(s.Query)
		out = append(out, c)
	}
	slices.SortStableFunc(out, func(a, b StageCost) int { return cmp.Compare(b.BusySeconds, a.BusySeconds) })
	return out
}

// queryCosts are of the queries that were asked for, with all that ran on their behalf.
func (v *view) queryCosts() []QueryCost {
	stages := map[int64]int{}
	for _, q := range v.app.Queries {
		stages[*v.asked(q.ID)] += q.Stages
	}
	out := []QueryCost{}
	for _, q := range v.app.Queries {
		if *v.asked(q.ID) != q.ID {
			continue
		}
		c := QueryCost{Query: q.ID, Description: q.Description, BusySeconds: seconds(v.busy[q.ID]), Share: v.share(v.busy[q.ID]),
			Cost: v.work(v.busy[q.ID]), Stages: stages[q.ID], Error: q.Error}
		if !q.End.IsZero() {
			took := seconds(q.End.Sub(q.Start))
			c.Seconds = &took
		}
		out = append(out, c)
	}
	slices.SortStableFunc(out, func(a, b QueryCost) int { return cmp.Compare(b.BusySeconds, a.BusySeconds) })
	return out
}
