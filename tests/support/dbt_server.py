"""dbt with its start paid once: a process that has parsed the project, and forks for each command.

Importing dbt and parsing the project take most of the time of a small command. The server does both
once; each command is a fork of it, with its own variables, environment and warehouse. What dbt does
after parsing is what the command line does. Commands that need another project, another target or a
fresh parse go to the command line itself.
"""

import json
import os
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
                assert process.stdin and process.stdout
                process.stdin.write(json.dumps(request) + "\n")
                process.stdin.flush()
                child = int(process.stdout.readline())
            code = Path(folder, "code")
            while _is_alive(child):  # its code comes before its end, which closes the warehouse
                time.sleep(0.02)
            text = Path(folder, "out").read_text(encoding="utf-8", errors="replace")
            return (int(code.read_text()) if code.exists() else -1), text

    def _started(self) -> "subprocess.Popen[str]":
        if self._process is None:
            self._process = subprocess.Popen(
                [sys.executable, "-m", __name__],
                cwd=PROJECT_ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
        return self._process


def _is_alive(pid: int) -> bool:
    """Whether the process works; one that has ended waits in /proc as a zombie to be reaped."""
    stat = Path(f"/proc/{pid}/stat")
    try:
        os.kill(pid, 0)
        return not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _serve() -> None:
    """Parse, then fork for each line of stdin; it ends with its client, who holds the other end."""
    from dbt.cli.main import dbtRunner

    requests = os.fdopen(os.dup(0), encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)  # what dbt prints while it parses is not an answer
    manifest: Any = None
    for line in requests:
        request = json.loads(line)
        if manifest is None:
            os.environ.update(request["environment"])
            with tempfile.TemporaryDirectory() as target:
                where = ["--target-path", target, "--log-level-file", "none", "--quiet"]
                manifest = dbtRunner().invoke(["--no-use-colors", "parse", *where]).result
        child = os.fork()
        if child:
            answers.write(f"{child}\n")
            answers.flush()
            while _reaped():
                pass
            continue
        _work(request, manifest)


def _reaped() -> bool:
    """Take leave of one child that has ended."""
    try:
        return os.waitpid(-1, os.WNOHANG)[0] != 0
    except ChildProcessError:
        return False


def _work(request: Mapping[str, Any], manifest: Any) -> None:
    """One command, in a process of its own; it never returns."""
    code = 2
    try:
        out = os.open(request["out"], os.O_WRONLY | os.O_CREAT, 0o600)
        os.dup2(out, 1)
        os.dup2(out, 2)
        os.environ.clear()
        os.environ.update(request["environment"])
        from dbt.adapters.factory import reset_adapters
        from dbt.cli.main import dbtRunner

        reset_adapters()
        done = dbtRunner(manifest=manifest).invoke(request["arguments"])
        if done.exception:
            print(done.exception)
        code = 0 if done.success else 2 if done.exception else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        given = Path(request["code"])
        given.with_suffix(".part").write_text(str(code))
        given.with_suffix(".part").rename(given)
        os._exit(0)


if __name__ == "__main__":
    _serve()
