"""DuckDB: the 22 queries on Parquet files, three times each; prints the best of each as JSON.
Arguments: folder of <table>.parquet files or of <table>/ folders with Parquet files, queries."""
import glob
import json
import os
import sys
import time

import duckdb

data, queries = sys.argv[1:3]
db = duckdb.connect()
for path in sorted(os.listdir(data)):
    table, extension = os.path.splitext(path)
    if extension == ".parquet":
        db.execute(f"CREATE VIEW {table} AS FROM read_parquet('{data}/{path}')")
    elif glob.glob(f"{data}/{path}/*.parquet"):
        db.execute(f"CREATE VIEW {table} AS FROM read_parquet('{data}/{path}/*.parquet')")
times = {}
for n in range(1, 23):
    sql = open(f"{queries}/q{n:02d}.sql").read()
    best = None
    for _ in range(3):
        begin = time.perf_counter()
        db.execute(sql).fetch_arrow_table()
        taken = time.perf_counter() - begin
        best = taken if best is None else min(best, taken)
    times[n] = best
json.dump(times, sys.stdout)
