"""Publishing: readers see whole versions only, whatever happens to whoever publishes."""

import json
import os
import resource
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from scoring.publish import Published, publish, restore
from scoring.publish.public_tables import PUBLIC
from scoring.publish.published_types import is_published
from tests.support import factory
from tests.support.manifests import model, write_manifest
from warehouse.errors import (
    InputError,
    IntegrityError,
    LockedError,
    UsageError,
)
from warehouse.settings import PROJECT_ROOT, Settings


@dataclass(frozen=True)
class Place:
    """A warehouse to publish from, and where to."""

    settings: Settings

    def publish(self, **how: Any) -> Published:
        """Publish."""
        return publish(self.settings, **how)

    def change(self, number: int) -> None:
        """Give every row of every public table another value."""
        factory.execute(
            self.settings.warehouse,
            *(
                f"create or replace table {table} as select i, {number} as n from range(500) r(i)"
                for table in ("marts.orders", "segments.sizes")
            ),
        )

    def served(self, query: str = "select distinct n from marts.orders") -> list[Any]:
        """What a new reader gets."""
        return factory.rows(self.settings.serving, query)

    def left_over(self) -> list[str]:
        """Files that belong to no version."""
        return [path.name for path in self.versions.glob(".*") if path.name != ".lock"]

    @property
    def versions(self) -> Path:
        """Where versions are kept."""
        return self.settings.serving.with_suffix("")


