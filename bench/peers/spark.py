"""A local Spark with Delta, as every Spark peer here uses it."""
import glob
import os

from pyspark.sql import SparkSession


def session():
    tools = os.path.join(os.path.dirname(__file__), "..", "..", ".tools")
    jars = ",".join(glob.glob(os.path.join(tools, "jars", "delta-*.jar")))
    return (
        SparkSession.builder.master("local[2]")
        .config("spark.jars", jars)
        .config("spark.driver.memory", "6g")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.shuffle.partitions", "8")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension")
        .config("spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog")
        .config("spark.log.level", "ERROR")
        .getOrCreate()
    )
