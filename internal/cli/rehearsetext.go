package cli

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/petalake/petalake/internal/aws/forecast"
	"github.com/petalake/petalake/internal/cli/render"
	"github.com/petalake/petalake/internal/words"
	"github.com/petalake/petalake/spec"
)

// variantRow is a fleet of a rehearsal, and what came of it.
type variantRow struct {
	Variant       string  `json:"variant"`
	Keys          string  `json:"keys"` // of lakehouse.yaml that make it so
	Done          int     `json:"done"`
	Runs          int     `json:"runs"`
	Typical       float64 `json:"typical_seconds"` // from due to done: the middle one
	Longest       float64 `json:"longest_seconds"`
	USD           float64 `json:"usd"`
	PeakUSD       float64 `json:"peak_usd_per_hour"`
	OnDemandShare float64 `json:"on_demand_share"`
	WorkHours     float64 `json:"work_cpu_hours"`
	LostHours     float64 `json:"lost_cpu_hours"`
	Reclaimed     int     `json:"reclaimed_machines"`
	LostClusters  int     `json:"lost_clusters"`
}

// rehearsalRow is a rehearsal as one object.
type rehearsalRow struct {
	Lakehouse   string        `json:"lakehouse"`
	Environment string        `json:"environment"`
	Prices      string        `json:"prices"` // of which region
	Days        int           `json:"days"`
	Seed        uint64        `json:"seed"`
	Variants    []variantRow  `json:"variants"`
	Samples     []sampleRow   `json:"samples"`   // of the fleet as described
	Decisions   []decisionRow `json:"decisions"` // of the fleet as described
}

type sampleRow struct {
	Seconds  float64 `json:"seconds"`
	OnDemand int     `json:"on_demand_cpus"`
	Spot     int     `json:"spot_cpus"`
	USD      float64 `json:"usd_per_hour"`
	Waiting  int     `json:"jobs"`
}

type decisionRow struct {
	Seconds  float64  `json:"seconds"`
	Do       string   `json:"do"`
	Job      string   `json:"job"`
	Zone     string   `json:"zone"`
	OnDemand int      `json:"on_demand_cpus"`
	Spot     int      `json:"spot_cpus"`
	Types    []string `json:"types"`
	Reason   string   `json:"reason"`
}

func newVariantRow(v forecast.Variant, r *forecast.Result) variantRow {
	return variantRow{
		Variant: v.Name, Keys: v.Keys, Done: r.Done(), Runs: len(r.Runs), Typical: r.Typical().Seconds(), Longest: r.Longest().Seconds(), USD: cents(r.USD), PeakUSD: cents(r.PeakUSD),
		OnDemandShare: math.Round(1e4*r.OnDemandShare()) / 1e4, WorkHours: math.Round(r.WorkHours), LostHours: math.Round(r.LostHours), Reclaimed: r.Reclaimed, LostClusters: r.Lost,
	}
}

func cents(usd float64) float64 { return math.Round(100*usd) / 100 }

func (c *rehearseCommand) row(l *spec.Lakehouse, e *spec.Environment, r *forecast.Rehearsal) rehearsalRow {
	row := rehearsalRow{Lakehouse: l.Name, Environment: e.Name, Prices: r.Prices, Days: c.days, Seed: c.seed, Samples: []sampleRow{}, Decisions: []decisionRow{}}
	for i, v := range r.Variants {
		row.Variants = append(row.Variants, newVariantRow(v, r.Results[i]))
	}
	for _, s := range r.Results[0].Samples {
		row.Samples = append(row.Samples, sampleRow{s.At.Seconds(), s.OnDemand, s.Spot, cents(s.USD), s.Waiting})
	}
	for _, t := range r.Results[0].Told {
		a := t.Action
		row.Decisions = append(row.Decisions, decisionRow{t.At.Seconds(), string(a.Do), a.Job, a.Zone, a.OnDemand, a.Spot, a.Types, a.Reason})
	}
	return row
}

