"""dbt with its start paid once: a process that has parsed the project, and forks for each command.

Importing dbt and parsing the project take most of the time of a small command. The server does both
once; each command is a fork of it, with its own variables, environment and warehouse. What dbt does
after parsing is what the command line does. Commands that need another project, another target or a
fresh parse go to the command line itself.
"""

import json
import os
import select
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

from warehouse.settings import PROJECT_ROOT

__all__ = ["DbtServer"]


class DbtServer:
    """The client's side: starts the process at the first command, and stops it with this one."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._lock = Lock()

    def run(self, arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[int, str]:
        """Run dbt with these arguments; returns its exit code and its output, stderr included."""
        with tempfile.TemporaryDirectory() as folder:
            request = {
                "arguments": list(arguments),
                "environment": dict(environment),
                "out": str(Path(folder, "out")),
                "code": str(Path(folder, "code")),
            }
            with self._lock:
                process = self._started()
                assert process.stdin
                process.stdin.write(json.dumps(request) + "\n")
                process.stdin.flush()
            code = Path(folder, "code")
            while not code.exists():
                assert process.poll() is None, "the process that runs dbt has ended"
                time.sleep(0.02)
            return int(code.read_text()), Path(folder, "out").read_text(errors="replace")

    def _started(self) -> "subprocess.Popen[str]":
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__],
                cwd=PROJECT_ROOT,
                stdin=subprocess.PIPE,
                text=True,
            )
        return self._process


def _serve() -> None:
    """Parse, then fork for each line of stdin; it ends when its client, who writes them, ends."""
    from dbt.cli.main import dbtRunner

    requests = os.fdopen(os.dup(0), encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    manifest: Any = None
    running: dict[int, Path] = {}
    while True:
        if not select.select([requests], [], [], 0.01 if running else None)[0]:
            _say_ended(running)
            continue
        line = requests.readline()
        if not line:
            return
        request = json.loads(line)
        if manifest is None:
            os.environ.update(request["environment"])
            with tempfile.TemporaryDirectory() as target:
                where = ["--target-path", target, "--log-level-file", "none", "--quiet"]
                manifest = dbtRunner().invoke(["--no-use-colors", "parse", *where]).result
        child = os.fork()
        if not child:
            _work(request, manifest)
        running[child] = Path(request["code"])


def _say_ended(running: dict[int, Path]) -> None:
    """Write the exit codes of those that have ended; only then have they closed the warehouse."""
    for child, code in list(running.items()):
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            del running[child]
            part = code.with_suffix(".part")
            part.write_text(str(os.waitstatus_to_exitcode(status)))
            part.rename(code)


def _work(request: Mapping[str, Any], manifest: Any) -> None:
    """One command, in a process of its own; it never returns."""
    code = 2
    try:
        out = os.open(request["out"], os.O_WRONLY | os.O_CREAT, 0o600)
        os.dup2(out, 1)
        os.dup2(out, 2)
        os.environ.clear()
        os.environ.update(request["environment"])
        from dbt.adapters.duckdb.connections import DuckDBConnectionManager
        from dbt.adapters.factory import reset_adapters
        from dbt.cli.main import dbtRunner

        reset_adapters()
        done = dbtRunner(manifest=manifest).invoke(request["arguments"])
        if done.exception:
            print(done.exception)
        DuckDBConnectionManager.close_all_connections()  # as at the end of dbt's own process
        code = 0 if done.success else 2 if done.exception else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    _serve()
