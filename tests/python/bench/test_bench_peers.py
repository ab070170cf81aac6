"""The peers that our SQL is timed against come to the same features, so that their time counts."""

import datetime
import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.support.feature_peers import Comparison, compare, export_marts
from tests.support.project import Workspace
from tests.support.unknown import say_unknown
from warehouse.errors import InputError

DATES = [datetime.date(2025, 2, 27), datetime.date(2025, 10, 9)]


@pytest.fixture(scope="module")
def warehouse(canary: Workspace) -> Iterator[duckdb.DuckDBPyConnection]:
    """A shop that also has rows which no as-of date could know."""
    with duckdb.connect(str(canary.warehouse), read_only=True) as connection:
        yield connection


@pytest.fixture(scope="module")
def marts(warehouse: duckdb.DuckDBPyConnection, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its tables, as the peers read them."""
    folder = tmp_path_factory.mktemp("marts")
    export_marts(warehouse, folder)
    return folder


def features_by(library: str, marts: Path) -> Any:
    pytest.importorskip(library)
    return importlib.import_module(f"tests.support.features_{library}").customer_features(
        marts, DATES
    )


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_a_peer_computes_the_features_of_the_warehouse(
    warehouse: duckdb.DuckDBPyConnection, marts: Path, library: str
) -> None:
    frame = features_by(library, marts)
    result = compare(warehouse, frame)
    say_unknown(f"tests/support/features_{library}.py", result.unknown)
    table = warehouse.sql("from features.customer_features")
    assert list(frame.columns) == [name for name in table.columns if name in frame.columns]
    assert result.rows == len(frame) > 500
    assert (result.unmatched_rows, result.null_mismatches, result.text_mismatches) == (0, 0, 0)
    assert result.largest_difference <= 1e-5, result


def test_a_comparison_finds_every_kind_of_difference(
    warehouse: duckdb.DuckDBPyConnection, marts: Path
) -> None:
    frame = features_by("pandas", marts)
    others = compare(warehouse, frame).unknown
    unknown = int(frame["is_female"][1:].isna().sum())
    frame["is_female"] = frame["is_female"].fillna(1)
    frame["tenure_days"] *= 2
    frame.loc[:2, "favourite_category"] = "nothing"
    assert unknown > 0
    assert compare(warehouse, frame[1:]) == Comparison(
        rows=len(frame) - 1,
        unmatched_rows=1,
        null_mismatches=unknown,
        text_mismatches=2,
        largest_difference=0.5,
        column="tenure_days",
        unknown=others,
    )


def test_a_comparison_says_which_features_a_peer_does_not_compute(
    warehouse: duckdb.DuckDBPyConnection, marts: Path
) -> None:
    """One that only the peer has is an error: it was renamed, or is gone."""
    frame = features_by("pandas", marts)
    others = compare(warehouse, frame).unknown
    assert compare(warehouse, frame.drop(columns="age_years")).unknown == ("age_years", *others)
    with pytest.raises(InputError, match="has no age_in_years, which the peer computes"):
        compare(warehouse, frame.rename(columns={"age_years": "age_in_years"}))
