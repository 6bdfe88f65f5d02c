// Package connectpb holds the messages and the service of Spark Connect, generated from the
// descriptors in pyspark's wheel by scripts/connect-proto.
package connectpb
