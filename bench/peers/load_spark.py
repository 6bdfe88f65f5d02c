"""Spark: one CSV file into a Delta table. Types are inferred as they are for the others.
Arguments: csv, table."""
import sys

from spark import session

source, target = sys.argv[1:3]
spark = session()
spark.read.csv(source, header=True, inferSchema=True).write.format("delta").save(target)
spark.stop()
