"""Makes the event logs of this folder by running real Spark programs:

    .tools/venv/bin/python engine/spark/eventlog/testdata/make.py [NAME...]
    .tools/venv/bin/python engine/spark/eventlog/testdata/make.py --clean LOG NAME

The second cleans a plain log that something else wrote: connect is of `petalake spark start`, a `petalake sql`
and `petalake spark stop`; skew35 is of this program with pyspark 3.5.

Each program has one well-known flaw, or none. Logs are written uncompressed, freed of what belongs
to the machine (paths, class path, system properties), and then compressed by Spark's own codecs.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))


def session(name, master="local[2]", **conf):
    from pyspark.sql import SparkSession

    b = SparkSession.builder.appName(name).master(master)
    base = {
        "spark.ui.enabled": "false",
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": "file://" + os.environ["EVENTS"],
        "spark.eventLog.compress": "false",
        "spark.eventLog.rolling.enabled": "false",
        "spark.driver.memory": "1g",
        "spark.sql.warehouse.dir": os.environ["DATA"] + "/warehouse",
        "spark.driver.extraJavaOptions": "-Duser.name=spark",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
    }
    for k, v in {**base, **conf}.items():
        b = b.config(k, v)
    s = b.getOrCreate()
    s.sparkContext.setLogLevel("ERROR")
    return s


def good():
    """Nothing is wrong: balanced partitions of about a second each, no spill."""
    s = session("good", **{"spark.sql.shuffle.partitions": "4"})
    f = s.range(0, 24_000_000, 1, 4).selectExpr("id % 1000000 as customer", "(id * 7919) % 1000 as amount")
    s.sparkContext.setJobDescription("sales per customer")
    f.groupBy("customer").agg({"amount": "sum"}).selectExpr("sum(`sum(amount)`)").collect()
    s.stop()


def skew():
    """One key of a join has nearly all rows, and nobody splits it."""
    s = session("skew", **{
        "spark.sql.shuffle.partitions": "12", "spark.sql.autoBroadcastJoinThreshold": "-1",
        "spark.sql.adaptive.skewJoin.enabled": "false", "spark.sql.adaptive.coalescePartitions.enabled": "false",
    })
    orders = s.range(0, 6_000_000, 1, 4).selectExpr(
        "case when id % 20 = 0 then id % 5000 else 7 end as customer", "id as order_id", "repeat('x', 20) as note")
    customers = s.range(0, 5000, 1, 2).selectExpr("id as customer", "concat('name ', id) as name")
    s.sparkContext.setJobDescription("orders with their customers")
    orders.join(customers, "customer").selectExpr("max(sha2(concat(name, order_id, note), 512))").collect()
    s.stop()


def spill():
    """A sort in partitions that are far larger than the memory of a task."""
    s = session("spill", **{
        "spark.sql.shuffle.partitions": "2", "spark.memory.fraction": "0.08", "spark.sql.adaptive.enabled": "false"})
    rows = s.range(0, 3_000_000, 1, 2).selectExpr("id", "sha2(cast(id as string), 256) as digest")
    s.sparkContext.setJobDescription("sort by digest")
    rows.repartition(2).sortWithinPartitions("digest").selectExpr("max(digest)", "count(*)").write.format("noop").mode("overwrite").save()
    s.stop()


def files():
    """Hundreds of small files are written, and read in hundreds of tiny tasks."""
    s = session("files", **{"spark.sql.files.maxPartitionBytes": "8k", "spark.sql.files.openCostInBytes": "8k"})
    path = os.environ["DATA"] + "/small"
    s.sparkContext.setJobDescription("write small files")
    s.range(0, 200_000, 1, 2).selectExpr("id", "id % 300 as part").repartition(300, "part").write.mode("overwrite").option("maxRecordsPerFile", 500).parquet(path)
    s.sparkContext.setJobDescription("read small files")
    s.read.parquet(path).selectExpr("count(*)", "sum(part)").collect()
    s.stop()


def partitions():
    """A thousand shuffle partitions for a few thousand rows."""
    s = session("partitions", **{"spark.sql.shuffle.partitions": "1000", "spark.sql.adaptive.enabled": "false"})
    s.sparkContext.setJobDescription("count by day")
    s.range(0, 5000, 1, 2).selectExpr("id % 365 as day").groupBy("day").count().selectExpr("max(count)").collect()
    s.stop()


def retry():
    """The first attempt of some tasks fails."""
    s = session("retry", master="local[2,4]")

    def flaky(index, rows):
        from pyspark import TaskContext
        if index % 4 == 0 and TaskContext.get().attemptNumber() == 0:
            raise ValueError("the first attempt always fails")
        return rows

    s.sparkContext.setJobDescription("flaky count")
    s.sparkContext.parallelize(range(80_000), 8).mapPartitionsWithIndex(flaky).count()
    s.stop()


def idle():
    """Three executors, and nearly all work in one task or in the driver."""
    s = session("idle", master="local-cluster[3,1,640]", **{"spark.executor.memory": "512m"})
    s.sparkContext.setJobDescription("one partition")
    s.range(0, 60_000_000, 1, 1).selectExpr("max(hash(id, id + 1, id + 2))").collect()
    time.sleep(15)
    s.sparkContext.setJobDescription("after a pause")
    s.range(0, 1000, 1, 1).selectExpr("max(id)").collect()
    s.stop()


def lost():
    """An executor dies between the two sides of a shuffle."""
    import signal

    s = session("lost", master="local-cluster[2,1,640]", **{
        "spark.executor.memory": "512m", "spark.shuffle.io.maxRetries": "1", "spark.shuffle.io.retryWait": "1s",
        "spark.sql.adaptive.enabled": "false"})
    s.sparkContext.setJobDescription("shuffle that loses an executor")
    pairs = s.sparkContext.parallelize(range(200_000), 8).map(lambda i: (i % 100, i)).groupByKey(8)
    pairs.count()
    found = subprocess.run(["ps", "-eo", "pid,ppid,args"], capture_output=True, text=True).stdout.splitlines()
    mine = [l for l in found if "CoarseGrainedExecutorBackend" in l and s.sparkContext.applicationId in l]
    os.kill(int(mine[0].split()[0]), signal.SIGKILL)
    pairs.mapValues(len).map(lambda p: p[1]).sum()
    s.stop()


def rolled():
    """A log in parts."""
    s = session("rolled", **{"spark.eventLog.rolling.enabled": "true", "spark.eventLog.rolling.maxFileSize": "10m",
                             "spark.sql.shuffle.partitions": "1500", "spark.sql.adaptive.enabled": "false"})
    for i in range(3):
        s.sparkContext.setJobDescription(f"round {i + 1}")
        s.range(0, 5000, 1, 2).selectExpr("id % 365 as day").groupBy("day").count().selectExpr("max(count)").collect()
    s.stop()


PROGRAMS = [good, skew, spill, files, partitions, retry, idle, lost, rolled]
PRIVATE = re.compile(r"(file:)?(//)?/(work|root|tmp|home|usr|var)/[^\\\"\s,:;\[\]()]*")


def cleaned(line):
    """The line without what belongs to the machine it was written on."""
    e = json.loads(line)
    if e["Event"] == "SparkListenerEnvironmentUpdate":
        e["Classpath Entries"] = {}
        e["System Properties"] = {}
        e["Metrics Properties"] = {}
        e["JVM Information"] = {"Java Version": e["JVM Information"]["Java Version"]}
        e["Hadoop Properties"] = {}
    return PRIVATE.sub("/data", json.dumps(e, separators=(",", ":"), ensure_ascii=False))


def finish(events, name):
    """Moves the log of a program here, cleaned and compressed."""
    for entry in sorted(os.listdir(events)):
        source = os.path.join(events, entry)
        if os.path.isdir(source):
            target = os.path.join(HERE, "eventlog_v2_" + name)
            shutil.rmtree(target, ignore_errors=True)
            os.makedirs(target)
            for part in sorted(os.listdir(source)):
                if part.startswith("."):
                    continue
                if part.startswith("appstatus"):
                    open(os.path.join(target, "appstatus_" + name), "w").close()
                    continue
                number = part.split("_")[1]
                yield os.path.join(source, part), os.path.join(target, f"events_{number}_{name}.zstd"), "zstd"
        elif not entry.startswith("."):
            if name == "good":
                for codec in ["lz4", "snappy", "lzf"]:
                    yield source, os.path.join(HERE, f"codec.{codec}"), codec
            yield source, os.path.join(HERE, name + ".zstd"), "zstd"


def compress(pairs):
    from pyspark.sql import SparkSession

    s = SparkSession.builder.master("local[1]").config("spark.ui.enabled", "false").config("spark.driver.host", "127.0.0.1").config(
        "spark.io.compression.zstd.level", "19").getOrCreate()
    jvm = s.sparkContext._jvm
    codecs = jvm.org.apache.spark.io.CompressionCodec
    for source, target, codec in pairs:
        with open(source, encoding="utf-8") as f:
            text = "".join(cleaned(l) + "\n" for l in f)
        c = getattr(codecs, "createCodec")(s.sparkContext._jsc.sc().conf(), codec)
        out = c.compressedOutputStream(jvm.java.io.FileOutputStream(target))
        data = text.encode()
        for i in range(0, len(data), 1 << 20):
            out.write(data[i:i + (1 << 20)])
        out.close()
        print(f"{os.path.basename(target)}: {len(data)} bytes, {os.path.getsize(target)} compressed", flush=True)
    s.stop()


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "--run":
        dict((p.__name__, p) for p in PROGRAMS)[sys.argv[2]]()
        return
    if len(sys.argv) == 4 and sys.argv[1] == "--clean":
        compress([(sys.argv[2], os.path.join(HERE, sys.argv[3] + ".zstd"), "zstd")])
        return
    names = sys.argv[1:] or [p.__name__ for p in PROGRAMS]
    keep = os.environ.get("KEEP")  # a folder for the logs as Spark wrote them
    with tempfile.TemporaryDirectory() as scratch:
        pairs = []
        for name in names:
            events = os.path.join(keep or scratch, name)
            os.makedirs(events, exist_ok=True)
            print("running", name, flush=True)
            env = {**os.environ, "EVENTS": events, "DATA": os.path.join(scratch, "data"), "PYSPARK_PYTHON": sys.executable}
            subprocess.run([sys.executable, os.path.abspath(__file__), "--run", name], env=env, check=True)
            pairs += finish(events, name)
        compress(pairs)


main()
