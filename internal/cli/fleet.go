package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/petalake/petalake/internal/assembly"
	"github.com/petalake/petalake/internal/aws/fleet"
	"github.com/petalake/petalake/internal/cli/render"
	"github.com/petalake/petalake/internal/words"
)

// fleetCommand shows the machines of Spark in AWS.
type fleetCommand struct {
	*app
	last int // how many decisions are shown
}

func (c *fleetCommand) command() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "fleet",
		Short: "Show the machines of Spark in AWS, and why they are so",
		Long: `Show the cluster that programs of an environment run on now, what it costs,
and the last decisions about it with their reasons. The petalake that runs in
AWS takes them, every half minute.`,
		Example: "petalake fleet -e prod",
		Args:    exactly(),
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.run(cmd.Context()) },
	}
	cmd.Flags().IntVarP(&c.last, "last", "n", 10, "how many decisions to show")
	return cmd
}

// fleetRow is a fleet, for programs. Units are processors of task nodes.
type fleetRow struct {
	Cluster        string          `json:"cluster"` // "" for none
	Status         string          `json:"status"`
	Zone           string          `json:"zone"`
	Jobs           int             `json:"jobs"`
	OnDemand       int             `json:"on_demand"`
	Spot           int             `json:"spot"`
	TargetOnDemand int             `json:"target_on_demand"`
	TargetSpot     int             `json:"target_spot"`
	RateUSD        float64         `json:"usd_an_hour"`
	MonthUSD       float64         `json:"usd_this_month"`
	Seen           time.Time       `json:"seen"`
	Decisions      []fleetDecision `json:"decisions"`
}

// fleetDecision is something that was done to a fleet, and why.
type fleetDecision struct {
	At       time.Time `json:"at"`
	Do       string    `json:"do"`
	Cluster  string    `json:"cluster"`
	Job      string    `json:"job"`
	OnDemand int       `json:"on_demand"`
	Spot     int       `json:"spot"`
	Reason   string    `json:"reason"`
}

// stale is how old the last look at a fleet may be.
const stale = 5 * time.Minute

func (c *fleetCommand) run(ctx context.Context) error {
	return c.withLake(ctx, func(rooms *assembly.Assembly) error {
		s, err := rooms.Daemon.Fleet(ctx)
		if errors.Is(err, fs.ErrNotExist) {
			s, err = fleet.Record{}, nil
		}
		if err != nil {
			return err
		}
		row := fleetRow{
			Cluster: s.Cluster, Status: strings.ToLower(s.Status), Zone: s.Zone, Jobs: s.Jobs, OnDemand: s.OnDemand, Spot: s.Spot,
			TargetOnDemand: s.TargetOnDemand, TargetSpot: s.TargetSpot, RateUSD: s.RateUSD, MonthUSD: s.USD, Seen: s.Seen,
		}
		if s.Cluster == "" {
			row.Zone, row.Status = "", ""
		}
		for _, e := range s.Log[max(0, len(s.Log)-c.last):] {
			row.Decisions = append(row.Decisions, fleetDecision{e.At, string(e.Do), e.Cluster, e.Job, e.OnDemand, e.Spot, e.Reason})
		}
		switch c.output {
		case "json":
			return c.object(row)
		case "csv":
			return c.decisions(row.Decisions)
		}
		return c.text(row)
	})
}

func (c *fleetCommand) text(row fleetRow) error {
	switch {
	case row.Seen.IsZero():
		fmt.Fprintln(c.out, "there was no cluster yet")
	case row.Cluster == "":
		fmt.Fprintf(c.out, "no cluster; $%.2f this month\n", row.MonthUSD)
	default:
		fmt.Fprintf(c.out, "cluster %s in %s is %s: %s, $%.2f an hour, $%.2f this month\n", render.Escape(row.Cluster), render.Escape(row.Zone), render.Escape(row.Status),
			words.Counted(int64(row.Jobs), "program"), row.RateUSD, row.MonthUSD)
		fmt.Fprintf(c.out, "task nodes: %d of %d processors on demand, %d of %d Spot\n", row.OnDemand, row.TargetOnDemand, row.Spot, row.TargetSpot)
	}
	if !row.Seen.IsZero() && c.now().Sub(row.Seen) > stale && (row.Cluster != "" || row.Jobs > 0) {
		c.say("nobody has looked at it since %s: see whether petalake runs in AWS, with petalake status", row.Seen.Local().Format(time.DateTime))
	}
	if len(row.Decisions) == 0 {
		return nil
	}
	fmt.Fprintln(c.out)
	return c.decisions(row.Decisions)
}

func (c *fleetCommand) decisions(all []fleetDecision) error {
	out := list(c.app, []render.Column{{Name: "when"}, {Name: "what"}, {Name: "on demand", Right: true}, {Name: "Spot", Right: true}, {Name: "why"}}, func(d fleetDecision) []string {
		cells := []string{d.At.Local().Format(time.DateTime), d.Do, "", "", d.Reason}
		if d.Job != "" {
			cells[1] += " " + d.Job
		}
		if d.Do == "launch" || d.Do == "resize" {
			cells[2], cells[3] = fmt.Sprint(d.OnDemand), fmt.Sprint(d.Spot)
		}
		return cells
	})
	for _, d := range all {
		if err := out.add(d); err != nil {
			return err
		}
	}
	return out.close()
}
