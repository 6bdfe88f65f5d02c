package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/petalake/petalake/internal/aws/access"
	"github.com/petalake/petalake/spec"
)

// rules are the lakehouse, and who may do what in it.
func (a *app) rules() (*spec.Lakehouse, *access.Rules, error) {
	path, err := a.find()
	if err != nil {
		return nil, nil, err
	}
	l, err := spec.Load(path)
	if err != nil {
		return nil, nil, err
	}
	r := access.New(l)
	if !r.On() {
		a.say("lakehouse.yaml has no access: nobody is held back")
	}
	return l, r, nil
}

// hintOf is the hint of an error, or "".
func hintOf(err error) string {
	var hinted interface{ Hint() string }
	if errors.As(err, &hinted) {
		return hinted.Hint()
	}
	return ""
}

// knownColumn finds the table of lakehouse.yaml that a text names, and where it may the column behind it.
func knownColumn(rules *access.Rules, text string, columns bool) (spec.TableName, string, error) {
	var names []string
	for _, t := range rules.Tables() {
		names = append(names, t.String())
		if strings.EqualFold(t.String(), text) || strings.EqualFold(t.Schema+"."+t.Table, text) {
			return t, "", nil
		}
	}
	for _, t := range rules.Tables() {
		for _, name := range []string{t.String(), t.Schema + "." + t.Table} {
			if n := len(name); columns && len(text) > n+1 && text[n] == '.' && strings.EqualFold(text[:n], name) {
				return t, text[n+1:], nil
			}
		}
	}
	hint := "petalake access list shows the tables that lakehouse.yaml names"
	if near := spec.Nearest(text, names); near != "" {
		hint = fmt.Sprintf("did you mean %q?", near)
	}
	return spec.TableName{}, "", &usageError{fmt.Errorf("no table %q in lakehouse.yaml", text), hint}
}

// inAWS is the lakehouse, and its environment, which has to be in AWS.
func (a *app) inAWS() (*spec.Lakehouse, *spec.Environment, error) {
	l, e, err := a.cloud()
	if err == nil && !e.InAWS() {
		err = &usageError{fmt.Errorf("environment %s is not in AWS", e.Name), "choose one that has aws: with --env"}
	}
	return l, e, err
}
