package files

import "testing"

func TestHidden(t *testing.T) {
	for _, c := range []struct {
		path, pattern string
		hidden        bool
	}{
		{"raw/a.csv", "raw/*.csv", false}, {"raw/.a.csv", "raw/*", true}, {"raw/_temporary/0/part.csv", "raw/**", true}, {"raw/.staging/a.csv", "raw/**/*.csv", true},
		{"raw/_orders.csv", "raw/*", false}, {".raw/a.csv", ".raw/*.csv", false}, {"raw/.a.csv", "raw/.*.csv", false}, {"../raw/a.csv", "../raw/*.csv", false}, {"./a.csv", "./*.csv", false},
		{"/srv/u/.data/a.csv", "/srv/u/.data/*.csv", false}, {"/srv/u/.data/.b.csv", "/srv/u/.data/*.csv", true}, {"raw/_temporary/a.csv", "raw/_temporary/*.csv", false},
	} {
		if got := Hidden(c.path, []string{c.pattern}); got != c.hidden {
			t.Errorf("%s by %s: hidden is %v, want %v", c.path, c.pattern, got, c.hidden)
		}
	}
}
