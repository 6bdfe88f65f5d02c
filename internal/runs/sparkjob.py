"""Runs a PySpark program in which the tables of the lake have their names."""

import json
import linecache
import os
import runpy
import sys

from pyspark.sql import SparkSession

# On EMR this is one file, with the program in it.
bundle = None
if bundle:
    statements = bundle
else:
    here = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(here, "tables.json"), encoding="utf-8") as f:
        statements = json.load(f)
made = SparkSession.Builder.getOrCreate
known = set()


def name_tables(session):
    """Names the tables, once for each Spark."""
    context = session.sparkContext.applicationId
    if context in known:
        return
    known.add(context)
    for statement in statements["schemas"]:
        session.sql(statement)
    for statement in statements["tables"]:
        try:
            session.sql(statement)
        except Exception as e:  # a table that Spark cannot read must not stop a program that does not ask for it
            print(f"petalake: {statement}: {str(e).splitlines()[0]}", file=sys.stderr)
    session.sql("USE main")


def get_or_create(builder):
    session = made(builder)
    name_tables(session)
    return session


SparkSession.Builder.getOrCreate = get_or_create
if bundle:
    name, program = bundle["name"], bundle["program"]
    sys.argv[0] = name
    linecache.cache[name] = (len(program), None, program.splitlines(True), name)
    exec(compile(program, name, "exec"), {"__name__": "__main__", "__file__": name})
else:
    sys.argv = sys.argv[1:]
    sys.path[0] = os.path.dirname(sys.argv[0])
    runpy.run_path(sys.argv[0], run_name="__main__")
