"""Runs Apache Spark, deltalake and Polars for the proofs.

Requests come as JSON lines on standard input, answers go as JSON lines to standard output:

    {"do": "spark", "sql": ["...", "..."], "out": "/a/b.arrow"}    statements, in order
    {"do": "deltalake" | "polars", "table": "/a/t", "version": 3, "out": "/a/b.arrow"}
    {"do": "deltalake-append", "table": "/a/t", "rows": [{...}]}
    {"do": "deltalake-vacuum", "table": "/a/t"}                    what no version names goes at once
    {"do": "versions"}

    {"ok": true, "value": ...}        or        {"ok": false, "error": "..."}

The rows of the last statement ("select": some expressions over them), or of the table, are written to "out" as an Arrow stream: values
and types cross the border exactly. Spark starts with the first statement and serves all others.
The process ends with its standard input. Usage: peers.py JARS FOLDER
"""

import json
import os
import queue
import sys
import threading

import pyarrow as pa
import pyarrow.ipc


class Peers:
    def __init__(self, jars, folder):
        self.jars, self.folder, self.session = jars, folder, None

    def spark(self):
        if self.session is None:
            from pyspark.sql import SparkSession

            os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
            settings = {
                "spark.jars": self.jars,
                "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
                "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
                "spark.sql.warehouse.dir": os.path.join(self.folder, "warehouse"),
                "spark.local.dir": os.path.join(self.folder, "spark"),
                "spark.driver.bindAddress": "127.0.0.1",
                "spark.driver.host": "127.0.0.1",
                "spark.driver.memory": "2g",
                "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -Dderby.system.home=" + self.folder,
                "spark.ui.enabled": "false",
                "spark.ui.showConsoleProgress": "false",
                "spark.sql.session.timeZone": "UTC",
                "spark.sql.shuffle.partitions": "2",
                "spark.databricks.delta.snapshotPartitions": "2",
            }
            builder = SparkSession.builder.master("local[2]").appName("proof")
            for key, value in settings.items():
                builder = builder.config(key, value)
            self.session = builder.getOrCreate()
            self.session.sparkContext.setLogLevel("ERROR")
        return self.session

    def run(self, request):
        do = request["do"]
        if do == "spark":
            for statement in request["sql"]:
                rows = self.spark().sql(statement)
            if request.get("select"):
                rows = rows.selectExpr(*request["select"])
            if request.get("out"):
                # An error of the planner is thrown here; toArrow would wait for ever.
                rows._jdf.queryExecution().executedPlan()
                write(rows.toArrow(), request["out"])
        elif do == "deltalake":
            from deltalake import DeltaTable, QueryBuilder

            table = DeltaTable(request["table"], version=request.get("version"))
            rows = QueryBuilder().register("t", table).execute("select * from t").read_all()
            write(pa.table(rows), request["out"])
        elif do == "polars":
            import polars

            frame = polars.scan_delta(request["table"], version=request.get("version")).collect()
            write(frame.to_arrow(), request["out"])
        elif do == "deltalake-append":
            from deltalake import DeltaTable, write_deltalake

            schema = pa.schema(DeltaTable(request["table"]).schema().to_arrow())
            write_deltalake(request["table"], pa.Table.from_pylist(request["rows"], schema), mode="append")
        elif do == "deltalake-vacuum":
            from deltalake import DeltaTable

            table = DeltaTable(request["table"])
            return table.vacuum(retention_hours=0, dry_run=False, enforce_retention_duration=False)
        elif do == "versions":
            from importlib.metadata import version

            return {name: version(name) for name in ["pyspark", "deltalake", "polars"]}
        else:
            raise ValueError("no such thing to do: " + do)


def write(table, path):
    with pa.ipc.new_stream(path, table.schema) as stream:
        stream.write_table(table)


def listen(requests):
    for line in sys.stdin:
        requests.put(line)
    os._exit(0)  # whatever runs: nobody waits for it. The JVM ends when its standard input does


def main():
    # What the JVM and libraries print must not come between the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    requests = queue.Queue()
    threading.Thread(target=listen, args=(requests,), daemon=True).start()
    peers = Peers(*sys.argv[1:])
    while True:
        line = requests.get()
        try:
            answer = {"ok": True, "value": peers.run(json.loads(line))}
        except Exception as e:
            answer = {"ok": False, "error": "%s: %s" % (type(e).__name__, e)}
        print(json.dumps(answer), file=answers, flush=True)


main()
