package proof

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/petalake/petalake/delta"
	"github.com/petalake/petalake/engine/duck/tablefile"
)

// TestLengths promises that a column which Spark made as varchar or char takes from petalake what it takes from Spark, as Spark keeps it,
// and refuses what Spark refuses: alone, as a partition, and inside of structs, lists and maps.
func TestLengths(t *testing.T) {
	o := others(t)
	p := newPlace(t)
	theirs := p.named("theirs")
	for _, table := range []place{p, theirs} {
		o.spark(t, "create table "+table.sql()+` (id int, v varchar(3), c char(3), s struct<v:varchar(3),n:int,c:char(3)>, l array<char(3)>, m map<varchar(3),char(3)>,
			ls array<struct<v:varchar(3)>>, p char(3)) using delta partitioned by (p)`)
	}
	const fits = "'', 'a', 'abc', 'é漢😀', null, 12"
	texts := append(strings.Split(fits, ", "), "'abc '", "'é漢😀x'")
	id := 0
	for _, text := range texts {
		s := "CAST(" + text + " AS %s)"
		duck, spark := fmt.Sprintf(s, "varchar"), fmt.Sprintf(s, "string")
		columns := map[string][2]string{"v": {duck, spark}, "c": {duck, spark}, "p": {duck, spark},
			"s.v": {"{'v': " + duck + ", 'n': 1, 'c': NULL}", "named_struct('v', " + spark + ", 'n', 1, 'c', cast(null as string))"},
			"s.c": {"{'v': NULL, 'n': 1, 'c': " + duck + "}", "named_struct('v', cast(null as string), 'n', 1, 'c', " + spark + ")"},
			"l":   {"[" + duck + ", NULL]", "array(" + spark + ", null)"},
			"m":   {"MAP {'k': " + duck + "}", "map('k', " + spark + ")"},
			"ls":  {"[{'v': " + duck + "}, NULL]", "array(named_struct('v', " + spark + "), null)"}}
		if text != "null" {
			columns["m.key"] = [2]string{"MAP {" + duck + ": 'x'}", "map(" + spark + ", 'x')"}
		}
		if strings.Contains(fits, text) { // all columns in one row
			var names, ours, others []string
			for name, values := range columns {
				if column, member, _ := strings.Cut(name, "."); member == "" || member == "v" {
					names, ours, others = append(names, column), append(ours, values[0]+" AS "+column), append(others, values[1])
				}
			}
			id++
			o.spark(t, fmt.Sprintf("insert into %s (id, %s) select %d, %s", theirs.sql(), strings.Join(names, ", "), id, strings.Join(others, ", ")))
			if err := p.insert(t, fmt.Sprintf("SELECT %d AS id, %s", id, strings.Join(ours, ", "))); err != nil {
				t.Errorf("%s: %v", text, err)
			}
			continue
		}
		for name, values := range columns {
			id++
			column, _, _ := strings.Cut(name, ".")
			_, theirError := o.ask(request{Do: "spark", SQL: []string{fmt.Sprintf("insert into %s (id, %s) select %d, %s", theirs.sql(), column, id, values[1])}})
			ourError := p.insert(t, fmt.Sprintf("SELECT %d AS id, %s AS %s", id, values[0], column))
			if (theirError == nil) != (ourError == nil) {
				t.Errorf("%s into %s: petalake says %v, Spark says %.150v", text, name, ourError, theirError)
			}
			var broken *tablefile.ViolationError
			if ourError != nil && (!errors.As(ourError, &broken) || broken.Column != column || broken.Length == "" || broken.Hint() == "") {
				t.Errorf("%s into %s: got %v, want a *ViolationError", text, name, ourError)
			}
		}
	}
	p.scan(t, latest, nil).want(t, theirs.scan(t, latest, nil), "kept: ")
	p.by(t, "spark", latest).want(t, theirs.by(t, "spark", latest), "by Spark: ")
	p.sound(t)
}

// insert appends the rows of a SELECT.
func (p place) insert(t *testing.T, sql string) error {
	t.Helper()
	m := p.snapshot(t, latest).Metadata()
	written, err := p.engine(t).Write(context.Background(), sql, tablefile.Spec{Store: p.disk, Root: p.table.Root(), Schema: m.Schema, PartitionBy: m.PartitionColumns})
	if err == nil {
		p.update(t, func(x *delta.Txn) error {
			x.Add(written.Files...)
			return nil
		})
	}
	return err
}
