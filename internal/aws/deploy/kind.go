package deploy

import (
	"cmp"
	"maps"
	"slices"
)

// Kind says how a step is executed: CloudFormation, by the stack of the step, or one call that deploy makes itself.
// Package rollout has an executor for each kind, and changes AWS by nothing else.
type Kind string

// The kinds.
const (
	// MakeStack is a change set of CloudFormation: one does all steps of this kind of a stack.
	MakeStack Kind = "make-stack"
	// RemoveStack is the removal of a stack: one does all steps of this kind of a stack.
	RemoveStack Kind = "remove-stack"
	// ClearStack is the removal of a stack whose making failed, before it is made anew.
	ClearStack Kind = "clear-stack"
	// ProtectStack sets the stack policy and the termination protection of a stack that is not changed
	// otherwise. Where a stack is, they are set with it.
	ProtectStack Kind = "protect-stack"

	UploadProgram   Kind = "upload-program"          // the executable that the daemon runs
	UploadBundle    Kind = "upload-lakehouse"        // lakehouse.yaml with the files that it names
	CloseGroup      Kind = "close-security-group"    // the default one of the network
	RegisterLake    Kind = "register-lake"           // the folder of the lake with Lake Formation
	MakeCertificate Kind = "make-certificate"        // of the nodes of clusters
	ActivateTag     Kind = "activate-allocation-tag" // petalake:environment, for budgets

	StopDaemon       Kind = "stop-daemon"
	EndClusters      Kind = "end-clusters"      // of the fleet
	ClearCatalog     Kind = "clear-catalog"     // of the databases and tables of the environment
	StopReplications Kind = "stop-replications" // of DMS

	EraseBucket Kind = "erase-bucket" // with all versions of all objects
	EraseStream Kind = "erase-stream"
	EraseLogs   Kind = "erase-logs"
	EraseSecret Kind = "erase-secret"
	EraseKey    Kind = "erase-key" // by AWS, after 30 days
)

// phase is a part of a plan: stacks are made in the order of their layers, then those that go are removed in
// the reverse order, then data is deleted.
type phase int

const (
	making phase = iota
	removing
	erasing
)

// turn is when a step of a kind is done: in a phase, before the stack of its layer, with it, or after it.
type turn struct {
	phase phase
	part  int // -1 before the stack, 0 with it, 1 after it
}

var turns = map[Kind]turn{
	ClearStack: {making, -1}, UploadProgram: {making, -1}, UploadBundle: {making, -1},
	MakeStack:    {making, 0},
	ProtectStack: {making, 1}, CloseGroup: {making, 1}, RegisterLake: {making, 1}, MakeCertificate: {making, 1}, ActivateTag: {making, 1},

	StopDaemon: {removing, -1}, EndClusters: {removing, -1}, ClearCatalog: {removing, -1}, StopReplications: {removing, -1},
	RemoveStack: {removing, 0},

	EraseBucket: {erasing, 0}, EraseStream: {erasing, 0}, EraseLogs: {erasing, 0}, EraseSecret: {erasing, 0}, EraseKey: {erasing, 0},
}

// Kinds are all kinds of steps.
func Kinds() []Kind { return slices.Sorted(maps.Keys(turns)) }

// Erases says whether steps of the kind delete data for good.
func (k Kind) Erases() bool { return turns[k].phase == erasing }

// sort puts the steps of a plan into the order in which they are done. Steps of one turn stay as they are.
func (p *Plan) sort() {
	slices.SortStableFunc(p.Steps, func(a, b Step) int {
		s, t := turns[a.Kind], turns[b.Kind]
		if s.phase != t.phase || s.phase == erasing {
			return cmp.Compare(s.phase, t.phase)
		}
		i, j := slices.Index(Layers, a.Stack), slices.Index(Layers, b.Stack)
		if s.phase == removing {
			i, j = j, i
		}
		return cmp.Or(cmp.Compare(i, j), cmp.Compare(s.part, t.part))
	})
}
