package cli

import (
	"errors"
	"fmt"

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

// misnamed makes an argument that access does not know an error of usage.
func misnamed(err error) error {
	var actor *access.UnknownActorError
	var table *access.UnknownTableError
	var roles *access.RolesError
	switch {
	case errors.As(err, &actor):
		return &usageError{err, actor.Hint()}
	case errors.As(err, &table):
		return &usageError{err, table.Hint()}
	case errors.As(err, &roles):
		return &usageError{err, roles.Hint()}
	}
	return err
}

// inAWS is the lakehouse, and its environment, which has to be in AWS.
func (a *app) inAWS() (*spec.Lakehouse, *spec.Environment, error) {
	l, e, err := a.cloud()
	if err == nil && !e.InAWS() {
		err = &usageError{fmt.Errorf("environment %s is not in AWS", e.Name), "choose one that has aws: with --env"}
	}
	return l, e, err
}
