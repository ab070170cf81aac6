"""Every column of every public table is described, for whoever reads the docs or a BI tool."""

from collections import Counter

import pytest
import yaml

from tests.support.project import PUBLIC_LAYERS
from tests.support.shops import Shop
from warehouse.manifest import Node, read_models
from warehouse.settings import PROJECT_ROOT

PRIVATE = ("raw_", "int_")


@pytest.fixture(scope="module")
def public(shop: Shop) -> dict[str, Node]:
    """The manifest's entries of marts to monitoring, and of staging but the raw relations.

    Without the monitoring checks, whose columns are those of monitoring_checks.
    """
    return {
        model.relation: model
        for model in read_models(shop.workspace.folder / "target" / "manifest.json")
        if model.schema in (*PUBLIC_LAYERS, "staging")
        and not model.name.startswith(PRIVATE)
        and "checks" not in model.meta
    }


def test_every_column_of_a_public_table_is_described(shop: Shop, public: dict[str, Node]) -> None:
    """A column of the warehouse without a description, or described but not there, is named."""
    columns = shop.workspace.rows(
        "select table_schema || '.' || table_name, column_name from information_schema.columns"
    )
    built = {(table, column) for table, column in columns if table in public}
    described = {
        (table, name)
        for table, model in public.items()
        for name, column in model.columns.items()
        if column.description.strip()
    }
    assert built - described == set()
    assert described - built == set()
    assert len(built) > 500


def test_every_public_table_says_what_a_row_is(public: dict[str, Node]) -> None:
    wrong = [name for name, model in public.items() if not model.description.startswith("One row")]
    assert wrong == []


def test_every_feature_has_words_of_its_own(public: dict[str, Node]) -> None:
    """Reasons are told in labels: one a feature, no two alike in a table."""
    for table in ("features.customer_features", "features.session_features"):
        metas = [column.meta for column in public[table].columns.values()]
        labels = [meta.get("label") for meta in metas if meta.get("role") == "feature"]
        assert all(labels)
        assert len(set(labels)) == len(labels) > 20


def test_a_text_of_several_tables_is_written_once() -> None:
    """Columns of one name that mean the same share a doc block; a few words may be repeated."""
    texts = Counter(
        (column["name"], column.get("description", "").strip())
        for path in (PROJECT_ROOT / "models").rglob("*.yml")
        for model in yaml.safe_load(path.read_text(encoding="utf-8")).get("models", [])
        for column in model.get("columns", [])
    )
    assert len(texts) > 200
    assert [
        text
        for text, columns in texts.items()
        if columns > 1 and len(text[1]) > 20 and not text[1].startswith("{{")
    ] == []
