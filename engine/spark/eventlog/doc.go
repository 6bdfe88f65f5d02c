// Package eventlog reads the event logs of Apache Spark and says what to change in a program.
//
// An event log is one JSON object a line, written by Spark 3 or 4 as an application runs: a file, or
// a folder eventlog_v2_* of numbered parts, plain or compressed by one of Spark's codecs. Find lists
// the logs of a place, Read folds one into an Application, and Advise turns an Application into a
// Report: findings, each with figures, what is at stake and the settings to change.
//
// Reading streams. Tasks are folded into sums and quantiles of their stage as they come, so memory
// does not grow with the log. A line that cannot be read is counted and named, never fatal: logs of
// running or killed applications end in the middle of one.
//
// Advise is a pure function. A rule that has not enough to go on says nothing.
package eventlog
