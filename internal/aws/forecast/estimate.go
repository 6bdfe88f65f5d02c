package forecast

import (
	"path/filepath"

	"github.com/petalake/petalake/internal/aws/deploy"
	"github.com/petalake/petalake/internal/aws/fleet"
	"github.com/petalake/petalake/internal/aws/price"
	"github.com/petalake/petalake/spec"
)

// Estimate is what a lakehouse costs a month in an environment.
type Estimate struct {
	Lines  []Line
	Month  price.Range // all lines together
	Prices string      // the region of the prices
	// Placed says that the environment is in AWS, and what petalake deploy makes there is the first line.
	Placed bool
}

// NewEstimate is what a usage of a lakehouse costs in an environment, with what petalake deploy makes there. How many
// tables are loaded, and whether queries run on Spark, is as lakehouse.yaml says.
func NewEstimate(l *spec.Lakehouse, e *spec.Environment, u Usage) (*Estimate, error) {
	region, _ := fleet.Where(e)
	list, err := price.Beside(filepath.Dir(l.File), region)
	if err != nil {
		return nil, err
	}
	u.Tables, u.OnSpark = max(1, len(l.Sources)), e.Engine == spec.EngineSpark
	var policy *fleet.Policy
	if l.Fleet.Mode != spec.FleetServerless {
		if policy, _, err = fleet.Of(&l.Fleet, e, list); err != nil {
			return nil, err
		}
	}
	out := &Estimate{Lines: Lines(u, policy, list), Prices: list.Region, Placed: e.InAWS()}
	if out.Placed {
		usd, err := fixed(l, e, list)
		if err != nil {
			return nil, err
		}
		out.Lines = append([]Line{{What: "petalake in AWS", Amount: "always", USD: price.Always(usd)}}, out.Lines...)
	}
	out.Month = Sum(out.Lines)
	return out, nil
}

// fixed is what is paid in AWS with nothing used, in US dollars a month.
func fixed(l *spec.Lakehouse, e *spec.Environment, list *price.List) (float64, error) {
	stacks, err := deploy.Render(l, e)
	if err != nil {
		return 0, err
	}
	p, err := deploy.NewPlan(stacks, nil, list.USD)
	if err != nil || p.Month == nil {
		return 0, err
	}
	return p.Month.Low, nil
}
