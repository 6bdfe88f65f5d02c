// Package deploy says what a lakehouse is in AWS: from lakehouse.yaml and an environment with the key
// aws to CloudFormation templates, and from two versions of these to a plan.
//
// Everything here is a function of values: nothing is asked of AWS, no clock, no credentials. The
// same file gives the same bytes.
//
// A lakehouse in AWS is up to five Stacks, in the order in which they are made; each hands its outputs
// to those after it as parameters:
//
//	bootstrap    what has to be there first: the buckets for artefacts and logs, and the role that makes the rest
//	foundation   the key, the bucket of the lake, the network, the groups of logs
//	ingest       what brings rows: the queue of files that arrive; streams, archives, replications
//	compute      Spark (EMR), where it is needed, and the machine of petalake itself
//	observe      alarms, who is told, dashboard, budget
//
// A Plan is a list of Steps, from what was deployed before (or nothing) to the stacks of now, in the order in
// which they are done: each with what it does, to what, why, what that costs a month, and its Kind, by which
// package rollout runs it. There is no other list of what deploying does.
//
// Not in stacks: tables and databases of the catalog, grants, clusters that come and go, the start of
// replications. Their number and life is not that of a stack: the petalake that runs in AWS makes them.
package deploy
