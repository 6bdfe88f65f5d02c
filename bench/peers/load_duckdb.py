"""DuckDB: one CSV file into one Parquet file. Arguments: csv, parquet."""
import sys

import duckdb

source, target = sys.argv[1:3]
duckdb.execute(f"COPY (FROM read_csv('{source}')) TO '{target}' (FORMAT parquet)")
