"""Run by the Python of .venv-spark: queries as JSON on stdin, their first columns on stdout."""

import json
import sys

import scoring.spark.session as session
from warehouse.settings import load_settings


def answers(text: str) -> str:
    """The first column of each query's rows, by the query's name."""
    queries = json.loads(text)
    with session.connect(load_settings()) as spark:
        found = {
            name: [row[0] for row in session.fetch(spark, query)] for name, query in queries.items()
        }
    return json.dumps(found, default=str)


if __name__ == "__main__":
    print(answers(sys.stdin.read()))