def described(relation: str, **config: Any) -> dict[str, Any]:
    """A model in dbt's manifest, with words that have quotes."""
    name = relation.split(".")[1]
    columns = {"n": {"description": 'The "number"; it\'s the same everywhere.'}}
    return model(relation, columns, **config) | {
        "description": f"One row per thing of {name}; it's all."
    }


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Two public tables with one number in all rows, and what is not public."""
    write_manifest(
        tmp_path / "manifest.json",
        described("marts.orders"),
        described("segments.sizes", materialized="incremental"),
        described("segments.small_cells", meta={"is_public": False}),
        described("marts.live", materialized="view"),
        described("features.customer_features"),
        described("features.shown", meta={"is_public": True}),
    )
    path = factory.warehouse(tmp_path / "warehouse.duckdb", rows=5)
    factory.execute(
        path,
        *(f"create schema {name}" for name in ("marts", "segments", "intermediate")),
        "create table segments.small_cells as select 1 as n",
        "create table features.shown as select 1 as n, 'r' || i as run_id from range(3) r(i)",
        "create view marts.live as from warehouse.segments.small_cells",
        "create view intermediate.orders as from warehouse.segments.small_cells",
    )
    found = Place(
        Settings(
            warehouse=path,
            serving=tmp_path / "serving.duckdb",
            manifest=tmp_path / "manifest.json",
            lock_timeout=0,
        )
    )
    found.change(1)
    return found


def test_what_is_public_is_served_and_nothing_else(place: Place) -> None:
    """As the YAML says: not the private tables, no views, no other schemas."""
    published = place.publish()
    assert published.status == "done"
    assert place.served(
        "select table_schema || '.' || table_name from information_schema.tables order by all"
    ) == [("features.shown",), ("main.publication",), ("marts.orders",), ("segments.sizes",)]
    assert published.rows == {"features.shown": 3, "marts.orders": 500, "segments.sizes": 500}
    assert place.served() == [(1,)]


def test_the_file_says_what_it_holds(place: Place) -> None:
    """Version, rows, checksum and scoring runs a table; descriptions are comments."""
    version = place.publish().version
    assert place.served("select distinct version from publication") == [(version,)]
    assert place.served("select table_name, row_count, run_ids from publication") == [
        ("shown", 3, "r0, r1, r2"),
        ("orders", 500, None),
        ("sizes", 500, None),
    ]
    ((checksum,),) = place.served(
        "select checksum from publication where table_name = 'orders'"
        " and published_at > timestamp '2026-01-01'"
    )
    (found,) = place.served("select sum(hash(t))::varchar from marts.orders t")
    assert found == (checksum,)
    assert place.served("select comment from duckdb_tables() where table_name = 'orders'") == [
        ("One row per thing of orders; it's all.",)
    ]
    assert place.served(
        "select comment from duckdb_columns() where table_name = 'orders' and column_name = 'n'"
    ) == [('The "number"; it\'s the same everywhere.',)]


def test_the_storage_is_that_of_duckdb_1(place: Place) -> None:
    """BI drivers are older than the DuckDB that wrote the file: its storage version is 64."""
    place.publish()
    header = place.settings.serving.read_bytes()[:20]
    assert header[8:12] == b"DUCK"
    assert int.from_bytes(header[12:20], "little") == 64
    assert not list(place.settings.serving.parent.glob("**/*.wal"))


def test_a_public_feature_table_has_doubles(place: Place) -> None:
    """Features are floats, which not every reader has; the values are the same."""
    factory.execute(
        place.settings.warehouse,
        "create or replace table features.shown as"
        " select 1::float / i as share, null::float as nothing from range(1, 4) r(i)",
    )
    first = place.publish()
    assert place.served("select distinct typeof(share), nothing from features.shown") == [
        ("DOUBLE", None)
    ]
    assert place.served("select share::float from features.shown order by all") == factory.rows(
        place.settings.warehouse, "select share from features.shown order by all"
    )
    assert place.publish().status == "already_done"
    assert restore(place.settings, first.version).status == "already_done"


@pytest.mark.parametrize(
    "value",
    [
        "sum(1)",
        "hash(1)",
        "1::decimal(19, 2)",
        "[1]",
        "{'a': 1}",
        "'2026-01-01'::timestamptz",
    ],
)
def test_a_type_that_not_every_reader_takes_is_not_published(place: Place, value: str) -> None:
    """The column is named, and what was served still is."""
    place.publish()
    factory.execute(
        place.settings.warehouse, f"create or replace table segments.sizes as select {value} as odd"
    )
    with pytest.raises(
        InputError, match=r"segments\.sizes is public, and its column odd is of type"
    ):
        place.publish()
    assert place.served() == [(1,)]


def test_every_public_contract_keeps_to_the_published_types() -> None:
    """As the YAML of the public layers says, to which dbt holds the tables."""
    found = {
        (model["name"], column["name"]): column["data_type"].upper().replace(" ", "")
        for layer in PUBLIC
        for path in (PROJECT_ROOT / "models" / layer).rglob("*.yml")
        for model in yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
        for column in model.get("columns", [])
    }
    assert {place: kind for place, kind in found.items() if not is_published(kind)} == {}
    assert "FLOAT" not in found.values()
    assert len(found) > 400


def test_publishing_the_same_again_does_nothing(place: Place) -> None:
    """A retry pushes no older version out; after a change there is a new one."""
    first, before = place.publish(), place.settings.serving.stat()
    again, after = place.publish(), place.settings.serving.stat()
    assert (again.status, again.version) == ("already_done", first.version)
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    place.change(2)
    assert place.publish().version > first.version
    assert place.served() == [(2,)]


def test_the_last_versions_are_kept_and_come_back(place: Place) -> None:
    """The one before, one by name; the one served is never removed."""
    versions = []
    for number in range(1, 6):
        place.change(number)
        versions.append(place.publish(keep=3, parquet=True).version)
    assert restore(place.settings).version == versions[3]
    assert place.served() == [(4,)]
    assert restore(place.settings).kept == versions[2:]
    assert place.served() == [(3,)]
    assert sorted(path.name for path in place.versions.glob("[!.]*")) == sorted(
        f"{version}.{kind}" for version in versions[2:] for kind in ("duckdb", "parquet")
    )
    with pytest.raises(UsageError, match=f"kept are {versions[2]}, "):
        restore(place.settings, versions[0])
    with pytest.raises(UsageError, match="no earlier version"):
        restore(place.settings)
    assert restore(place.settings, versions[4]).status == "done"
    assert place.served() == [(5,)]
    assert restore(place.settings, versions[4]).status == "already_done"
    restore(place.settings, versions[2])
    place.change(6)
    kept = place.publish(keep=1).kept
    assert len(kept) == 1
    assert place.served() == [(6,)]


def test_parquet_is_the_same_version(place: Place) -> None:
    """Once asked for it is kept in step, by publish and by restore."""
    parquet = place.settings.serving.with_suffix(".parquet")

    def number() -> int:
        return int(duckdb.sql(f"select max(n) from '{parquet}/*/*.parquet'").fetchall()[0][0])

    assert place.publish().parquet is None
    assert place.publish(parquet=True).parquet == parquet
    assert number() == 1
    place.change(2)
    place.publish()
    assert number() == 2
    restore(place.settings)
    assert number() == 1
    assert duckdb.sql(f"from '{parquet}/publication.parquet'").fetchall() == place.served(
        "from publication"
    )


@pytest.mark.parametrize("status", ["error", "fail", "runtime error"])
def test_a_failed_build_is_not_published(place: Place, status: str) -> None:
    """Unless somebody insists."""
    results = [
        {"unique_id": "model.numerosity.orders", "status": "success"},
        {"unique_id": "test.numerosity.not_null_orders.abc", "status": status},
        {"unique_id": "model.numerosity.sizes", "status": "skipped"},
    ]
    path = place.settings.manifest.with_name("run_results.json")
    path.write_text(json.dumps({"results": results}))
    with pytest.raises(InputError, match=r"run failed \(not_null_orders, see"):
        place.publish()
    assert not place.settings.serving.exists()
    assert place.publish(force=True).status == "done"


def test_what_is_missing_is_named(place: Place) -> None:
    """And what was served still is."""
    place.publish()
    factory.execute(place.settings.warehouse, "drop table segments.sizes")
    with pytest.raises(InputError, match=r"no table segments\.sizes: run dbt build"):
        place.publish()
    place.settings.manifest.unlink()
    with pytest.raises(InputError, match="no dbt manifest at"):
        place.publish()
    assert place.served() == [(1,)]
    with pytest.raises(UsageError, match=r"path that ends in \.duckdb"):
        publish(place.settings.model_copy(update={"serving": Path("/nowhere/serving")}))


def test_a_damaged_version_does_not_come_back(place: Place) -> None:
    """Every table is counted and summed before it is served."""
    first = place.publish().version
    place.change(2)
    place.publish()
    path = place.versions / f"{first}.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("update marts.orders set n = 7 where i = 3")
    with pytest.raises(IntegrityError, match=r"marts\.orders .* is not what was published"):
        restore(place.settings)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(IntegrityError, match="is not a published version"):
        restore(place.settings)
    assert place.served() == [(2,)]


def test_a_damaged_serving_file_is_replaced(place: Place) -> None:
    """The next publish heals what somebody broke."""
    place.publish()
    place.settings.serving.unlink()
    assert place.publish().status == "done"
    place.settings.serving.write_bytes(b"")
    assert place.publish().status == "done"
    assert place.served() == [(1,)]


def test_one_publishes_at_a_time(place: Place) -> None:
    """The second waits, and says for whom; so does one whose warehouse is being written."""
    place.publish()
    code = (
        "import sys, scoring.publish.versions as v, pathlib\n"
        f"with v.Versions(pathlib.Path({str(place.settings.serving)!r})).locked(0):\n"
        "    print('held', flush=True); input()"
    )
    with _holding(code), pytest.raises(LockedError, match="is still publishing to"):
        place.publish()
    code = f"import duckdb\nc = duckdb.connect({str(place.settings.warehouse)!r})\n"
    with _holding(code + "print('held', flush=True); input()"), pytest.raises(LockedError):
        place.publish()
    assert place.publish().status == "already_done"


class _holding:
    """A process that holds something until the end of the block."""

    def __init__(self, code: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=PROJECT_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> None:
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "held\n"

    def __exit__(self, *_: object) -> None:
        self.process.communicate("\n")


def test_an_open_reader_keeps_what_it_opened(place: Place) -> None:
    """It may go on for hours; who opens the file now gets the new version."""
    place.publish()
    code = f"""
