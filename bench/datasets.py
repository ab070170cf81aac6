"""The labelled rows of a benchmark, from a given warehouse or from one built for it."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from ml.data.dataset import Dataset, NothingToLearnError, read_dataset
from warehouse.connection import connect
from warehouse.errors import InputError, UsageError
from warehouse.feature_tables import load_feature_tables
from warehouse.settings import PROJECT_ROOT

__all__ = ["NAMES", "labelled_rows"]

NAMES = {
    "online_shoppers": "session_purchase",
    "online_retail": "customer_purchase_90d",
    "hillstrom": "customer_purchase_30d",
    "cdnow": "customer_purchase_30d",
    "sample": "customer_purchase_30d",
}
"""The data sets, and the task that is measured on each."""
CUSTOMERS, SEED = 2_000, 7


def labelled_rows(name: str, real: Path | None, task: str | None = None) -> Dataset:
    """The labelled rows of a task; by default the one that `NAMES` gives for the data set.

    They come from the warehouse NUMEROSITY_WAREHOUSE where that is set, with the manifest
    NUMEROSITY_MANIFEST. Otherwise dbt builds the raw files of `real` in a temporary folder; the
    sample shop is generated. Where the task has no labelled rows, another task's are returned.
    Raises UsageError (unknown name, no folder) or InputError (dbt failed, no labelled rows).
    """
    if name not in NAMES:
        raise UsageError(f"unknown data {name}: one of {', '.join(NAMES)}")
    wanted = task or NAMES[name]
    if given := os.environ.get("NUMEROSITY_WAREHOUSE"):
        manifest = os.environ.get("NUMEROSITY_MANIFEST", PROJECT_ROOT / "target" / "manifest.json")
        return _read(Path(given), Path(manifest), wanted)
    with _built(name, real) as folder:
        return _read(folder / "warehouse.duckdb", folder / "target" / "manifest.json", wanted)


@contextmanager
def _built(name: str, real: Path | None) -> Iterator[Path]:
    """A temporary folder with a warehouse built from that source alone."""
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        raw = folder / "raw" if name == "sample" else real
        if name == "sample":
            from ml.synthesize import synthesize

            synthesize(CUSTOMERS, SEED, folder / "raw")
        if raw is None or not (raw / name).is_dir():
            raise UsageError(f"no folder {name} in {raw}: give the raw folder with --real")
        names = {
            "NUMEROSITY_WAREHOUSE": str(folder / "warehouse.duckdb"),
            "NUMEROSITY_RAW": str(raw.resolve()),
            "DBT_PROFILES_DIR": str(PROJECT_ROOT / "profiles"),
        }
        done = subprocess.run(
            [
                *(
                    sys.executable,
                    "-m",
                    "dbt.cli.main",
                    "build",
                    "--target-path",
                    folder / "target",
                ),
                *("--vars", f"{{sources: [{name}]}}", "--select", "+path:models/features"),
                *("--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"),
            ],
            cwd=PROJECT_ROOT,
            env=os.environ | names,
            capture_output=True,
            text=True,
        )
        if done.returncode:
            last = "; ".join(done.stdout.strip().splitlines()[-3:])
            raise InputError(f"dbt could not build {name}: {last}")
        yield folder


def _read(warehouse: Path, manifest: Path, wanted: str) -> Dataset:
    pairs = [(table, task) for table in load_feature_tables(manifest) for task in table.tasks]
    pairs.sort(key=lambda pair: pair[1].name != wanted)
    with connect(warehouse, read_only=True) as connection:
        for table, task in pairs:
            try:
                return read_dataset(connection, table, task)
            except NothingToLearnError:
                continue
    raise InputError(f"{warehouse} has no labelled rows of any task")
