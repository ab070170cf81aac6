"""The labelled rows of a task, and what is refused before anything is learned."""

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from ml.data.dataset import Dataset, NothingToLearnError, duplicate_groups, read_dataset
from tests.support.factory import execute
from tests.support.ml_factory import DATES, FEATURES, LABEL, RELATION, table, warehouse
from warehouse.connection import connect
from warehouse.errors import InputError


def read(path: Path) -> Dataset:
    """Read the one task of the one table."""
    found = table()
    with connect(path, read_only=True) as connection:
        return read_dataset(connection, found, found.tasks[0])


def test_rows_come_in_order_with_missing_values_as_nan(tmp_path: Path) -> None:
    """The order does not depend on how the table was written."""
    path = warehouse(tmp_path / "w.duckdb", rows=40, dates=DATES)
    straight = read(path)
    execute(path, f"create or replace table {RELATION} as from {RELATION} order by random()")
    shuffled = read(path)
    assert straight.matrix.dtype == np.float32
    assert straight.matrix.shape == (200, len(FEATURES))
    assert np.isnan(straight.matrix).any()
    assert (np.diff(straight.as_of).astype(int) >= 0).all()
    np.testing.assert_array_equal(straight.matrix, shuffled.matrix)
    np.testing.assert_array_equal(straight.entities, shuffled.entities)
    np.testing.assert_array_equal(straight.labels, shuffled.labels)


def test_rows_whose_label_is_not_known_yet_are_left_out(tmp_path: Path) -> None:
    """A null label is an outcome that has not happened, not a no."""
    path = warehouse(tmp_path / "w.duckdb", rows=40, dates=DATES)
    execute(path, f"update {RELATION} set {LABEL} = null where as_of_date = '{DATES[-1]}'")
    data = read(path)
    assert len(data.labels) == 160
    assert data.as_of.max() == np.datetime64(DATES[-2])


@pytest.mark.parametrize("kind", ["boolean", "integer", "varchar", "double"])
def test_labels_of_any_type_are_read_alike(tmp_path: Path, kind: str) -> None:
    """0, 1, true and false mean the same in every column type."""
    path = warehouse(tmp_path / "w.duckdb", rows=60)
    expected = read(path).labels
    execute(
        path,
        f"alter table {RELATION} alter {LABEL} type integer",
        f"alter table {RELATION} alter {LABEL} type {kind}",
    )
    np.testing.assert_array_equal(read(path).labels, expected)


def test_an_invalid_label_is_counted_and_named(tmp_path: Path) -> None:
    """A 5 among the labels is never quietly a yes."""
    path = warehouse(tmp_path / "w.duckdb", rows=60)
    execute(
        path,
        f"alter table {RELATION} alter {LABEL} type integer",
        f"update {RELATION} set {LABEL} = 5 where visitor_id in ('v00003', 'v00004')",
    )
    with pytest.raises(InputError, match=f"label {LABEL} is '5' in 2 rows"):
        read(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (f"update {RELATION} set {LABEL} = null", "no labelled row"),
        (f"delete from {RELATION}", "no labelled row"),
        (f"update {RELATION} set {LABEL} = true", "one class only.*true in all 60"),
    ],
)
def test_rows_without_anything_to_learn_have_their_own_error(
    tmp_path: Path, change: str, message: str
) -> None:
    """Nothing to learn yet is not the same as data that breaks its contract."""
    path = warehouse(tmp_path / "w.duckdb", rows=60)
    execute(path, change)
    with pytest.raises(NothingToLearnError, match=message):
        read(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (f"alter table {RELATION} alter {FEATURES[2]} type double", f"{FEATURES[2]} is DOUBLE"),
        (f"alter table {RELATION} drop {FEATURES[2]}", f"no column {FEATURES[2]}"),
        (f"alter table {RELATION} drop {LABEL}", f"no column {LABEL}"),
        (f"drop table {RELATION}", "run dbt build first"),
        (
            f"update {RELATION} set {FEATURES[1]} = '-inf' where visitor_id < 'v00003'",
            f"{FEATURES[1]} is infinite in 3 rows",
        ),
        (
            f"update {RELATION} set as_of_date = null where visitor_id < 'v00003'",
            "as_of_date is null in 3 rows",
        ),
    ],
)
def test_what_breaks_the_contract_is_named(tmp_path: Path, change: str, message: str) -> None:
    """One line names the column and the number of rows."""
    path = warehouse(tmp_path / "w.duckdb", rows=60)
    execute(path, change)
    with pytest.raises(InputError, match=message) as error:
        read(path)
    assert not isinstance(error.value, NothingToLearnError)


def test_columns_may_be_called_like_anything(tmp_path: Path) -> None:
    """A label column called label, and a table with an entity column, read as any other."""
    path = warehouse(tmp_path / "w.duckdb", rows=60, dates=(date(2025, 5, 1), date(2025, 4, 1)))
    expected = read(path)
    execute(path, f"alter table {RELATION} add column entity varchar default 'z'")
    execute(path, f"alter table {RELATION} add column as_of date default date '1999-01-01'")
    np.testing.assert_array_equal(read(path).matrix, expected.matrix)


@settings(deadline=None)
@given(
    arrays.arrays(
        np.float32,
        st.tuples(st.integers(1, 30), st.integers(1, 3)),
        elements=st.sampled_from([0.0, -0.0, 1.0, float("nan")]),
    )
)
def test_rows_share_a_group_exactly_when_their_features_are_the_same(
    matrix: np.ndarray[tuple[int, int], np.dtype[np.float32]],
) -> None:
    """Missing equals missing, and minus zero is zero."""
    groups = duplicate_groups(matrix)
    keys = [tuple("missing" if np.isnan(v) else float(v) + 0.0 for v in row) for row in matrix]
    for i, key in enumerate(keys):
        for j in range(i):
            assert (groups[i] == groups[j]) == (key == keys[j])
