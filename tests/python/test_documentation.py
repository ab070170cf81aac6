"""Every column of every public table is described, for whoever reads the docs or a BI tool."""

import json
from collections import Counter
from typing import Any

import pytest
import yaml
from conftest import Shop
from project import PUBLIC_LAYERS

from scoring.settings import PROJECT_ROOT

Nodes = dict[str, dict[str, Any]]

PRIVATE = ("raw_", "int_")
PRIVATE_ENDS = ("_checked", "_quarantined")


@pytest.fixture(scope="module")
def public(shop: Shop) -> Nodes:
    """The manifest's entries of marts to monitoring, and of the clean views of staging.

    Without the monitoring checks, whose columns are those of monitoring_checks.
    """
    manifest = json.loads((shop.house.folder / "target" / "manifest.json").read_bytes())
    return {
        f"{node['schema']}.{node['name']}": node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
        and node["schema"] in (*PUBLIC_LAYERS, "staging")
        and not node["name"].startswith(PRIVATE)
        and not node["name"].endswith(PRIVATE_ENDS)
        and "checks" not in node["config"]["meta"]
    }


def test_every_column_of_a_public_table_is_described(shop: Shop, public: Nodes) -> None:
    """A column of the warehouse without a description, or described but not there, is named."""
    columns = shop.house.rows(
        "select table_schema || '.' || table_name, column_name from information_schema.columns"
    )
    built = {(table, column) for table, column in columns if table in public}
    described = {
        (table, column["name"])
        for table, node in public.items()
        for column in node["columns"].values()
        if column["description"].strip()
    }
    assert built - described == set()
    assert described - built == set()
    assert len(built) > 500


def test_every_public_table_says_what_a_row_is(public: Nodes) -> None:
    wrong = [name for name, node in public.items() if not node["description"].startswith("One row")]
    assert wrong == []


def test_every_feature_has_words_of_its_own(public: Nodes) -> None:
    """Reasons are told in labels: one a feature, no two alike in a table."""
    for table in ("features.customer_features", "features.session_features"):
        metas = [column["config"]["meta"] for column in public[table]["columns"].values()]
        labels = [meta.get("label") for meta in metas if meta.get("role") == "feature"]
        assert all(labels)
        assert len(set(labels)) == len(labels) > 20


def test_a_text_of_several_tables_is_written_once() -> None:
    """Columns of one name that mean the same share a doc block; a few words may be repeated."""
    texts = Counter(
        (column["name"], column.get("description", "").strip())
        for path in (PROJECT_ROOT / "models").rglob("*.yml")
        if path.parent.name != "features"
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", [])
        for column in model.get("columns", [])
    )
    assert len(texts) > 200
    assert [
        text
        for text, columns in texts.items()
        if columns > 1 and len(text[1]) > 20 and not text[1].startswith("{{")
    ] == []
