"""Commands on Spark with its start paid once: one process, one Java, one session for all of them.

Starting Java and warming it up take most of the time of a small command. The server runs each
command (dbt, `python -m scoring`, queries) in its own process, one after the other. What runs on a
cluster or is killed has a process of its own instead.
"""

import contextlib
import io
import json
import os
import subprocess
import sys
import traceback
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.support.spark_cluster import PYTHON
from warehouse.settings import PROJECT_ROOT

__all__ = ["SparkServer"]


class SparkServer:
    """The client's side; the process starts at the first command."""

    def __init__(self, log: Path) -> None:
        self._log = log
        self._process: subprocess.Popen[str] | None = None

    def run(
        self, command: Sequence[str], environment: Mapping[str, str], text: str = ""
    ) -> tuple[int, str]:
        """Run `dbt …` or `-m module …`; returns its exit code and its output, stderr included."""
        if self._process is None:
            with self._log.open("ab") as log:
                self._process = subprocess.Popen(
                    [str(PYTHON), "-m", __name__],
                    cwd=PROJECT_ROOT,
                    env=dict(environment),
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=log,
                    text=True,
                )
        assert self._process.stdin and self._process.stdout
        request = {"command": list(command), "environment": dict(environment), "text": text}
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, f"Spark's process has ended:\n{self._log.read_text()[-4000:]}"
        code, output = json.loads(answer)
        return code, output

    def stop(self) -> None:
        """End the process, which has the catalog open; the next command starts another."""
        if self._process is not None and self._process.stdin:
            self._process.stdin.close()
            self._process.wait()
        self._process = None


def _serve() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what Java prints is not an answer
    _keep_one_session()
    for line in sys.stdin:
        request = json.loads(line)
        os.environ.clear()
        os.environ.update(request["environment"])
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = _done(request["command"], request["text"])
        answers.write(json.dumps([code, err.getvalue() + out.getvalue()]) + "\n")
        answers.flush()


def _keep_one_session() -> None:
    """Let every command find the session of the first, and no command stop it."""
    from pyspark.sql import SparkSession

    import scoring.spark.session as ours

    connect = ours.connect
    SparkSession.stop = lambda self: None
    ours._wait_for = lambda catalog, timeout: None  # it is this process that has it open
    brought: list[Any] = []

    @contextlib.contextmanager
    def connect_once(settings: Any) -> Iterator[Any]:
        if not brought:
            brought.append(connect(settings))  # kept: what workers import is in its folder
            brought.append(brought[0].__enter__())
        with ours.translated():
            yield brought[1]

    ours.connect = connect_once


def _done(command: Sequence[str], text: str) -> int:
    """The exit code of a command."""
    try:
        if command[0] == "dbt":
            return _dbt(command[1:])
        if command[:2] == ["-m", "scoring"]:
            from scoring.cli import main

            return main(command[2:])
        if command[:2] == ["-m", "tests.support.ask_spark"]:
            from tests.support.ask_spark import answers

            print(answers(text))
            return 0
        raise ValueError(f"not a command of this server: {command}")
    except BaseException:
        traceback.print_exc()
        return 1


def _dbt(words: Sequence[str]) -> int:
    from dbt.adapters.factory import reset_adapters
    from dbt.cli.main import dbtRunner

    reset_adapters()
    done = dbtRunner().invoke(list(words))
    if done.exception:
        print(done.exception)
    return 0 if done.success else 2 if done.exception else 1


if __name__ == "__main__":
    _serve()
