package eventlog

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sort"
	"time"

	"github.com/petalake/petalake/internal/words"
)

// Severity says how much there is to gain.
type Severity string

// The severities. Where the time at stake can be told, High is from a tenth of the run, Medium from
// three hundredths, Low from one; less is not reported.
const (
	High   Severity = "high"
	Medium Severity = "medium"
	Low    Severity = "low"
)

const (
	highShare   = 0.10
	mediumShare = 0.03
	lowShare    = 0.01
)

// Finding is something about a run that costs time or money, and what to change.
type Finding struct {
	Rule     string    `json:"rule"` // as docs/spark-advise.md lists them
	Severity Severity  `json:"severity"`
	Stage    *int64    `json:"stage"`   // null: not of one stage
	Attempt  *int      `json:"attempt"` // of the stage
	Query    *int64    `json:"query"`   // null: not of one query
	What     string    `json:"what"`    // one sentence
	Figures  []Figure  `json:"figures"`
	Stake    *Stake    `json:"stake"`    // null: the log does not tell
	Settings []Setting `json:"settings"` // to change
	Advice   string    `json:"advice"`   // where settings alone do not do it

	place   string  // in the program, of the stage
	largest float64 // its stake in seconds, before those like it were added
}

// Figure is a number that a finding rests on.
type Figure struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit"` // "seconds", "bytes", "tasks" and the like
}

// Stake is an estimate of what a cure would save, at most.
type Stake struct {
	Seconds     float64  `json:"seconds"`      // of the run; 0 where only cores would be saved
	CoreSeconds float64  `json:"core_seconds"` // held by the application
	Share       float64  `json:"share"`        // of the run, or of its core seconds: 0 to 1
	Cost        *float64 `json:"cost"`         // null without a price
}

// Setting is a property of Spark and the value to give it.
type Setting struct {
	Key   string `json:"key"`
	Value string `json:"value"`
	Now   string `json:"now"` // what the log says of it, "" for nothing: the default
}

// Price is what compute costs, in any currency; zero is unknown. Where both are given the price of
// executors counts.
type Price struct {
	CoreHour     float64 // of one core of an executor
	ExecutorHour float64 // of one executor, as where each has an instance of its own
}

// cost is the price of cores held for a time by executors of a size.
func (p Price) cost(cores time.Duration, perExecutor float64) *float64 {
	var c float64
	switch {
	case p.ExecutorHour > 0 && perExecutor > 0:
		c = cores.Hours() / perExecutor * p.ExecutorHour
	case p.CoreHour > 0:
		c = cores.Hours() * p.CoreHour
	default:
		return nil
	}
	c = round(c, 8)
	return &c
}

// rules are all there are, each on its own: a function of what the log says.
var rules = []func(*view) []Finding{
	skew, spill, garbage, unusedMemory, tinyTasks, deltaSnapshots, fewTasks, largePartitions, schedulerDelay, fetchWait, shuffleVolume,
	smallInputs, smallOutputs, broadcastJoin, failedTasks, lostExecutors, idleExecutors, driverGaps,
}

// view is an application with what several rules need of it.
type view struct {
	app         *Application
	price       Price
	wall        time.Duration
	allocated   time.Duration // core time
	total       Sums
	perExecutor float64 // cores
	queries     map[int64]*Query
	busy        map[int64]time.Duration // of queries that were asked for, with their parts
	ends        []int64                 // for each stage, when the last of it and those before it was complete
}

func newView(a *Application, p Price) *view {
	v := &view{app: a, price: p, wall: a.Wall(), allocated: a.Allocated(), total: a.Total(), queries: map[int64]*Query{}, busy: map[int64]time.Duration{}}
	for _, e := range a.Executors {
		v.perExecutor += float64(e.Cores) / float64(len(a.Executors))
	}
	for _, q := range a.Queries {
		v.queries[q.ID] = q
	}
	latest := int64(0)
	for _, s := range a.Stages {
		if s.Wall() > 0 {
			latest = max(latest, s.Completed.UnixMilli())
		}
		v.ends = append(v.ends, latest)
	}
	for _, q := range a.Queries {
		v.busy[*v.asked(q.ID)] += q.Busy
	}
	return v
}

