"""Spark: the 22 queries on Delta tables, twice each; prints the best of each as JSON.
Arguments: folder of tables, queries."""
import json
import os
import sys
import time

from spark import session

data, queries = sys.argv[1:3]
spark = session()
for table in "customer lineitem nation orders part partsupp region supplier".split():
    spark.read.format("delta").load(os.path.join(data, table)).createOrReplaceTempView(table)
times = {}
for n in range(1, 23):
    sql = open(f"{queries}/q{n:02d}.sql").read()
    best = None
    for _ in range(2):
        begin = time.perf_counter()
        spark.sql(sql).collect()
        taken = time.perf_counter() - begin
        best = taken if best is None else min(best, taken)
    times[n] = best
json.dump(times, sys.stdout)
spark.stop()
