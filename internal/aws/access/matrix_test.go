package access

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// The policies of each actor against a matrix of requests, in an account whose bucket and key leave the decision
// to it: each gets what is its own, and nothing else.
func TestMatrix(t *testing.T) {
	l, e := shop(t)
	policies, err := Policies(l, e, []string{"raw/orders/", "raw/customers/"})
	if err != nil {
		t.Fatal(err)
	}
	sets := map[string]Set{}
	for _, p := range policies {
		s := Set{}
		for _, d := range p.Documents {
			d, err := d.Filled(l, e)
			if err == nil {
				d, err = d.with(strings.NewReplacer(keyHere, key).Replace)
			}
			if err != nil {
				t.Fatal(err)
			}
			s.Identity = append(s.Identity, d)
		}
		sets[p.Actor.Name()] = s
	}
	data, err := os.ReadFile("testdata/matrix.txt")
	if err != nil {
		t.Fatal(err)
	}
	full := strings.NewReplacer("@", bucket, "&", key, "%", "arn:aws:glue:eu-central-1:123456789012")
	for i, line := range strings.Split(string(data), "\n") {
		fields := strings.Fields(line)
		if len(fields) == 0 || fields[0] == "#" {
			continue
		}
		q := Request{Principal: "arn:aws:iam::123456789012:role/x", Action: fields[1], Resource: full.Replace(fields[2]), Context: map[string][]string{}}
		for _, pair := range fields[3:] {
			name, value, _ := strings.Cut(pair, "=")
			q.Context[name] = []string{full.Replace(value)}
		}
		for k, name := range []string{"daemon", "analyst", "scorer", "listener", "support", "auditor"} {
			got, err := sets[name].Evaluate(q)
			if err != nil {
				t.Fatal(err)
			}
			if want := fields[0][k] != '.'; got.Allowed != want {
				t.Errorf("matrix.txt:%d: %s: got %s, want %v", i+1, name, fmt.Sprintf("%v (%s)", got.Allowed, got.Why), want)
			}
		}
	}
}
