"""A project of a test's own: raw files, warehouse and models away from everyone else's."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd

from tests.support.dbt_server import DbtServer
from warehouse.settings import PROJECT_ROOT

__all__ = ["PUBLIC_LAYERS", "Done", "Workspace", "copy_of_project", "models_of", "real_data"]

PARTS = (
    *("models", "macros", "seeds", "tests/dbt", "docs", "warehouse/tables"),
    *("dbt_project.yml", "selectors.yml"),
)
"""What dbt reads of the project."""
PUBLIC_LAYERS = ("marts", "features", "segments", "predictions", "activation", "monitoring")


@dataclass(frozen=True)
class Done:
    """A finished command."""

    code: int
    output: str  # stdout, then stderr

    @property
    def lines(self) -> list[str]:
        """The lines of the output, without outer spaces."""
        return [line.strip() for line in self.output.splitlines()]

    def line_with(self, *parts: str) -> str:
        """The one line that holds all the given parts; fails when there is none."""
        found = [line for line in self.lines if all(part in line for part in parts)]
        end = "\n".join(self.output.splitlines()[-60:])
        assert found, f"no line with {parts} in:\n{end}"
        return found[0]

    def succeeded(self) -> "Done":
        """Itself; fails with the end of the output when the command did not exit with 0."""
        assert self.code == 0, "\n".join(self.output.splitlines()[-40:])
        return self


@dataclass(frozen=True)
class Workspace:
    """A warehouse with the raw folder it is built from, and whatever dbt and Python write."""

    folder: Path
    raw: Path

    @property
    def warehouse(self) -> Path:
        """The DuckDB file."""
        return self.folder / "warehouse.duckdb"

    def environment(self) -> dict[str, str]:
        """The environment of a command that works in this workspace."""
        ours = {name: value for name, value in os.environ.items() if not name.startswith("DBT_")}
        return ours | {
            "DBT_PROFILES_DIR": str(PROJECT_ROOT / "profiles"),
            "NUMEROSITY_RAW": str(self.raw),
            "NUMEROSITY_WAREHOUSE": str(self.warehouse),
            "NUMEROSITY_SERVING": str(self.folder / "serving.duckdb"),
            "NUMEROSITY_MANIFEST": str(self.folder / "target" / "manifest.json"),
            "NUMEROSITY_ARTIFACTS": str(self.folder / "artifacts"),
        }

    def dbt(self, *arguments: str, raw: Path | None = None, **variables: object) -> Done:
        """Run dbt, with another raw folder if one is given.

        As `dbt_command` does, but in a fork of a process that has parsed the project.
        """
        environment = Workspace(self.folder, raw or self.raw).environment()
        return Done(*_server().run(self._words(arguments, variables), environment))

    def dbt_command(self, *arguments: str, **variables: object) -> Done:
        """Run dbt's own command: another project's (--project-dir), or to see its start, too."""
        program = str(Path(sys.executable).with_name("dbt"))
        return self._run([program, *self._words(arguments, variables)])

    def _words(self, arguments: Sequence[str], variables: Mapping[str, object]) -> list[str]:
        where = ["--target-path", str(self.folder / "target"), "--log-level-file", "none"]
        given = ["--vars", json.dumps(variables)] if variables else []
        return ["--no-use-colors", *arguments, *where, *given]

    def python(self, module: str, *arguments: str) -> dict[str, Any]:
        """Run `python -m module`, which has to succeed; returns its last line's JSON object."""
        done = self._run([sys.executable, "-m", module, *arguments], merged=False).succeeded()
        answer: dict[str, Any] = json.loads(done.lines[-1])
        return answer

    def frame(self, query: str) -> pd.DataFrame:
        """The answer to a query of the warehouse."""
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return connection.sql(query).df()

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """The rows that answer a query of the warehouse."""
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return connection.sql(query).fetchall()

    def contents(self, *schemas: str) -> dict[str, str]:
        """Every table of the schemas, as a hash that no order of rows changes."""
        tables = self.rows(
            "select table_schema || '.' || table_name from information_schema.tables "
            f"where table_schema in {(*schemas, '')} and table_type = 'BASE TABLE' order by all"
        )
        return {
            name: str(self.rows(f"select count(*), sum(hash(t)::hugeint) from {name} as t"))
            for (name,) in tables
        }

    def _run(self, command: Sequence[str], merged: bool = True) -> Done:
        done = subprocess.run(
            command,
            cwd=PROJECT_ROOT,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if merged or done.returncode:
            return Done(done.returncode, done.stdout + done.stderr)
        return Done(done.returncode, done.stdout)


@cache
def _server() -> DbtServer:
    return DbtServer()


def copy_of_project(folder: Path) -> Path:
    """A copy of the dbt project, to add files to; what dbt calls `--project-dir`."""
    for part in PARTS:
        source, target = PROJECT_ROOT / part, folder / part
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
    return folder


def models_of(*layers: str) -> list[str]:
    """The tables of the layers, `layer.name`, as the files of models/ say."""
    return sorted(
        f"{layer}.{path.stem}"
        for layer in layers
        for path in (PROJECT_ROOT / "models" / layer).rglob("*.sql")
    )


def real_data() -> Path:
    """The folder of real data; whether it exists is for the caller to see."""
    given = os.environ.get("NUMEROSITY_REAL_DATA")
    return Path(given) if given else PROJECT_ROOT.parent / "shared" / "data"
