"""The Spark session of the dbt profile, statements in it, and translation of its errors."""

import fcntl
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog

import scoring
import warehouse
from warehouse.errors import (
    InputError,
    IntegrityError,
    LockedError,
    NumerosityError,
    StorageError,
    UsageError,
)
from warehouse.settings import PROJECT_ROOT, Settings

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["configuration", "connect", "distribute", "fetch", "literal", "translated"]

LONGEST_PAUSE = 0.5
"""Seconds between two attempts at a locked catalog."""
RAISED = re.compile(r"warehouse\.errors\.(\w+): (.+)")
"""One of our errors at the end of a worker's traceback."""

log = structlog.get_logger()


def configuration(settings: Settings) -> dict[str, str]:
    """The Spark settings of target `spark` in profiles.yml, with environment variables filled in.

    Raises UsageError when the profile has no such target.
    """
    import jinja2
    import yaml

    path = Path(os.environ.get("DBT_PROFILES_DIR") or PROJECT_ROOT / "profiles") / "profiles.yml"
    variables = os.environ | {"NUMEROSITY_SPARK_WAREHOUSE": str(settings.spark_warehouse)}
    try:
        target = yaml.safe_load(path.read_text())["numerosity"]["outputs"]["spark"]
    except (OSError, KeyError, TypeError, yaml.YAMLError):
        raise UsageError(
            f"{path} has no target spark in the profile numerosity: add it, see docs/scale.md"
        ) from None
    return {
        name: jinja2.Template(str(value)).render(env_var=variables.get)
        for name, value in target.get("server_side_parameters", {}).items()
    }


@contextmanager
def connect(settings: Settings) -> Iterator["SparkSession"]:
    """A Spark session with this package on its workers; it is stopped at the end of the block.

    Raises UsageError (pyspark, Java or the target is missing) or LockedError (another process
    holds the catalog), and in the block as `translated` does.
    """
    try:
        from pyspark.sql import SparkSession
    except ModuleNotFoundError:
        raise UsageError(
            "pyspark is not installed: run the command with .venv-spark/bin/python"
        ) from None
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        raise UsageError("no java on the PATH: install Java 17, which Spark needs")
    _wait_for(settings.spark_warehouse / "catalog", settings.lock_timeout)
    builder = SparkSession.builder.enableHiveSupport()
    for name, value in configuration(settings).items():
        builder = builder.config(name, value)
    spark = builder.getOrCreate()
    try:
        with tempfile.TemporaryDirectory() as folder, translated():
            spark.sparkContext.addPyFile(str(_packed(Path(folder))))
            yield spark
    finally:
        spark.stop()


def distribute(spark: "SparkSession", folder: Path) -> None:
    """Copy a local folder to every worker, where its path is `SparkFiles.get(folder.name)`.

    It is sent as an archive, because a cluster does not accept folders. The archive is kept until
    the session ends, because a worker that starts later fetches it as well.
    """
    from pyspark import SparkFiles

    archive = Path(SparkFiles.getRootDirectory()) / folder.name
    shutil.make_archive(str(archive), "zip", folder)
    spark.sparkContext.addArchive(f"{archive}.zip#{folder.name}")


@contextmanager
def translated() -> Iterator[None]:
    """Translate an error of Spark into one of ours, if it has one line to report.

    Raises the NumerosityError that a worker raised, or one for a known error of Spark (a missing
    table, a full disk); for another Java exception a RuntimeError with its first line.
    """
    try:
        yield
    except NumerosityError:
        raise
    except Exception as error:
        known: Exception | None = _known(str(error))
        log.debug("spark failed", exc_info=True)
        if known is None and hasattr(error, "java_exception"):
            known = RuntimeError(str(error.java_exception.toString()).splitlines()[0])
        if known is None:
            raise
        raise known from None


def fetch(spark: "SparkSession", statement: str) -> list[tuple[Any, ...]]:
    """Run one statement and return all its rows."""
    return [tuple(row) for row in spark.sql(statement).collect()]


def literal(text: object) -> str:
    """`text` as a string literal of Spark's SQL."""
    return "'" + str(text).replace("\\", "\\\\").replace("'", "\\'") + "'"


def _packed(folder: Path) -> Path:
    """A zip file of the packages that workers import: `scoring` and `warehouse`."""
    content = folder / "content"
    for package in (Path(scoring.__file__).parent, Path(warehouse.__file__).parent):
        shutil.copytree(
            package, content / package.name, ignore=shutil.ignore_patterns("__pycache__")
        )
    return Path(shutil.make_archive(str(folder / "packages"), "zip", content))


def _wait_for(catalog: Path, timeout: float) -> None:
    """Wait until no process holds the Derby catalog, which locks its file dbex.lck.

    Raises LockedError after `timeout` seconds.
    """
    deadline = time.monotonic() + timeout
    while _is_held(catalog / "dbex.lck"):
        if time.monotonic() >= deadline:
            raise LockedError(
                f"another process still holds the Spark catalog {catalog} after {timeout:g} s:"
                " close it, or wait longer with NUMEROSITY_LOCK_TIMEOUT"
            )
        time.sleep(LONGEST_PAUSE)


def _is_held(lock: Path) -> bool:
    with suppress(FileNotFoundError), lock.open("r+b") as file:
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def _known(message: str) -> NumerosityError | None:
    raised = RAISED.findall(message)
    if raised:
        kind, text = raised[-1]
        kinds = {kind.__name__: kind for kind in (InputError, IntegrityError, StorageError)}
        return kinds.get(kind, NumerosityError)(text.strip())
    if "TABLE_OR_VIEW_NOT_FOUND" in message:
        name = re.search(r"The table or view (\S+) cannot be found", message)
        table = name[1].replace("`", "") if name else "a table"
        return InputError(f"Spark has no table {table}: run dbt build --target spark first")
    if "No space left on device" in message:
        return StorageError("the disk is full, the scores are unchanged: free space and run again")
    return None
