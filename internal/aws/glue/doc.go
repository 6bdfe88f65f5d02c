// Package glue shows the tables of a lake in the AWS Glue Data Catalog, where Athena, Redshift and Spark
// find them by name.
//
// A schema of the lake is a database there, a table a table, with the columns that the log of the table
// has: those who read Delta read the log, and what else reads the catalog (Lake Formation, crawlers,
// people) sees the same. What the catalog has of ours is marked with the parameter petalake; what is
// somebody else's is left as it is, and told. Plan compares what should be there with what is, and Catalog
// does what it says.
package glue
