package cli

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/petalake/petalake/internal/aws/forecast"
	"github.com/petalake/petalake/internal/aws/price"
	"github.com/petalake/petalake/internal/cli/render"
	"github.com/petalake/petalake/internal/words"
	"github.com/petalake/petalake/spec"
)

// estimateCommand says what a lakehouse costs a month.
type estimateCommand struct {
	*app
	daily, keep, stored, stream, scanned, rate string
	jobs                                       []string
}

func (c *estimateCommand) command() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "estimate",
		Short: "Say what a lakehouse costs a month, from how much it is used",
		Long: `Price the lakehouse from how much arrives a day, how long it is kept, and how
much is read and worked off: at the least, likely, at most, in US dollars a
month once rows are as old as they get. With an environment in AWS, what
petalake deploy makes there is in it.`,
		Example: "petalake estimate --daily 3TB --keep 365d --job nightly=1.2PB",
		Args:    exactly(),
		RunE:    func(*cobra.Command, []string) error { return c.run() },
	}
	f := cmd.Flags()
	f.StringVar(&c.daily, "daily", "0B", "what arrives a day, as in 500GB")
	f.StringVar(&c.keep, "keep", "365d", "how long rows are kept; default: 365d")
	f.StringVar(&c.stored, "stored", "0B", "what is kept besides, as it is kept")
	f.StringVar(&c.stream, "stream", "0B", "what arrives a day by streams, of --daily")
	f.StringVar(&c.scanned, "scanned", "0B", "what queries read a day")
	f.StringArrayVar(&c.jobs, "job", nil, "a `JOB` and what it reads, as in nightly=1.2PB; repeatable")
	f.StringVar(&c.rate, "rate", "11MB", "what a processor of Spark works off in a second")
	return cmd
}

// estimateRow is what is paid for, a month.
type estimateRow struct {
	What   string  `json:"what"`
	Amount string  `json:"amount"`
	Low    float64 `json:"low"`
	Likely float64 `json:"likely"`
	High   float64 `json:"high"`
}

// estimateTotal is an estimate as one object.
type estimateTotal struct {
	Lakehouse   string        `json:"lakehouse"`
	Environment string        `json:"environment"`
	Prices      string        `json:"prices"` // of which region
	Lines       []estimateRow `json:"lines"`
	Month       price.Range   `json:"month"`
}

func (c *estimateCommand) run() error {
	l, e, err := c.cloud()
	if err != nil {
		return err
	}
	usage, err := c.usage(l)
	if err != nil {
		return err
	}
	found, err := forecast.NewEstimate(l, e, usage)
	if err != nil {
		return err
	}
	if !found.Placed {
		c.say("%s is not in AWS: what petalake deploy would make is left out", render.Escape(e.Name))
	}
	return c.show(l, e, found)
}

func (c *estimateCommand) usage(l *spec.Lakehouse) (u forecast.Usage, err error) {
	for _, f := range []struct {
		flag, text string
		to         *float64
	}{{"daily", c.daily, &u.Daily}, {"stored", c.stored, &u.Stored}, {"stream", c.stream, &u.Stream}, {"scanned", c.scanned, &u.Scanned}, {"rate", c.rate, &u.Rate}} {
		size, err := spec.ParseSize(f.text)
		if err != nil {
			return u, &usageError{fmt.Errorf("--%s: %w", f.flag, err), ""}
		}
		*f.to = float64(size)
	}
	keep, err := spec.ParseDuration(c.keep)
	switch {
	case err != nil:
		return u, &usageError{fmt.Errorf("--keep: %w", err), ""}
	case u.Rate == 0:
		return u, &usageError{errors.New("--rate: want more than 0B"), ""}
	case u.Stream > u.Daily:
		return u, &usageError{errors.New("--stream: it is a part of --daily, and larger"), "raise --daily"}
	}
	u.Keep = time.Duration(keep)
	for _, text := range c.jobs {
		name, size, err := jobSize(text)
		if err != nil {
			return u, err
		}
		runs := float64(len(forecast.Due(l.Job(name), forecast.Monday.AddDate(0, 0, 365)))) / 12
		u.Jobs = append(u.Jobs, forecast.Job{Name: name, Bytes: size, Runs: runs})
	}
	return u, nil
}

// jobSize reads a job and what it reads.
func jobSize(text string) (string, float64, error) {
	name, amount, ok := strings.Cut(text, "=")
	size, err := spec.ParseSize(amount)
	if !ok || err != nil || size <= 0 || name == "" {
		return "", 0, &usageError{fmt.Errorf("--job %s: want a name and a size", text), "as in --job nightly=1.2PB"}
	}
	return name, float64(size), nil
}

func (c *estimateCommand) show(l *spec.Lakehouse, e *spec.Environment, found *forecast.Estimate) error {
	total := estimateTotal{Lakehouse: l.Name, Environment: e.Name, Prices: found.Prices, Month: rounded(found.Month)}
	for _, line := range found.Lines {
		usd := rounded(line.USD)
		total.Lines = append(total.Lines, estimateRow{line.What, line.Amount, usd.Low, usd.Likely, usd.High})
	}
	if c.output == "json" {
		return c.object(total)
	}
	if c.output == "text" {
		fmt.Fprintf(c.out, "%s %s: US dollars a month, at prices of %s\n\n", c.style(c.out).Bold(render.Escape(l.Name)), render.Escape(e.Name), found.Prices)
		total.Lines = append(total.Lines, estimateRow{"all of it", "", total.Month.Low, total.Month.Likely, total.Month.High})
	}
	columns := []render.Column{{Name: "what"}, {Name: "how much"}, {Name: "at the least", Right: true}, {Name: "likely", Right: true}, {Name: "at most", Right: true}}
	out := list(c.app, columns, estimateRow.text)
	for _, row := range total.Lines {
		if err := out.add(row); err != nil {
			return err
		}
	}
	if err := out.close(); err != nil {
		return err
	}
	if e.InAWS() && e.AWS.Budget > 0 && total.Month.Likely > float64(e.AWS.Budget) {
		c.say("%s: that is likely more than the budget of %d", e.AWS.At("budget"), e.AWS.Budget)
	}
	return nil
}

func rounded(r price.Range) price.Range {
	return price.Range{Low: cents(r.Low), Likely: cents(r.Likely), High: cents(r.High)}
}

func (r estimateRow) text() []string {
	usd := func(n float64) string {
		if n < 10 {
			return fmt.Sprintf("%.2f", n)
		}
		return words.Count(int64(math.Round(n)))
	}
	return []string{render.Escape(r.What), r.Amount, usd(r.Low), usd(r.Likely), usd(r.High)}
}
