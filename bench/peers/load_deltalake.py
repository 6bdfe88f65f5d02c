"""deltalake: one CSV file into a table, streamed through pyarrow. Arguments: csv, table."""
import sys

import pyarrow.csv as csv
from deltalake import write_deltalake

source, target = sys.argv[1:3]
write_deltalake(target, csv.open_csv(source))
