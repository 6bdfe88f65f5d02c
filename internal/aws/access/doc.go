// Package access says who may read and write which tables and columns of a lakehouse, and writes it
// down for those who enforce it.
//
// The key access of lakehouse.yaml gives roles; an Actor is petalake itself, a job, a role, or somebody
// who is a member of roles. Rules answers what an actor may do; petalake's own doors ask it. Policies are
// the same in IAM, by the folders of the tables in the bucket; Grants are the same in Lake Formation.
//
// IAM knows objects and no columns: a role that reads a part of a table's columns gets none of the table's
// files, and reads it by Lake Formation or at a door. Nothing here is ever wider than the rules: where AWS
// cannot say a thing, it is left out.
//
// Evaluate decides requests against policies as IAM does, for tests of what is rendered: an explicit deny
// ends it, else an allow is needed of the identity's policies or of the resource's, within the boundary.
//
// Everything is a function of values; nothing is asked of AWS.
package access
