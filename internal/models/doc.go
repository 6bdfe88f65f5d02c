// Package models builds the tables of models from the tables that they read.
//
// A Model is one of lakehouse.yaml with its inputs; Ordered puts them so that each comes after those it reads.
// Build compares the versions of the inputs with those that the model's table records, and runs its SELECT on
// exactly these versions: on DuckDB or on Spark, over all rows or over the new rows of one input.
//
// Guarantees: rows and the record of what they were made of are one commit of package write, so a model is
// built anew exactly where its definition or an input changed, whoever built it last; two processes that
// build one model at once leave one result.
package models
