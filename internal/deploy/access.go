package deploy

import (
	"github.com/petalake/petalake/internal/access"
	"github.com/petalake/petalake/spec"
)

// AccessPolicies are the policies of who reads and writes tables in an environment: of petalake itself, first, and of
// each role of access. None without access.
func AccessPolicies(l *spec.Lakehouse, e *spec.Environment) ([]access.Policy, error) {
	return (&site{l: l, e: e, a: &e.AWS}).accessPolicies()
}

func (s *site) accessPolicies() ([]access.Policy, error) {
	var raw []string
	for _, a := range s.arrivals() {
		raw = append(raw, a.prefix)
	}
	return access.Policies(s.l, s.e, raw)
}
