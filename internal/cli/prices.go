package cli

import (
	"path/filepath"

	"github.com/petalake/petalake/internal/aws/price"
	"github.com/petalake/petalake/spec"
)

// prices are those of a region: from the file beside lakehouse.yaml, or those that petalake brings along.
func prices(l *spec.Lakehouse, region string) (*price.List, error) {
	return price.Beside(filepath.Dir(l.File), region)
}

// regionOf is the region of an environment, or, for one that is not in AWS, that for which petalake brings prices along.
func regionOf(e *spec.Environment) string {
	if e.InAWS() {
		return e.AWS.Region
	}
	return price.Home
}