// findings are what the rules find, the most important first.
func (v *view) findings() []Finding {
	all := []Finding{}
	for _, rule := range rules {
		all = append(all, together(rule(v))...)
	}
	rank := map[Severity]int{High: 0, Medium: 1, Low: 2}
	share := func(f Finding) float64 {
		if f.Stake == nil {
			return 0
		}
		return f.Stake.Share
	}
	slices.SortStableFunc(all, func(a, b Finding) int {
		return cmp.Or(cmp.Compare(rank[a.Severity], rank[b.Severity]), cmp.Compare(share(b), share(a)))
	})
	for i := range all {
		if all[i].Figures == nil {
			all[i].Figures = []Figure{}
		}
		if all[i].Settings == nil {
			all[i].Settings = []Setting{}
		}
	}
	return all
}

// together makes one finding of those that are too small each, but alike: of the same place in the
// program, with the same settings to change. An iteration has hundreds of them.
func together(found []Finding) []Finding {
	type key struct{ rule, place, settings string }
	var out []Finding
	first := map[key]int{} // index in out
	alike := map[int]int{}
	for _, f := range found {
		if f.Severity != "" || f.Stake == nil {
			out = append(out, f)
			continue
		}
		k := key{rule: f.Rule, place: f.place}
		for _, s := range f.Settings {
			k.settings += s.Key + " "
		}
		i, ok := first[k]
		if !ok {
			first[k] = len(out)
			alike[len(out)] = 1
			out = append(out, f)
			continue
		}
		sum := out[i].Stake.plus(f.Stake)
		if f.Stake.Seconds > out[i].largest {
			out[i] = f // the largest speaks for all
		}
		out[i].Stake = sum
		alike[i]++
	}
	for i, n := range alike {
		f := &out[i]
		if f.Severity = worth(f.Stake); n > 1 {
			f.What += fmt.Sprintf("; so or alike in %s", words.Counted(int64(n), "stage"))
			f.Figures = append(f.Figures, Figure{"stages_alike", float64(n), "stages"})
		}
	}
	return slices.DeleteFunc(out, func(f Finding) bool { return f.Severity == "" })
}

// plus is the stake of two findings together.
func (s *Stake) plus(o *Stake) *Stake {
	sum := &Stake{Seconds: round(s.Seconds+o.Seconds, 3), CoreSeconds: round(s.CoreSeconds+o.CoreSeconds, 3), Share: min(1, round(s.Share+o.Share, 4))}
	if s.Cost != nil && o.Cost != nil {
		cost := *s.Cost + *o.Cost
		sum.Cost = &cost
	}
	return sum
}

// none says whether nothing is at stake.
func none(s *Stake) bool { return s == nil || s.Seconds <= 0 }

// time is a stake of time of the run, in which all its cores are held.
func (v *view) time(d time.Duration) *Stake {
	if v.wall <= 0 {
		return nil
	}
	share := min(1, float64(d)/float64(v.wall))
	cores := time.Duration(share * float64(v.allocated))
	return &Stake{Seconds: seconds(d), CoreSeconds: seconds(cores), Share: round(share, 4), Cost: v.price.cost(cores, v.perExecutor)}
}

// cores is a stake of cores alone.
func (v *view) cores(d time.Duration) *Stake {
	if v.allocated <= 0 {
		return nil
	}
	return &Stake{CoreSeconds: seconds(d), Share: round(min(1, float64(d)/float64(v.allocated)), 4), Cost: v.price.cost(d, v.perExecutor)}
}

// worth is the severity of a stake; "" where it is not worth a word.
func worth(s *Stake) Severity {
	switch {
	case s == nil || s.Share < lowShare || s.Seconds < 1 && s.CoreSeconds < 10:
		return ""
	case s.Share >= highShare:
		return High
	case s.Share >= mediumShare:
		return Medium
	}
	return Low
}

// of is a finding about a stage; Severity is as its stake says.
func (v *view) of(s *Stage, rule string, stake *Stake) Finding {
	f := Finding{Rule: rule, Severity: worth(stake), Stage: &s.ID, Attempt: &s.Attempt, Stake: stake, place: s.Name}
	if stake != nil {
		f.largest = stake.Seconds
	}
	f.Query = v.asked(s.Query)
	return f
}