import duckdb
connection = duckdb.connect({str(place.settings.serving)!r}, read_only=True)
def look():
    print(connection.sql("select max(n) from marts.orders").fetchall()[0][0], flush=True)
look(); input(); look(); input()
"""
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as reader:
        assert reader.stdout is not None
        assert reader.stdin is not None
        assert reader.stdout.readline() == "1\n"
        place.change(2)
        place.publish(keep=1)
        assert place.served() == [(2,)]
        reader.stdin.write("\n")
        reader.stdin.flush()
        assert reader.stdout.readline() == "1\n"
        reader.communicate("\n")


def test_a_reader_that_polls_sees_whole_versions_only(place: Place) -> None:
    """Over 100 publishes: every table has one and the same number, and the checksums are right.

    From the 80th on the Parquet files are read, too.
    """
    place.publish()
    code = f"""
import duckdb, os, select, sys, time
seen = set()
while not select.select([sys.stdin], [], [], 0)[0]:
    with duckdb.connect({str(place.settings.serving)!r}, read_only=True) as connection:
        found = connection.sql(
            "select min(n), max(n), count(*) from"
            " (select n from marts.orders union all select n from segments.sizes)").fetchall()[0]
        sums = connection.sql("select sum(hash(t))::varchar from marts.orders t union all"
            " select sum(hash(t))::varchar from segments.sizes t").fetchall()
        said = connection.sql("select checksum from publication where schema_name <> 'features'"
            " order by schema_name").fetchall()
    seen.add(found[0])
    time.sleep(0.02)
    assert found[0] == found[1] and found[2] == 1000 and sums == said, (found, sums, said)
    folder = os.path.realpath({str(place.settings.serving.with_suffix(".parquet"))!r})
    if not os.path.isdir(folder):
        continue
    files = duckdb.sql(f"select min(n), max(n), count(*) from"
        f" read_parquet(['{{folder}}/marts/orders.parquet', '{{folder}}/segments/sizes.parquet'])")
    numbers = files.fetchall()[0]
    assert numbers[0] == numbers[1] and numbers[2] == 1000, numbers
