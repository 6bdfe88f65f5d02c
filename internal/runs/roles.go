package runs

import (
	"context"
	"fmt"

	"github.com/petalake/petalake/internal/aws/access"
	"github.com/petalake/petalake/internal/query"
	"github.com/petalake/petalake/job"
	"github.com/petalake/petalake/spec"
)

// roleOf is the role of access that a job has.
func (rs *Runs) roleOf(name string) (*spec.AccessRole, error) {
	role := rs.Env.Spec.Access.Role(name)
	if role == nil {
		return nil, job.Refused(fmt.Errorf("no role %q in lakehouse.yaml any more", name), "run the job anew")
	}
	return role, nil
}

// acting answers the statements of a job, held to its role where it has one.
func (rs *Runs) acting(role string) (*query.Acting, error) {
	if role == "" {
		return rs.Engines.Everybody(), nil
	}
	has, err := rs.roleOf(role)
	if err != nil {
		return nil, err
	}
	return rs.Engines.Role(has), nil
}

// asRole runs programs as a role of access, each as one of its own, where petalake deploy made these. Another
// Spark has none of them.
func (rs *Runs) asRole(ctx context.Context, role string) (job.Runner, error) {
	e := rs.Env.Environment
	at := &e.Spark.EMR
	switch {
	case !e.InAWS() || e.Spark.Has("emr"):
		return nil, job.Refused(fmt.Errorf("the job has the role %s of access, and the EMR of environment %s has one role for all", role, e.Name),
			"leave out role:, or let petalake deploy make the environment, with aws:")
	case at.Application == "" && !rs.Env.OnClusters():
		return nil, job.Refused(fmt.Errorf("the job has the role %s of access, and the application of EMR Serverless that runs it is not known here", role),
			"the petalake that was deployed knows it, and runs the job when it is due; or export "+spec.EMRApplication+"=... and "+spec.EMRRole+"=...")
	}
	account, err := rs.Env.Account(ctx)
	if err != nil {
		return nil, err
	}
	return rs.onEMR(ctx, access.Grant{Principal: access.RoleARN(rs.Env.Spec, e, role)}.ForAccount(account).Principal)
}

// readable leaves out what a role of access does not read whole: a program reads files, which know no columns.
func (rs *Runs) readable(role string, names []spec.TableName) ([]spec.TableName, error) {
	if role == "" {
		return names, nil
	}
	has, err := rs.roleOf(role)
	if err != nil {
		return nil, err
	}
	rules := access.New(rs.Env.Spec)
	who := rules.Role(has)
	var out []spec.TableName
	for _, n := range names {
		t := n
		if ok, _ := rules.Allows(who, access.Read, t, ""); ok && rules.Columns(who, t).All() {
			out = append(out, n)
		}
	}
	return out, nil
}
