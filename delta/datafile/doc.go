// Package datafile writes and reads the Parquet files of a table.
//
// A data file holds the columns of the table's schema without its partition columns, whose value
// is the same in every row and belongs to the add action. Columns of type void are in no file.
// Rows are Arrow record batches. Adapt brings a batch into the form that a schema asks for: it is
// what Write does to rows before they are stored, and Read to rows that were stored under an older
// schema.
package datafile
