"""deltalake: appends of one row by one writer, a checkpoint every 10. Arguments: table, commits.
Prints the seconds they took."""
import sys
import time

import pyarrow as pa
from deltalake import DeltaTable, write_deltalake

target, n = sys.argv[1], int(sys.argv[2])
configuration = {"delta.checkpointInterval": "10"}
write_deltalake(target, pa.table({"id": [0], "name": ["row"]}), configuration=configuration)
begin = time.perf_counter()
table = DeltaTable(target)
for i in range(n):
    write_deltalake(table, pa.table({"id": [i], "name": ["row"]}), mode="append")
print(time.perf_counter() - begin)
