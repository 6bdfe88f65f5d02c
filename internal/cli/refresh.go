package cli

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/petalake/petalake/internal/aws/price"
	"github.com/petalake/petalake/internal/cli/render"
	"github.com/petalake/petalake/internal/words"
)

// Where AWS publishes its prices, to everybody.
const (
	offersAt  = "https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws"
	advisorAt = "https://spot-bid-advisor.s3.amazonaws.com"
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
	f.StringVar(&c.offers, "offers", offersAt, "a mirror of the offer files; default: that of AWS")
	f.StringVar(&c.advisor, "advisor", advisorAt, "a mirror of the Spot Advisor; default: that of AWS")
	f.BoolVar(&c.unlikely, "unlikely", false, "take prices ten times, or a tenth, of what they were")
	return cmd
}

// unlikelyError says that prices are so much others that they may be wrong.
type unlikelyError struct{ names []string }

func (e *unlikelyError) Error() string {
	return "ten times, or a tenth, of what they were: " + strings.Join(e.names, ", ") + "; nothing was written"
}

func (*unlikelyError) Hint() string {
	return "look them up at AWS, and say --unlikely where they are right"
}

func (c *refreshCommand) run(ctx context.Context) error {
	l, e, err := c.cloud()
	if err != nil {
		return err
	}
	region := cmp.Or(c.region, regionOf(e))
	old, err := prices(l, region)
	if err != nil {
		return err
	}
	list, news, err := price.Renew(old, region, c.now().UTC().Format(time.DateOnly), func(name string) (io.ReadCloser, error) {
		at := strings.TrimSuffix(c.offers, "/") + "/" + name + "/current/" + region + "/index.csv"
		if name == price.Spot {
			at = strings.TrimSuffix(c.advisor, "/") + "/" + name
		}
		c.say("reading %s", name)
		return download(ctx, at)
	})
	if err != nil {
		return fmt.Errorf("prices of %s: %w", region, err)
	}
	var unlikely []string
	for _, p := range news.Changes {
		if p.Unlikely() {
			unlikely = append(unlikely, fmt.Sprintf("%s ($%g, before $%g)", p.Name, p.After, p.Before))
		}
	}
	if len(unlikely) > 0 && !c.unlikely {
		return &unlikelyError{unlikely}
	}
	file := filepath.Join(filepath.Dir(l.File), price.File(region))
	if err := writePrices(file, list); err != nil {
		return err
	}
	return c.show(file, list, news)
}

// download opens a file of the web. One that is not there is fs.ErrNotExist.
func download(ctx context.Context, url string) (io.ReadCloser, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	switch response.StatusCode {
	case http.StatusOK:
		return response.Body, nil
	case http.StatusNotFound, http.StatusForbidden: // S3 says the one or the other
		err = fs.ErrNotExist
	default:
		err = errors.New(response.Status)
	}
	return nil, errors.Join(fmt.Errorf("%s: %w", url, err), response.Body.Close())
}

// writePrices writes a list whole, or not at all.
func writePrices(file string, list *price.List) error {
	var b bytes.Buffer
	if _, err := list.WriteTo(&b); err != nil {
		return err
	}
	if _, err := price.Parse(bytes.NewReader(b.Bytes())); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	f, err := os.CreateTemp(filepath.Dir(file), ".prices-*")
	if err != nil {
		return err
	}
	_, err = f.Write(b.Bytes())
	err = errors.Join(err, f.Chmod(0o644), f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), file)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
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
