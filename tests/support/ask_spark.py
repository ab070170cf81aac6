"""Run by the Python of .venv-spark: queries as JSON on stdin, their first columns on stdout."""

import json
import sys

from scoring.spark.session import connect, fetch
from warehouse.settings import load_settings

if __name__ == "__main__":
    queries = json.load(sys.stdin)
    with connect(load_settings()) as spark:
        answers = {name: [row[0] for row in fetch(spark, query)] for name, query in queries.items()}
    print(json.dumps(answers, default=str))
