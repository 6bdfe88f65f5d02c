package petalake

import (
	"context"
	"fmt"
	"strings"

	"github.com/petalake/petalake/catalog"
	"github.com/petalake/petalake/internal/access"
	"github.com/petalake/petalake/internal/awsx"
	"github.com/petalake/petalake/internal/emr"
	"github.com/petalake/petalake/job"
	"github.com/petalake/petalake/spec"
)

// roleOf is the role of access that a job has, as an actor.
func (l *Lake) roleOf(name string) (access.Actor, error) {
	role := l.spec.Access.Role(name)
	if role == nil {
		return access.Actor{}, job.Refused(fmt.Errorf("no role %q in lakehouse.yaml any more", name), "run the job anew")
	}
	return l.rules().Role(role), nil
}

// guardOf holds the statements of a job to its role; nil for a job without one.
func (l *Lake) guardOf(role string) (*guard, error) {
	if role == "" {
		return nil, nil
	}
	who, err := l.roleOf(role)
	return &guard{l.rules(), who}, err
}

// chooseAs chooses an engine for a statement: DuckDB, where somebody is held to a part of the lake.
func (l *Lake) chooseAs(ctx context.Context, g *guard, engine, sql string) (Choice, error) {
	switch {
	case g.everything():
		return l.choose(ctx, engine, sql, nil)
	case engine == spec.EngineSpark:
		return Choice{}, &spreadError{g.who}
	}
	return Choice{Engine: spec.EngineDuckDB, Reason: "it holds statements to the tables and columns of a role"}, nil
}

// asRole runs programs as a role of access: on EMR Serverless, where each has a role of its own. What clusters
// run has one role together, and a Spark that petalake did not deploy has none of these roles.
func (l *Lake) asRole(ctx context.Context, role string) (job.Runner, error) {
	e := l.environment
	at := &e.Spark.EMR
	switch {
	case !e.InAWS() || e.Spark.Has("emr"):
		return nil, job.Refused(fmt.Errorf("the job has the role %s of access, and the EMR of environment %s has one role for all", role, e.Name),
			"leave out role:, or let petalake deploy make the environment, with aws:")
	case at.Application == "":
		return nil, job.Refused(fmt.Errorf("the job has the role %s of access, and the application of EMR Serverless that runs it is not known here", role),
			"the petalake that was deployed knows it, and runs the job when it is due; or export "+spec.EMRApplication+"=... and "+spec.EMRRole+"=...")
	}
	arn := access.RoleARN(l.spec, e, role)
	if parts := strings.Split(string(at.Role), ":"); len(parts) == 6 {
		arn = access.Grant{Principal: arn}.ForAccount(parts[4]).Principal
	}
	cfg, err := awsx.Load(ctx, l.aws())
	if err != nil {
		return nil, err
	}
	return emr.NewServerless(cfg, string(at.Application), l.programs(arn)), nil
}

// readable leaves out what a role of access does not read whole: a program reads files, which know no columns.
func (l *Lake) readable(role string, names []catalog.Name) ([]catalog.Name, error) {
	if role == "" {
		return names, nil
	}
	who, err := l.roleOf(role)
	if err != nil {
		return nil, err
	}
	var out []catalog.Name
	for _, n := range names {
		t := toSpec(n)
		if ok, _ := l.rules().Allows(who, access.Read, t, ""); ok && l.rules().Columns(who, t).All() {
			out = append(out, n)
		}
	}
	return out, nil
}
