package cli

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/petalake/petalake/internal/aws/price"
	"github.com/petalake/petalake/internal/cli/render"
	"github.com/petalake/petalake/internal/words"
)

// pricesCommand says where the prices of AWS are from.
type pricesCommand struct{ *app }

func (c *pricesCommand) command() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "prices",
		Short:   "Say where the prices of AWS are from, and renew them",
		Long:    "Say where the prices come from that plans and estimates have, and of which day.",
		Example: "petalake prices",
		Args:    exactly(),
		RunE:    func(*cobra.Command, []string) error { return c.run() },
	}
	cmd.AddCommand((&refreshCommand{app: c.app}).command())
	return cmd
}

// sourceRow is where prices are from.
type sourceRow struct {
	Source string `json:"source"`
	Date   string `json:"date"`
	Text   string `json:"text"`
}

func (c *pricesCommand) run() error {
	l, e, err := c.cloud()
	if err != nil {
		return err
	}
	now, err := prices(l, regionOf(e))
	if err != nil {
		return err
	}
	c.say("prices of %s: %s", now.Region, words.Counted(int64(len(now.Instances())), "instance type"))
	out := list(c.app, []render.Column{{Name: "source"}, {Name: "date"}, {Name: "what it is"}}, func(s sourceRow) []string { return []string{s.Source, s.Date, s.Text} })
	for _, s := range now.Sources() {
		if err := out.add(sourceRow{s.Name, s.Date, s.Text}); err != nil {
			return err
		}
	}
	return out.close()
}

// refreshCommand renews the prices of a region.
type refreshCommand struct {
	*app
	region, offers, advisor string
	unlikely                bool
}

func (c *refreshCommand) command() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "refresh",
		Short: "Renew the prices of a region from the AWS Price List",
		Long: `Renew the prices of a region from the offer files of the AWS Price List and the
Spot Advisor, which are public and some 300 MB. They are written to
prices-REGION.txt beside lakehouse.yaml, where plans and estimates find them.`,
		Example: "petalake prices refresh --region eu-central-1",
		Args:    exactly(),
		RunE:    func(cmd *cobra.Command, _ []string) error { return c.run(cmd.Context()) },
	}
	f := cmd.Flags()
	f.StringVar(&c.region, "region", "", "the region; default: that of the environment, or us-east-1")
	f.StringVar(&c.offers, "offers", price.PublishedOffers, "a mirror of the offer files; default: that of AWS")
	f.StringVar(&c.advisor, "advisor", price.PublishedAdvisor, "a mirror of the Spot Advisor; default: that of AWS")
	f.BoolVar(&c.unlikely, "unlikely", false, "take prices ten times, or a tenth, of what they were")
	return cmd
}

func (c *refreshCommand) run(ctx context.Context) error {
	l, e, err := c.cloud()
	if err != nil {
		return err
	}
	got, err := price.Refresh(ctx, filepath.Dir(l.File), cmp.Or(c.region, regionOf(e)), price.RefreshOptions{
		Today: c.now().UTC().Format(time.DateOnly), Offers: c.offers, Advisor: c.advisor, Unlikely: c.unlikely,
		Reading: func(name string) { c.say("reading %s", name) },
	})
	if err != nil {
		return err
	}
	return c.show(got.File, got.List, got.Renewal)
}

// renewed says what a list became.
func (c *refreshCommand) show(file string, now *price.List, news *price.Renewal) error {
	c.say("wrote %s: %s, %d of them new, %d no more offered", file, words.Counted(int64(len(now.Instances())), "instance type"), news.New, news.Gone)
	if len(news.Kept) > 0 {
		c.say("in no offer, and as they were: %s", strings.Join(news.Kept, ", "))
	}
	if len(news.Changes) == 0 && c.output == "text" {
		c.say("no price changed")
		return nil
	}
	out := list(c.app, []render.Column{{Name: "price"}, {Name: "before", Right: true}, {Name: "now", Right: true}}, func(c price.Change) []string {
		return []string{c.Name, fmt.Sprint(c.Before), fmt.Sprint(c.After)}
	})
	for _, c := range news.Changes {
		if err := out.add(c); err != nil {
			return err
		}
	}
	return out.close()
}
