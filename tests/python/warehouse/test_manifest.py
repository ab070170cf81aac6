"""dbt's manifest: one reader, and one line where it cannot be read."""

from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from bench import plain
from scoring.forget.lineage import entity_keys
from scoring.publish.public_tables import public_tables
from scoring.run.champions import find_champions
from tests.support.factory import DDL
from tests.support.manifests import model, write_manifest
from warehouse.errors import InputError
from warehouse.feature_tables import load_feature_tables
from warehouse.manifest import read_manifest, read_models


def known_tasks(path: Path) -> object:
    """Scoring asks for them where a task has no champion."""
    with duckdb.connect() as connection:
        connection.execute(DDL)
        return find_champions(connection, path.parent, path, "a_task")


def built_again(path: Path) -> object:
    """The benchmark of the SQL without dbt."""
    with duckdb.connect() as connection:
        return plain.build(connection, path.parent)


READERS = (load_feature_tables, public_tables, entity_keys, known_tasks, built_again)
OTHER_FILES = (
    "",
    "{",
    "[]",
    "{}",
    '{"nodes": []}',
    '{"nodes": {"a": 1}}',
    '{"nodes": {"a": {"resource_type": "model"}}}',
)


@pytest.mark.parametrize("read", READERS)
def test_every_reader_says_the_same(read: Callable[[Path], object], tmp_path: Path) -> None:
    """Of a file that is missing, is cut off or is another JSON file: which, and what to run."""
    path = tmp_path / "manifest.json"
    with pytest.raises(InputError) as error:
        read(path)
    assert str(error.value) == f"no dbt manifest at {path}: run dbt build"
    for content in OTHER_FILES:
        path.write_text(content)
        with pytest.raises(InputError) as error:
            read(path)
        assert str(error.value) == f"{path} is not a dbt manifest: run dbt build again"


def test_meta_is_found_where_older_dbt_versions_put_it(tmp_path: Path) -> None:
    """Both `meta` and `config.meta` count, of a model and of its columns; the newer one wins."""
    entry = model("marts.orders", {"n": {"meta": {"role": "old", "unit": "days"}}}, meta={"a": 1})
    entry["meta"] = {"a": 0, "b": 2}
    entry["columns"]["n"]["config"] = {"meta": {"role": "new"}}
    (found,) = read_models(write_manifest(tmp_path / "manifest.json", entry))
    assert found.meta == {"a": 1, "b": 2}
    assert found.columns["n"].meta == {"role": "new", "unit": "days"}


def test_a_relation_is_called_by_its_alias(tmp_path: Path) -> None:
    """The name in the warehouse may be another than the model's; a test is not a model."""
    entry = model("marts.orders") | {"alias": "sales"}
    path = write_manifest(tmp_path / "manifest.json", entry, entry | {"resource_type": "test"})
    assert [found.relation for found in read_models(path)] == ["marts.sales"]
    assert [found.kind for found in read_manifest(path).values()] == ["model", "test"]