print(len(seen))
"""
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as reader:
        for number in range(2, 102):
            place.change(number)
            place.publish(parquet=number == 80)
        out, _ = reader.communicate("\n")
    assert reader.returncode == 0
    assert int(out) > 5
    assert place.served() == [(101,)]


def test_a_full_disk_leaves_what_was_served(place: Place) -> None:
    """One clear line, exit code 1, nothing half-written left; with room again it goes on."""
    place.publish()
    factory.execute(
        place.settings.warehouse,
        "create or replace table marts.orders as"
        " select i, 2 as n, md5(i::varchar) as filler from range(200000) r(i)",
    )
    environment = {
        f"NUMEROSITY_{name.upper()}": str(getattr(place.settings, name))
        for name in ("warehouse", "serving", "manifest")
    }
    done = subprocess.run(
        [sys.executable, "-m", "scoring", "publish", "--json-logs"],
        cwd=PROJECT_ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        preexec_fn=_little_room,
    )
    said = json.loads(done.stdout)
    assert (done.returncode, said["exit_code"]) == (1, 1)
    assert f"cannot write {place.settings.serving} (file too large)" in said["error"]
    assert len(done.stderr.splitlines()) == 1
    assert place.served() == [(1,)]
    assert not place.left_over()
    place.publish()
    assert place.served() == [(2,)]


def _little_room() -> None:
    """Files of this process end at 2 MB, as on a disk that has no more."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000))
