"""score_batches: what a row scores depends on the row alone, and every row is answered."""

import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx.utils import Extractor

from scoring.bundle import INPUT, Bundle
from scoring.run.batches import OUTPUT_SCHEMA, feature_matrix, score_batches
from tests.support import factory
from warehouse.errors import InputError, IntegrityError


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """A model whose sums depend on their order: many trees, awkward numbers."""
    return factory.bundle(tmp_path_factory.mktemp("artifacts"), factory.onnx_model(trees=200))


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    """The additive model alone: a reference is one line of NumPy."""
    return factory.bundle(tmp_path_factory.mktemp("artifacts"))


def batch(
    columns: Sequence[Sequence[Any]], keys: Sequence[Any] | None = None, **more: pa.Array
) -> pa.RecordBatch:
    """A batch with FEATURES from `columns` (one sequence a feature)."""
    keys = [f"c{i}" for i in range(len(columns[0]))] if keys is None else keys
    named = {
        name: pa.array(values, pa.float32(), from_pandas=False)
        for name, values in zip(factory.FEATURES, columns, strict=True)
    }
    return pa.RecordBatch.from_pydict({"customer_id": pa.array(keys, pa.string()), **named, **more})


def score(bundle: Bundle, *batches: pa.RecordBatch, threads: int = 1) -> pa.Table:
    """All scored batches as one table."""
    return pa.Table.from_batches(score_batches(iter(batches), bundle, threads), OUTPUT_SCHEMA)


def random_batch(rows: int, seed: int = 0) -> pa.RecordBatch:
    """Values between 0 and 10, one in ten missing."""
    random = np.random.default_rng(seed)
    values = random.uniform(0, 10, (4, rows)).astype(np.float32)
    absent = random.uniform(size=(4, rows)) < 0.1
    columns = {name: pa.array(values[i], mask=absent[i]) for i, name in enumerate(factory.FEATURES)}
    keys = pa.array([f"c{i}" for i in range(rows)])
    return pa.RecordBatch.from_pydict({"customer_id": keys, **columns})


def test_scores_and_reasons_are_the_models(plain: Bundle) -> None:
    """Against NumPy: score, probability, the three largest contributions and their names."""
    rows = random_batch(500)
    found = score(plain, rows)
    values = np.array([rows.column(name).to_numpy(False) for name in factory.FEATURES]).T
    parts = np.nan_to_num(values) * np.array(factory.WEIGHTS, np.float32)
    score_wanted = parts.sum(axis=1) + factory.BIAS
    np.testing.assert_allclose(found["score"], score_wanted, atol=1e-5)
    np.testing.assert_allclose(found["probability"], 1 / (1 + np.exp(-score_wanted)), atol=1e-6)
    order = np.argsort(-abs(parts), axis=1, kind="stable")[:, :3]
    for rank in range(3):
        largest = np.take_along_axis(parts, order[:, [rank]], axis=1)[:, 0]
        np.testing.assert_allclose(found[f"contribution_{rank + 1}"], largest, atol=1e-6)
        named = np.array(factory.FEATURES)[order[:, rank]]
        clear = largest != 0
        assert (np.array(found[f"reason_{rank + 1}"].to_pylist())[clear] == named[clear]).all()
    assert found["entity_id"].to_pylist() == rows["customer_id"].to_pylist()
    assert found["unscorable"].null_count == 500


@settings(max_examples=40, deadline=None)
@given(
    cuts=st.lists(st.integers(0, 400), max_size=12),
    threads=st.integers(1, 3),
    seed=st.integers(0, 3),
)
def test_chunking_and_threads_do_not_change_a_bit(
    bundle: Bundle, cuts: list[int], threads: int, seed: int
) -> None:
    """Any way to cut the rows into batches, empty ones too, gives exactly the same answer."""
    rows = random_batch(400, seed)
    edges = [0, *sorted(cuts), 400]
    pieces = [rows.slice(a, b - a) for a, b in pairwise(edges)]
    assert score(bundle, *pieces, threads=threads).equals(score(bundle, rows))


def test_null_and_nan_are_missing(plain: Bundle) -> None:
    """Both score the same, and so does an entity about whom nothing is known."""
    nan, missing = float("nan"), None
    found = score(
        plain, batch([[nan, missing, nan], [1, 1, missing], [2, 2, nan], [3, 3, missing]])
    )
    scores = found["score"].to_pylist()
    assert scores[0] == scores[1]
    assert scores[2] == factory.BIAS
    assert found["unscorable"].null_count == 3


