"""The fingerprint of what was read: any other features are another one, any other order is not."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.run.feature_day import KEY_HASH, RowDigest

FEATURES = ("first", "second", "third")
Row = tuple[int, tuple[float, ...]]
rows = st.lists(
    st.tuples(
        st.integers(0, 2**64 - 1),
        st.tuples(*[st.floats(width=32, allow_nan=False)] * len(FEATURES)),
    ),
    min_size=2,
    max_size=20,
    unique_by=lambda row: row[0],
)


def digest(found: list[Row], at_once: int = 100) -> RowDigest:
    """What is known of the rows, read so many at once."""
    known = RowDigest(FEATURES, len(found))
    for start in range(0, len(found), at_once):
        some = found[start : start + at_once]
        values = np.array([row[1] for row in some], np.float32).T
        known.add(
            pa.RecordBatch.from_arrays(
                [
                    pa.array([str(row[0]) for row in some]),
                    *(pa.array(column) for column in np.ascontiguousarray(values)),
                    pa.array([row[0] for row in some], pa.uint64()),
                ],
                names=["key", *FEATURES, KEY_HASH],
            )
        )
    return known


@given(rows, st.randoms(use_true_random=False), st.integers(1, 20))
def test_order_and_batches_do_not_matter(found: list[Row], random: object, at_once: int) -> None:
    """Nor does it look like there were two rows of one key."""
    mixed = list(found)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    known = digest(found)
    assert digest(mixed, at_once).fingerprint == known.fingerprint
    assert not known.may_have_duplicates()


@given(rows, st.integers(0, len(FEATURES) - 1), st.floats(width=32, allow_nan=False))
def test_any_other_value_is_noticed(found: list[Row], feature: int, value: float) -> None:
    """Of one row, or two rows' values of a feature traded, or two features' of a row."""
    before = digest(found).fingerprint
    (key, first), (other, second), *rest = found

    def put(values: tuple[float, ...], at: int, new: float) -> tuple[float, ...]:
        return (*values[:at], new, *values[at + 1 :])

    changed = [(key, put(first, feature, value)), (other, second), *rest]
    traded = [
        (key, put(first, feature, second[feature])),
        (other, put(second, feature, first[feature])),
        *rest,
    ]
    turned = [(key, (*first[1:], first[0])), (other, second), *rest]
    for new in (changed, traded, turned):
        same = [np.array(row[1], np.float32).tobytes() for row in new] == [
            np.array(row[1], np.float32).tobytes() for row in found
        ]
        assert (digest(new).fingerprint == before) == same


@pytest.mark.parametrize("at_once", [1, 100])
def test_a_key_that_comes_twice_is_noticed(at_once: int) -> None:
    """In one batch or in two."""
    twice = [(7, (1.0, 2.0, 3.0)), (8, (1.0, 2.0, 3.0)), (7, (4.0, 5.0, 6.0))]
    assert digest(twice, at_once).may_have_duplicates()
