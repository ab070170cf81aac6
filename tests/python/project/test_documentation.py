"""Every column of every public table is described, for whoever reads the docs or a BI tool."""

import pytest

from tests.support.project import PUBLIC_LAYERS
from tests.support.shops import Shop
from warehouse.manifest import Node, read_models

PRIVATE = ("raw_", "int_")
PRIVATE_ENDS = ("_checked", "_quarantined")


@pytest.fixture(scope="module")
def public(shop: Shop) -> dict[str, Node]:
    """The manifest's entries of marts to monitoring, and of the clean views of staging."""
    return {
        model.relation: model
        for model in read_models(shop.workspace.folder / "target" / "manifest.json")
        if model.schema in (*PUBLIC_LAYERS, "staging")
        and not model.name.startswith(PRIVATE)
        and not model.name.endswith(PRIVATE_ENDS)
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
