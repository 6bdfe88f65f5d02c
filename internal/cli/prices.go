package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/petalake/petalake/internal/deploy"
	"github.com/petalake/petalake/internal/price"
	"github.com/petalake/petalake/spec"
)

// pricesFile is the list of prices of a region beside lakehouse.yaml, where there is one.
func pricesFile(l *spec.Lakehouse, region string) string {
	return filepath.Join(filepath.Dir(l.File), "prices-"+region+".txt")
}

// prices are those of a region: from the file beside lakehouse.yaml, or those that petalake brings along.
func prices(l *spec.Lakehouse, region string) (*price.List, error) {
	name := pricesFile(l, region)
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		list, _ := price.Of(region)
		return list, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	list, err := price.Parse(f)
	if err == nil && list.Region != region {
		err = fmt.Errorf("these are the prices of %s", list.Region)
	}
	if err != nil {
		return nil, &usageError{fmt.Errorf("%s: %w", name, err), "remove the file, and the prices of petalake are used"}
	}
	return list, nil
}

// pricesOf says which region's prices a plan has, where it is another's.
func pricesOf(list *price.List, e *spec.Environment, p *deploy.Plan) string {
	if p.Month == nil || list.Region == e.AWS.Region {
		return ""
	}
	return ", at prices of " + list.Region
}
