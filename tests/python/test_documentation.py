"""Every column of every public table is described, for whoever reads the docs or a BI tool."""

import json
from typing import Any

import pytest
from conftest import Shop
from project import PUBLIC_LAYERS

Nodes = dict[str, dict[str, Any]]

PRIVATE = ("raw_", "int_")


@pytest.fixture(scope="module")
def public(shop: Shop) -> Nodes:
    """The manifest's entries of marts to monitoring, and of staging but the raw relations."""
    manifest = json.loads((shop.house.folder / "target" / "manifest.json").read_bytes())
    return {
        f"{node['schema']}.{node['name']}": node
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
        and node["schema"] in (*PUBLIC_LAYERS, "staging")
        and not node["name"].startswith(PRIVATE)
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
