"""The same project on Apache Spark: its commands, its tables as DuckDB reads them, and its SQL."""

import json
import re
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import pytest

from tests.support.macro_files import macro_text
from tests.support.project import Done, Workspace
from tests.support.spark_cluster import PYTHON
from tests.support.spark_server import SparkServer
from warehouse.settings import PROJECT_ROOT

__all__ = ["Running", "SparkWorkspace", "differences", "dispatched", "needs_spark", "on_spark"]

SMALL = {
    # Compiling a plan costs more than running it on a few hundred rows.
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.default.parallelism": "2",
}
LOCAL = "local[2]"
OF_ITS_OWN = {"run_id", "scored_at", "raw_hash_sum", "accounted_hash_sum"}
"""Columns whose values are of one run or one engine."""
TOLERANCE = 1e-6


def _java() -> int:
    """The version of Java on the PATH; 0 where there is none."""
    if not shutil.which("java"):
        return 0
    said = subprocess.run(["java", "-version"], capture_output=True, text=True).stderr
    found = re.search(r'version "(\d+)', said)
    return int(found[1]) if found else 0


needs_spark = pytest.mark.skipif(
    _java() < 17 or not PYTHON.exists(),
    reason="Spark needs Java 17 on the PATH and .venv-spark (make spark-setup)",
)


@dataclass(frozen=True)
class Running:
    """A command that works while the test goes on; what it says is in files `out` and `err`."""

    process: subprocess.Popen[bytes]
    folder: Path

    def output(self) -> str:
        """What it has said so far; fails when it has ended: nothing more will come."""
        assert self.process.poll() is None, self._said()[-4000:]
        return self._said()

    def done(self) -> Done:
        """Wait for its end."""
        return Done(self.process.wait(), self._said())

    def _said(self) -> str:
        return (self.folder / "err").read_text() + (self.folder / "out").read_text()


@dataclass(frozen=True)
class SparkWorkspace:
    """A workspace whose tables Spark builds from the same raw files, with the same models."""

    workspace: Workspace
    master: str = LOCAL
    settings: Mapping[str, str] = field(default_factory=lambda: SMALL)
    server: SparkServer | None = None
    """Runs the commands; without it, or on a cluster, each is a process of its own."""

    @property
    def tables(self) -> Path:
        """The folder of tables."""
        return self.workspace.folder / "spark" / "tables"

    def on_cluster(self, master: str) -> "SparkWorkspace":
        """The same tables for commands on a cluster, which are processes of their own."""
        return replace(self, master=master)

    def environment(self) -> dict[str, str]:
        """The environment of a command that works here."""
        conf = self.workspace.folder / "spark-conf"
        conf.mkdir(exist_ok=True)
        settings = "".join(f"{name} {value}\n" for name, value in self.settings.items())
        (conf / "spark-defaults.conf").write_text(settings)
        return self.workspace.environment() | {
            "NUMEROSITY_SPARK_WAREHOUSE": str(self.workspace.folder / "spark"),
            "NUMEROSITY_SPARK_MASTER": self.master,
            "NUMEROSITY_SPARK_MEMORY": "3g",
            "NUMEROSITY_SPARK_PARTITIONS": "2",
            "PYSPARK_PYTHON": str(PYTHON),
            "PYTHONPATH": str(PROJECT_ROOT),
            "SPARK_CONF_DIR": str(conf),
            "SPARK_LOCAL_IP": "127.0.0.1",
        }

    def dbt(self, *arguments: str) -> Done:
        """Run dbt on the target `spark`."""
        words = self._dbt_words(*arguments)
        if self.server and self.master == LOCAL:
            return Done(*self.server.run(["dbt", *words], self.environment()))
        return self.start_dbt(*arguments).done()

    def start_dbt(self, *arguments: str) -> Running:
        """The same as a process of its own, and the test goes on."""
        return self._start([str(PYTHON.with_name("dbt")), *self._dbt_words(*arguments)])

    def _dbt_words(self, *arguments: str) -> list[str]:
        where = ["--target", "spark", "--target-path", str(self.workspace.folder / "target-spark")]
        return ["--no-use-colors", "--log-level-file", "none", *arguments, *where]

    def python(self, *arguments: str, text: str = "", **variables: str) -> Done:
        """Run Python of .venv-spark with `text` on stdin, and variables of its environment."""
        if self.server and self.master == LOCAL and not variables:
            return Done(*self.server.run(arguments, self.environment(), text))
        return self.start_python(*arguments, text=text, **variables).done()

    def start_python(self, *arguments: str, text: str = "", **variables: str) -> Running:
        """The same as a process of its own, and the test goes on."""
        return self._start([str(PYTHON), *arguments], text, variables)

    def _start(
        self, command: Sequence[str], text: str = "", variables: Mapping[str, str] | None = None
    ) -> Running:
        if self.server:
            self.server.stop()  # only one process may have the catalog open
        (self.workspace.folder / "spark").mkdir(exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=self.workspace.folder))
        (folder / "in").write_text(text)
        with (
            (folder / "in").open("rb") as stdin,
            (folder / "out").open("wb") as stdout,
            (folder / "err").open("wb") as stderr,
        ):
            process = subprocess.Popen(
                command,
                cwd=PROJECT_ROOT,
                env=self.environment() | dict(variables or {}),
                stdin=stdin,
                stdout=stdout,
                stderr=stderr,
            )
        return Running(process, folder)


