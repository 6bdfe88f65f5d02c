package access

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/petalake/petalake/internal/sweep"
	"github.com/petalake/petalake/spec"
)

// randomShop writes a lakehouse with random roles over a few tables.
func randomShop(r *rand.Rand) string {
	tables := []string{"bronze.a", "bronze.b", "silver.c", "silver.d", "gold.e", "f", "g"}
	var b strings.Builder
	b.WriteString("lakehouse: shop\ntables:\n")
	for _, t := range tables {
		fmt.Fprintf(&b, "  %s: {columns: [x: int, y: int, z: int]}\n", t)
	}
	b.WriteString("access:\n  roles:\n")
	for i := range 1 + r.IntN(4) {
		patterns := slices.Concat(tables, []string{"bronze.*", "silver.*", "gold.*", "main.*", `"*"`})
		some := func(n int) (list []string) {
			for range n {
				if p := patterns[r.IntN(len(patterns))]; !slices.Contains(list, p) {
					list = append(list, p)
				}
			}
			return list
		}
		reads, writes := some(1+r.IntN(3)), some(r.IntN(2))
		fmt.Fprintf(&b, "    r%d:\n      members: \"arn:aws:iam::123456789012:role/m%d\"\n      reason: chance\n      reads: [%s]\n      writes: [%s]\n", i, i, strings.Join(reads, ", "), strings.Join(writes, ", "))
		covers := func(list []string, table string) bool {
			schema, _, dotted := strings.Cut(table, ".")
			if !dotted {
				schema = "main"
			}
			return slices.Contains(list, table) || slices.Contains(list, schema+".*") || slices.Contains(list, `"*"`)
		}
		var only, except []string
		for _, t := range tables {
			if !covers(reads, t) || covers(writes, t) {
				continue
			}
			switch r.IntN(4) {
			case 0:
				only = append(only, t+".x")
			case 1:
				except = append(except, t+".z", t+".Y")
			}
		}
		fmt.Fprintf(&b, "      columns: [%s]\n      except: [%s]\n", strings.Join(only, ", "), strings.Join(except, ", "))
	}
	b.WriteString("environments: {prod: {aws: {region: eu-central-1, account: 123456789012}}}\n")
	return b.String()
}

// TestOneTruth promises that whatever roles there are, the rules, the policies of IAM and the grants of Lake Formation
// say the same of every table: IAM of whole ones, Lake Formation of each column.
func TestOneTruth(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	for i := range sweep.Of(100, 200, 10_000) {
		r := rand.New(rand.NewPCG(seed, uint64(i)))
		text := randomShop(r)
		l, e := parsed(t, text)
		policies, err := Policies(l, e, nil)
		if err != nil {
			t.Fatal(err)
		}
		rules, grants := New(l), Grants(l, e)
		for _, p := range policies[1:] {
			for _, table := range rules.Tables() {
				if problem := disagree(rules, p, grants, l, e, table); problem != "" {
					t.Fatalf("seed %d, %d: %s\n%s", seed, i, problem, text)
				}
			}
		}
	}
}

// disagree says of what the three say different things.
func disagree(rules *Rules, p Policy, grants []Grant, l *spec.Lakehouse, e *spec.Environment, table spec.TableName) string {
	reads, _ := rules.Allows(p.Actor, Read, table, "")
	writes, _ := rules.Allows(p.Actor, Write, table, "")
	columns := rules.Columns(p.Actor, table)
	for action, want := range map[string]bool{"s3:GetObject": reads && columns.All(), "s3:PutObject": writes, "s3:DeleteObject": writes} {
		q := Request{Principal: "x", Action: action, Resource: bucketARN + "/lake/" + folder(spec.TablePattern(table)) + "/part-0.parquet"}
		got, err := Set{Identity: p.Documents}.Evaluate(q)
		if err != nil || got.Allowed != want {
			return fmt.Sprintf("%s: %s on %s: IAM says %v (%s, %v), the rules %v", p.Actor, action, table, got.Allowed, got.Why, err, want)
		}
	}
	for _, c := range []string{"x", "y", "z"} {
		want, _ := rules.Allows(p.Actor, Read, table, c)
		got := slices.ContainsFunc(grants, func(g Grant) bool {
			return g.Actor == p.Actor.Name() && g.Database == Database(l, e, table.Schema) && (g.Table == "*" || g.Table == table.Table) && slices.Contains(g.Permissions, selects) &&
				(g.Columns == nil || slices.Contains(g.Columns, c)) && !slices.Contains(g.Excluded, c)
		})
		if got != want {
			return fmt.Sprintf("%s: column %s of %s: Lake Formation says %v, the rules %v", p.Actor, c, table, got, want)
		}
	}
	return ""
}
