package price

// Month is the hours of a month, as AWS counts them.
const Month = 730

// Range is US dollars a month: what is paid whatever happens, what is likely, and what is paid where
// use is high.
type Range struct {
	Low    float64 `json:"low"`
	Likely float64 `json:"likely"`
	High   float64 `json:"high"`
}

// Always is a price that use does not change.
func Always(usd float64) Range { return Range{usd, usd, usd} }

// Add is both prices together.
func (r Range) Add(s Range) Range {
	return Range{r.Low + s.Low, r.Likely + s.Likely, r.High + s.High}
}

// Times is the price of n.
func (r Range) Times(n float64) Range { return Range{n * r.Low, n * r.Likely, n * r.High} }