// asked is the query that a person asked for, and that another is a part of: Delta runs many for one
// MERGE. It is nil for none.
func (v *view) asked(id int64) *int64 {
	q := v.queries[id]
	switch {
	case id < 0:
		return nil
	case q != nil && v.queries[q.Root] != nil:
		return &q.Root
	}
	return &id
}

// parallel is how many tasks of a stage ran at once, on average.
func parallel(s *Stage) float64 {
	if s.Wall() <= 0 {
		return 1
	}
	return max(1, float64(s.Busy)/float64(s.Wall()))
}

// wallOf is how much of the run a part of the task time of a stage stands for. Where other stages ran
// beside it, they would have used the slots, and the run gains less.
func (v *view) wallOf(s *Stage, d time.Duration) time.Duration {
	width := parallel(s)
	if slots := v.app.Slots(s); slots > width {
		width += (slots - width) * v.besides(s)
	}
	return min(s.Wall(), time.Duration(float64(d)/width))
}

// besides is the part of a stage's time in which others ran too.
func (v *view) besides(s *Stage) float64 {
	from, to := s.Submitted.UnixMilli(), s.Completed.UnixMilli()
	all := v.app.Stages // in the order of their submission
	last := sort.Search(len(all), func(i int) bool { return all[i].Submitted.UnixMilli() >= to })
	var spans []span
	for i := last - 1; i >= 0 && v.ends[i] > from; i-- {
		o := all[i]
		if o == s || o.Wall() == 0 {
			continue
		}
		if a, b := max(from, o.Submitted.UnixMilli()), min(to, o.Completed.UnixMilli()); a < b {
			spans = append(spans, span{a, b, o.ID})
		}
	}
	var sum int64
	for _, x := range union(spans, 0) {
		sum += x.to - x.from
	}
	return float64(sum) / float64(max(1, to-from))
}

// stages are those that a rule can say something about: complete, with tasks that succeeded.
func (v *view) stages() []*Stage {
	var out []*Stage
	for _, s := range v.app.Stages {
		if s.Tasks > 0 && s.Wall() > 0 {
			out = append(out, s)
		}
	}
	return out
}

// set is a setting for a stage, with what it is now; nil where it has that value.
func (v *view) set(query int64, key, value string) []Setting {
	now := v.setting(query, key)
	if now == value {
		return nil
	}
	return []Setting{{key, value, now}}
}

func (v *view) setting(query int64, key string) string {
	if q := v.queries[query]; q != nil {
		if now, ok := q.Conf[key]; ok {
			return now
		}
	}
	return v.app.Conf[key]
}

// on says whether a setting that is on by default is on.
func (v *view) on(query int64, key string) bool { return v.setting(query, key) != "false" }

// adaptive says whether the plans of a query are changed as it runs: by default since Spark 3.2.
func (v *view) adaptive(query int64) bool {
	now := v.setting(query, "spark.sql.adaptive.enabled")
	old := len(v.app.Version) >= 3 && (v.app.Version[:2] == "2." || v.app.Version[:3] == "3.0" || v.app.Version[:3] == "3.1")
	return now == "true" || now == "" && !old
}

func seconds(d time.Duration) float64 { return round(d.Seconds(), 3) }

func round(f float64, digits int) float64 {
	p := math.Pow(10, float64(digits))
	return math.Round(f*p) / p
}

// times says how many times as much a is as b.
func times(a, b int64) string {
	if b <= 0 {
		return "many"
	}
	r := float64(a) / float64(b)
	if r < 10 {
		return fmt.Sprintf("%.1f", r)
	}
	return fmt.Sprintf("%.0f", r)
}

// mebibytes is a size as Spark's settings take it, at least 1m.
func mebibytes(n int64) string { return fmt.Sprintf("%dm", max(1, (n+1<<20-1)>>20)) }

// roundUp is n, or a little more, in two digits.
func roundUp(n float64) int64 {
	if n <= 10 {
		return int64(math.Ceil(n))
	}
	unit := math.Pow(10, math.Floor(math.Log10(n))-1)
	return int64(math.Ceil(n/unit) * unit)
}
