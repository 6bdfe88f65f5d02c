// Package cfn builds CloudFormation templates that are checked before AWS sees them.
//
// A Template is a list of Resources, in the order they were added, with parameters and outputs. Its
// JSON is the same bytes for the same template. Values are plain Go: Map, List, string, int, bool,
// and the intrinsic functions Ref, GetAtt, Sub and Join, which are Maps too.
//
// Check compares a template with what AWS knows of its resource types: schema.txt has their
// properties, which are required and which replace the resource when they change; rules.txt has
// what the schemas of AWS leave out: values, sizes of names and policies. Diff says what an update
// from one template to another would do, replacements included, without asking AWS.
package cfn
