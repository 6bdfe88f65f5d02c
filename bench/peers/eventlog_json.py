"""Sums the tasks of an event log by stage, with json.loads on every line that is the end of a task."""

import json
import sys

sums = {}
with open(sys.argv[1], "rb") as f:
    for line in f:
        if not line.startswith(b'{"Event":"SparkListenerTaskEnd"'):
            continue
        e = json.loads(line)
        m, i = e.get("Task Metrics", {}), e["Task Info"]
        s = sums.setdefault((e["Stage ID"], e["Stage Attempt ID"]), [0] * 7)
        read, write = m.get("Shuffle Read Metrics", {}), m.get("Shuffle Write Metrics", {})
        s[0] += 1
        s[1] += i["Finish Time"] - i["Launch Time"]
        s[2] += m.get("Executor Run Time", 0)
        s[3] += m.get("JVM GC Time", 0)
        s[4] += m.get("Disk Bytes Spilled", 0)
        s[5] += read.get("Remote Bytes Read", 0) + read.get("Local Bytes Read", 0)
        s[6] += write.get("Shuffle Bytes Written", 0)
print(len(sums), sum(s[0] for s in sums.values()), sum(s[1] for s in sums.values()))