def test_what_cannot_be_scored_is_listed_with_the_reason(plain: Bundle) -> None:
    """Infinite features and missing keys give a reason and no scores; the others are scored."""
    infinite = float("inf")
    columns = [[1, infinite, 1, 1], [1, infinite, 1, 1], [1, 1, 1, -infinite], [1, 1, 1, 1]]
    found = score(plain, batch(columns, ["a", "b", None, "d"]))
    assert found["unscorable"].to_pylist() == [
        None,
        "feature order_count_90d is infinite",
        "entity key is null",
        "feature revenue_sum_90d is infinite",
    ]
    for name in OUTPUT_SCHEMA.names[1:-1]:
        assert [value is None for value in found[name].to_pylist()] == [False, True, True, True]
    assert found["entity_id"].to_pylist() == ["a", "b", None, "d"]


def test_extreme_but_finite_values_are_scored(plain: Bundle) -> None:
    """The largest and the smallest floats there are."""
    found = score(plain, batch([[3.4e38, -3.4e38], [1e-45, 0.0], [0, -0.0], [1, 1]]))
    assert found["probability"].to_pylist() == [1.0, 0.0]


def test_a_model_of_fewer_than_three_features_has_fewer_reasons(tmp_path: Path) -> None:
    """The places left have no name and contribute nothing."""
    model = factory.bundle(tmp_path, factory.onnx_model([1.0, -2.0]), factory.FEATURES[:2])
    found = score(model, batch([[1.0], [1.0], [1.0], [1.0]])).to_pylist()[0]
    assert (found["reason_1"], found["contribution_1"]) == (factory.FEATURES[1], -2.0)
    assert (found["reason_2"], found["contribution_2"]) == (factory.FEATURES[0], 1.0)
    assert (found["reason_3"], found["contribution_3"]) == (None, 0.0)


def test_a_model_without_reasons_has_the_same_scores(plain: Bundle, tmp_path: Path) -> None:
    """Its places for reasons are empty."""
    whole = onnx.load_from_string(plain.onnx)
    alone = Extractor(whole).extract_model([INPUT], ["probability", "score"])
    bare = factory.bundle(tmp_path, bytes(alone.SerializeToString()))
    rows = random_batch(100)
    found, wanted = score(bare, rows), score(plain, rows)
    reasons = [name for name in OUTPUT_SCHEMA.names if re.match("reason|contribution", name)]
    assert len(reasons) == 6
    assert found.drop_columns(reasons).equals(wanted.drop_columns(reasons))
    assert all(found[name].null_count == 100 for name in reasons)


def test_columns_are_found_by_name(plain: Bundle) -> None:
    """Their order in the batch does not matter, nor do other columns."""
    rows = random_batch(50)
    extra = rows.append_column("other", pa.nulls(50))
    names = extra.schema.names[::-1]
    assert score(plain, extra.select(names)).equals(score(plain, rows))


def test_a_missing_or_mistyped_column_is_named(plain: Bundle) -> None:
    """Nothing is guessed and nothing is cast."""
    rows = random_batch(5)
    with pytest.raises(InputError, match="no column revenue_sum_90d"):
        score(plain, rows.drop_columns(["revenue_sum_90d"]))
    with pytest.raises(InputError, match="no column customer_id"):
        score(plain, rows.drop_columns(["customer_id"]))
    index = rows.schema.get_field_index("revenue_sum_90d")
    doubles = rows.set_column(index, "revenue_sum_90d", rows.column(index).cast(pa.float64()))
    with pytest.raises(InputError, match="revenue_sum_90d of the batch is double"):
        score(plain, doubles)


@pytest.mark.parametrize("value", [1.5, -0.1])
def test_what_is_no_probability_is_refused(tmp_path: Path, value: float) -> None:
    """The entity is named; a row that cannot be scored anyway does not count."""
    model = factory.bundle(tmp_path, factory.onnx_model(broken=True))
    rest = [[0.0] * 3] * 3
    with pytest.raises(IntegrityError, match="entity c1"):
        score(model, batch([[0.5, value, value], *rest]))
    found = score(model, batch([[0.5, value, 1.0], *rest], ["a", None, "c"]))
    assert found["probability"].to_pylist() == [0.5, None, 1.0]


def test_the_matrix_has_the_features_in_order() -> None:
    """One row an entity, one column a feature, NaN where missing, and where it is infinite."""
    rows = batch([[1, None], [3, 4], [5, float("inf")], [7, 8]])
    matrix, infinite = feature_matrix(rows, factory.FEATURES)
    assert matrix.dtype == np.float32
    assert matrix.flags.c_contiguous
    np.testing.assert_array_equal(matrix[:2], [[1, 3, 5, 7], [np.nan, 4, np.inf, 8]])
    assert np.isnan(matrix[2:]).all()
    assert infinite.T.tolist() == [[False] * 4, [False, False, True, False]]


def test_batches_are_taken_as_they_are_needed(plain: Bundle) -> None:
    """An endless input gives its first scores at once: at most threads + 1 batches are waiting."""
    taken = []

    def endless() -> Any:
        while True:
            taken.append(1)
            yield random_batch(20)

    scored = score_batches(endless(), plain, threads=2)
    assert next(scored).num_rows == 20
    scored.close()
    assert len(taken) == 3
