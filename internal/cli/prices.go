package cli

import (
	"path/filepath"

	"github.com/petalake/petalake/internal/aws/deploy"
	"github.com/petalake/petalake/internal/aws/price"
	"github.com/petalake/petalake/spec"
)

// prices are those of a region: from the file beside lakehouse.yaml, or those that petalake brings along.
func prices(l *spec.Lakehouse, region string) (*price.List, error) {
	list, err := price.Beside(filepath.Dir(l.File), region)
	if err != nil {
		return nil, &usageError{err, "remove the file, and the prices of petalake are used"}
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
