// Package terraform writes the stacks of a lakehouse as Terraform, for those who make nothing in AWS but by it.
//
// What CloudFormation calls a resource is one of the AWS provider, or several; a reference is a reference; a
// parameter that is another stack's output is that output's value. All layers are one module, a file each. What
// the provider does not know Export names.
package terraform
