"""Keeps the classes that Spark loads in an archive of the JVM's, from which the Sparks of the tests start in a third of the time.

    python sparkclasses.py ARCHIVE JARS

Whoever starts Java with -XX:SharedArchiveFile=ARCHIVE uses it. JARS are those of Delta, with commas between. The archive is for
this Java and this folder of Spark: to others it is as if it were not there."""

import os
import signal
import sys
import tempfile

from pyspark import SparkContext
from pyspark.sql import SparkSession

archive, jars = sys.argv[1:]
signal.alarm(300)  # the tests do without it rather than wait
os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
os.environ["SPARK_TESTING"] = "1"  # any free port
os.environ["SPARK_SUBMIT_OPTS"] = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:ArchiveClassesAtExit=" + archive
with tempfile.TemporaryDirectory() as lake:
    builder = SparkSession.builder.remote("local[2]")
    for key, value in {
        "spark.jars": jars,
        "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
        "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.warehouse.dir": lake,
        "spark.sql.sources.default": "delta",
        "spark.sql.shuffle.partitions": "2",
        "spark.databricks.delta.snapshotPartitions": "2",
        "spark.ui.enabled": "false",
    }.items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    for statement in (
        "create table t as select id, id % 3 as part, cast(id as string) as s, date'2026-01-01' as day from range(100)",
        "insert into t select id + 100, 1, 'x', null from range(10)",
        "update t set s = 'y' where id < 10",
        "merge into t using (select 5L as id) u on t.id = u.id when matched then delete",
        "delete from t where id = 7",
        "select part, count(*), max(s), sum(id) from t where id > 3 group by part order by part",
        "select a.id, rank() over (partition by a.part order by b.s) as r from t a left join t b on a.id = b.id",
        "describe history t",
    ):
        spark.sql(statement).toArrow()
    java = SparkContext._gateway.proc
    spark.stop()
    java.stdin.close()  # Java ends, and writes the archive
    java.wait()
sys.exit(not os.path.exists(archive))