def differences(workspace: SparkWorkspace, relations: Sequence[str]) -> dict[str, str]:
    """What differs between the engines in each of the relations `schema.name`; empty is right.

    Rows are matched by all that is no float, and in the order of their floats where that is alike.
    """
    with duckdb.connect(str(workspace.workspace.warehouse), read_only=True) as connection:
        found = {name: _difference(connection, workspace.tables, name) for name in relations}
    return {name: what for name, what in found.items() if what}


def _difference(connection: duckdb.DuckDBPyConnection, tables: Path, relation: str) -> str:
    schema, name = relation.split(".")
    types = dict(
        connection.execute(
            "select column_name, data_type from duckdb_columns()"
            " where schema_name = ? and table_name = ? order by column_index",
            [schema, name],
        ).fetchall()
    )
    types = {column: kind for column, kind in types.items() if column not in OF_ITS_OWN}
    folder = tables / f"{schema}.db" / name
    if not folder.is_dir():
        return "is not there"
    if not next(folder.rglob("*.parquet"), None):
        ((rows,),) = connection.execute(f"select count(*) from {relation}").fetchall()
        return f"has no row, {rows} in DuckDB" if rows else ""
    floats = [column for column, kind in types.items() if kind in ("DOUBLE", "FLOAT")]
    exact = [column for column in types if column not in floats]
    columns = ", ".join(f"cast({column} as {kind}) as {column}" for column, kind in types.items())
    order = f"partition by {', '.join(exact)} order by {', '.join(floats) or '1'}"
    numbered = f"select *, row_number() over ({order}) as nth from"
    is_partitioned = next(folder.rglob("*.parquet")).parent != folder
    files = f"read_parquet('{folder}/**/*.parquet', hive_partitioning = {is_partitioned})"
    same = " and ".join(f"here.{column} is not distinct from there.{column}" for column in exact)
    off = [
        f"coalesce(here.{column} <> there.{column} and not abs(here.{column} - there.{column})"
        f" <= {TOLERANCE} * greatest(1, abs(here.{column})),"
        f" (here.{column} is null) <> (there.{column} is null))"
        for column in floats
    ]
    query = (
        f"from ({numbered} (select {columns} from {relation})) as here"
        f" full join ({numbered} (select {columns} from {files})) as there"
        f" on here.nth = there.nth and {same or 'true'}"
    )
    counts = ", ".join(
        ["count(case when here.nth is null or there.nth is null then 1 end)"]
        + [f"count(case when {wrong} then 1 end)" for wrong in off]
    )
    (unmatched, *wrong), *_ = connection.execute(f"select {counts} {query}").fetchall()
    parts = [f"{count} of {column}" for column, count in zip(floats, wrong, strict=True) if count]
    if unmatched:
        example = connection.execute(
            f"select here, there {query} where here.nth is null or there.nth is null limit 2"
        ).fetchall()
        parts.append(f"{unmatched} rows of either have no counterpart, for example {example}")
    return "; ".join(parts)


def dispatched(engine: str, files: Sequence[str], call: str) -> str:
    """The SQL of a call of a macro of ours, as `engine` gets it; `files` are below macros/."""

    class Adapter:
        def dispatch(self, name: str, _: str) -> Any:
            own = getattr(module, f"{engine}__{name}", None)
            return own or getattr(module, f"default__{name}")

    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    environment.globals |= {"adapter": Adapter(), "return": lambda value: value}
    text = macro_text(*files)
    # The module has to be there before a macro of it asks the adapter.
    module: Any = environment.from_string(text).module
    return str(environment.from_string(text + f"{{{{ {call} }}}}").render()).strip()


def on_spark(workspace: SparkWorkspace, queries: Mapping[str, str]) -> dict[str, list[Any]]:
    """The first column of each query's rows, as text."""
    done = workspace.python("-m", "tests.support.ask_spark", text=json.dumps(queries)).succeeded()
    answer: dict[str, list[Any]] = json.loads(done.lines[-1])
    return answer
