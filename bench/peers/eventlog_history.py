"""Lets Spark's history server load an event log, from its start until it answers with the stages."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

import pyspark

home = os.path.dirname(pyspark.__file__)
with open(sys.argv[1], "rb") as f:
    app = next(json.loads(line)["App ID"] for line in f if b"SparkListenerApplicationStart" in line[:60])
with socket.socket() as s:
    s.bind(("127.0.0.1", 0))
    port = s.getsockname()[1]
with tempfile.TemporaryDirectory() as logs:
    os.link(sys.argv[1], os.path.join(logs, app)) if os.stat(sys.argv[1]).st_dev == os.stat(logs).st_dev else shutil.copy(sys.argv[1], os.path.join(logs, app))
    server = subprocess.Popen(
        ["java", "-Xmx4g", "-cp", os.path.join(home, "jars", "*"), f"-Dspark.history.fs.logDirectory=file://{logs}", f"-Dspark.history.ui.port={port}",
         "-Dspark.history.fs.update.interval=1s", "--add-opens=java.base/java.nio=ALL-UNNAMED", "--add-opens=java.base/java.lang=ALL-UNNAMED",
         "org.apache.spark.deploy.history.HistoryServer"],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(6000):
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/applications/{app}/stages", timeout=600) as r:
                    print(len(json.load(r)), "stages")
                    break
            except (urllib.error.URLError, ConnectionError):
                if server.poll() is not None:
                    sys.exit("the history server ended")
                time.sleep(0.1)
        else:
            sys.exit("the history server did not answer")
    finally:
        server.kill()
