"""pyspark's own Connect client: connect.py first|fetch ADDRESS TOKEN RUNS SQL prints seconds, one a line."""
import os
import sys
import time

from pyspark.sql import SparkSession

what, address, token, runs, sql = sys.argv[1:6]
os.environ["SPARK_CONNECT_AUTHENTICATE_TOKEN"] = token  # elsewhere it would ask for TLS
spark = SparkSession.builder.remote("sc://" + address.replace("127.0.0.1", "localhost")).getOrCreate()
spark.sql("SELECT 1").toArrow()
for _ in range(int(runs)):
    begin = time.perf_counter()
    rows = spark.sql(sql).toArrow()
    if what == "fetch" and rows.num_rows != 10_000_000:
        raise SystemExit(f"{rows.num_rows} rows came")
    print(time.perf_counter() - begin)
    del rows
spark.stop()
