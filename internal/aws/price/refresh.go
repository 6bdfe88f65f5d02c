package price

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
)

// Where AWS publishes its prices, to everybody.
const (
	PublishedOffers  = "https://pricing.us-east-1.amazonaws.com/offers/v1.0/aws"
	PublishedAdvisor = "https://spot-bid-advisor.s3.amazonaws.com"
)

// RefreshOptions say how prices are refreshed.
type RefreshOptions struct {
	Today    string // as in 2026-11-27
	Offers   string // a mirror of the offer files; "" is PublishedOffers
	Advisor  string // a mirror of the Spot Advisor; "" is PublishedAdvisor
	Unlikely bool   // takes prices ten times, or a tenth, of what they were
	Reading  func(name string)
}

// Refreshed is what came of a refresh.
type Refreshed struct {
	File string // that was written
	*List
	*Renewal
}

// UnlikelyError says that prices are so much others that they may be wrong.
type UnlikelyError struct{ Names []string }

// Error implements error.
func (e *UnlikelyError) Error() string {
	return "ten times, or a tenth, of what they were: " + strings.Join(e.Names, ", ") + "; nothing was written"
}

// Hint says what to do.
func (*UnlikelyError) Hint() string {
	return "look them up at AWS, and say --unlikely where they are right"
}

// Refresh renews the prices of a region from what AWS publishes, and writes them into a folder, where Beside finds them: whole,
// or not at all. Prices that are not likely are an *UnlikelyError.
func Refresh(ctx context.Context, dir, region string, o RefreshOptions) (*Refreshed, error) {
	old, err := Beside(dir, region)
	if err != nil {
		return nil, err
	}
	list, news, err := Renew(old, region, o.Today, func(name string) (io.ReadCloser, error) {
		at := strings.TrimSuffix(cmp.Or(o.Offers, PublishedOffers), "/") + "/" + name + "/current/" + region + "/index.csv"
		if name == Spot {
			at = strings.TrimSuffix(cmp.Or(o.Advisor, PublishedAdvisor), "/") + "/" + name
		}
		if o.Reading != nil {
			o.Reading(name)
		}
		return download(ctx, at)
	})
	if err != nil {
		return nil, fmt.Errorf("prices of %s: %w", region, err)
	}
	var unlikely []string
	for _, p := range news.Changes {
		if p.Unlikely() {
			unlikely = append(unlikely, fmt.Sprintf("%s ($%g, before $%g)", p.Name, p.After, p.Before))
		}
	}
	if len(unlikely) > 0 && !o.Unlikely {
		return nil, &UnlikelyError{unlikely}
	}
	file := filepath.Join(dir, File(region))
	return &Refreshed{file, list, news}, writePrices(file, list)
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
func writePrices(file string, list *List) error {
	var b bytes.Buffer
	if _, err := list.WriteTo(&b); err != nil {
		return err
	}
	if _, err := Parse(bytes.NewReader(b.Bytes())); err != nil {
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