func (c *rehearseCommand) show(l *spec.Lakehouse, e *spec.Environment, work []forecast.Work, r *forecast.Rehearsal) error {
	if c.output == "json" {
		return c.object(c.row(l, e, r))
	}
	if c.output == "text" {
		fmt.Fprintf(c.out, "%s %s: %s, seed %d, at prices of %s\n", c.style(c.out).Bold(render.Escape(l.Name)), render.Escape(e.Name), words.Counted(int64(c.days), "day"), c.seed, r.Prices)
		for _, w := range work {
			fmt.Fprintf(c.out, "%s reads %s, %s: %s hours of a processor each\n", render.Escape(w.Name), spec.Size(w.Bytes), words.Counted(int64(len(w.Due)), "time"), words.Count(int64(w.Bytes/w.Rate/3600)))
		}
		fmt.Fprintln(c.out)
		fmt.Fprintln(c.out, chart(r.Results[0], time.Duration(c.days)*24*time.Hour))
	}
	out := c.variants(r.Variants, r.Results)
	if out != nil || c.output != "text" || !c.log {
		return out
	}
	fmt.Fprintln(c.out)
	for _, t := range r.Results[0].Told {
		fmt.Fprintln(c.out, render.Escape(t.String()))
	}
	return nil
}

// listVariants shows the variants, one a row.
func (c *rehearseCommand) variants(variants []forecast.Variant, results []*forecast.Result) error {
	columns := []render.Column{{Name: "fleet"}, {Name: "done", Right: true}, {Name: "usually", Right: true}, {Name: "at most", Right: true}, {Name: "$", Right: true, Whole: true},
		{Name: "on demand", Right: true}, {Name: "lost", Right: true}, {Name: "reclaimed", Right: true}, {Name: "lakehouse.yaml"}}
	out := list(c.app, columns, variantRow.text)
	for i, v := range variants {
		if err := out.add(newVariantRow(v, results[i])); err != nil {
			return err
		}
	}
	return out.close()
}

func (r variantRow) text() []string {
	lost := ""
	if r.WorkHours > 0 {
		lost = fmt.Sprintf("%.1f%%", 100*r.LostHours/r.WorkHours)
	}
	hours := func(seconds float64) string {
		return fmt.Sprintf("%d:%02d", int(seconds)/3600, int(seconds)/60%60)
	}
	return []string{
		r.Variant, fmt.Sprintf("%d/%d", r.Done, r.Runs), hours(r.Typical), hours(r.Longest), words.Count(int64(math.Round(r.USD))),
		fmt.Sprintf("%.0f%%", 100*r.OnDemandShare), lost, words.Count(int64(r.Reclaimed)), r.Keys,
	}
}

const (
	chartWidth  = 70
	chartHeight = 8
)

// chart draws the processors over time: those on demand below, Spot above.
func chart(r *forecast.Result, span time.Duration) string {
	span = max(span, r.End)
	var onDemand, all [chartWidth]float64
	var n [chartWidth]float64
	for _, s := range r.Samples {
		i := min(chartWidth-1, int(float64(s.At)/float64(span)*chartWidth))
		onDemand[i] += float64(s.OnDemand)
		all[i] += float64(s.OnDemand + s.Spot)
		n[i]++
	}
	top := 1.0
	for i := range all {
		if n[i] > 0 {
			onDemand[i] /= n[i]
			all[i] /= n[i]
		}
		top = max(top, all[i])
	}
	var b strings.Builder
	for row := chartHeight; row >= 1; row-- {
		label := ""
		if row == chartHeight {
			label = words.Count(int64(math.Round(top)))
		}
		fmt.Fprintf(&b, "%7s ", label)
		line := make([]rune, chartWidth)
		for i := range line {
			middle := (float64(row) - 0.5) / chartHeight * top
			switch {
			case onDemand[i] >= middle:
				line[i] = '█'
			case all[i] >= middle:
				line[i] = '░'
			case row == 1 && all[i] > 0:
				line[i] = '▁'
			default:
				line[i] = ' '
			}
		}
		b.WriteString(strings.TrimRight(string(line), " ") + "\n")
	}
	b.WriteString(strings.Repeat(" ", 8) + axis(span) + "\n")
	b.WriteString(strings.Repeat(" ", 8) + "processors: █ on demand  ░ Spot\n")
	return b.String()
}

// axis marks the days.
func axis(span time.Duration) string {
	line := []rune(strings.Repeat("─", chartWidth))
	days := int(span.Hours()+23) / 24
	every := (days + 9) / 10
	for d := 0; d < days; d += every {
		at := int(float64(d) * 24 * float64(time.Hour) / float64(span) * chartWidth)
		for _, c := range fmt.Sprintf("┴%d", d+1) {
			if at < chartWidth {
				line[at] = c
				at++
			}
		}
	}
	return string(line)
}
