package access

import (
	"fmt"
	"slices"
	"strings"

	"github.com/petalake/petalake/internal/words"
	"github.com/petalake/petalake/spec"
)

type kind int

const (
	nobody kind = iota
	daemon
	job
	role
	member
)

// Actor is one who reads and writes tables. The zero value may do nothing.
type Actor struct {
	kind  kind
	name  string
	roles []*spec.AccessRole
}

// String names the actor as a person would.
func (a Actor) String() string {
	switch a.kind {
	case nobody:
		return "nobody"
	case daemon:
		return "daemon"
	case job:
		return "job " + a.name
	case role:
		return "role " + a.name
	}
	return a.name
}

// Name is how the actor is asked for; see Rules.Actor.
func (a Actor) Name() string {
	switch a.kind {
	case daemon:
		return "daemon"
	case job:
		return "job:" + a.name
	}
	return a.name
}

// petalake says whether the actor is petalake itself, as are jobs without a role.
func (a Actor) petalake() bool { return a.kind == daemon || a.kind == job && a.roles == nil }

// Roles are the roles that the actor has.
func (a Actor) Roles() []*spec.AccessRole { return a.roles }

// Daemon is petalake itself: it loads, builds and answers.
func (r *Rules) Daemon() Actor { return Actor{kind: daemon} }

// Job is the actor that a job is: its role, or petalake itself where it has none.
func (r *Rules) Job(name string) Actor {
	a := Actor{kind: job, name: name}
	if j := r.l.Job(name); j != nil && j.Role != "" {
		a.roles = []*spec.AccessRole{}
		if has := r.l.Access.Role(j.Role); has != nil {
			a.roles = append(a.roles, has)
		}
	}
	return a
}

// Role is a role as an actor.
func (r *Rules) Role(of *spec.AccessRole) Actor {
	return Actor{kind: role, name: of.Name, roles: []*spec.AccessRole{of}}
}

// Member is somebody by the name or ARN that roles and groups have: what their roles may together.
// One who is in no role may do nothing.
func (r *Rules) Member(name string) Actor {
	a := Actor{kind: member, name: name}
	for _, has := range r.l.Access.Roles {
		if slices.Contains(r.l.Access.Everyone(has), name) {
			a.roles = append(a.roles, has)
		}
	}
	return a
}

// Actors are all of them, petalake itself first, then jobs, roles and members.
func (r *Rules) Actors() []Actor {
	all := []Actor{r.Daemon()}
	for _, j := range r.l.Jobs {
		all = append(all, r.Job(j.Name))
	}
	var members []string
	for _, has := range r.l.Access.Roles {
		all = append(all, r.Role(has))
		members = append(members, r.l.Access.Everyone(has)...)
	}
	slices.Sort(members)
	for _, name := range slices.Compact(members) {
		all = append(all, r.Member(name))
	}
	return all
}

// UnknownActorError is a name that nobody has.
type UnknownActorError struct{ Name, Near string }

// Error implements error.
func (e *UnknownActorError) Error() string { return fmt.Sprintf("nobody is called %q", e.Name) }

// Hint says what to do.
func (e *UnknownActorError) Hint() string {
	if e.Near != "" {
		return fmt.Sprintf("did you mean %q?", e.Near)
	}
	return "petalake access list shows who there is: daemon, job:NAME, roles, and members of roles"
}

// Actor finds one by name: daemon, job:NAME, the name of a role, or a member of one.
func (r *Rules) Actor(name string) (Actor, error) {
	var names []string
	for _, a := range r.Actors() {
		if a.Name() == name {
			return a, nil
		}
		names = append(names, a.Name())
	}
	for _, g := range r.l.Access.Groups {
		if g.Name == name {
			return Actor{kind: member, name: name, roles: r.rolesOfGroup(name)}, nil
		}
	}
	return Actor{}, &UnknownActorError{Name: name, Near: words.Nearest(strings.ToLower(name), names)}
}

func (r *Rules) rolesOfGroup(name string) (roles []*spec.AccessRole) {
	for _, has := range r.l.Access.Roles {
		if slices.Contains(has.Members, name) {
			roles = append(roles, has)
		}
	}
	return roles
}
