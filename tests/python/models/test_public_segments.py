"""Small segments stay private: attempts to recover them from what is public.

The attacker knows every segment there could be and how they nest, all public rows, and that counts
are not negative, and subtracts: across siblings, levels and outcomes at once.
"""

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from tests.support.shops import Shop
from tests.support.sql_macros import project_vars

K = project_vars()["k"]
OUTCOMES = ("has_purchase_7d", "has_purchase_30d")
COLUMNS = "segment_id, level, parent_segment_id, as_of_date, outcome, customers, buyers"


@pytest.fixture(scope="module")
def compiled(shop: Shop) -> str:
    """The SQL of public_micro_segment_counts, as it was run for the shop."""
    (path,) = (shop.workspace.folder / "target" / "compiled").rglob(
        "segments/public_micro_segment_counts.sql"
    )
    return Path(path).read_text(encoding="utf-8")


def published(compiled: str, leaves: list[tuple[str, int, int, int]]) -> tuple[pd.DataFrame, ...]:
    """All segments and the public ones of a shop with these leaves.

    A leaf is a path like "a/b/c/d", its customers, and its buyers within 7 and 30 days.
    """
    rows = []
    for path, customers, *bought in leaves:
        steps = path.split("/")
        ids = ["everyone", *("/".join(steps[: depth + 1]) for depth in range(len(steps)))]
        for level, segment in enumerate(ids):
            for outcome, buyers in zip(OUTCOMES, bought, strict=True):
                parent = ids[max(level - 1, 0)]
                rows.append((segment, level, parent, outcome, customers, buyers))
    names = ["segment_id", "level", "parent_segment_id", "outcome", "customers", "buyers"]
    counts = pd.DataFrame(rows, columns=names)
    counts = counts.groupby(names[:4], as_index=False)[["customers", "buyers"]].sum()
    counts = counts.assign(
        segment_name=counts["segment_id"],
        as_of_date=pd.Timestamp("2026-01-01").date(),
        customers_scored=0,
        buyers_scored=0,
        predicted_buyers=0.0,
    )
    with duckdb.connect() as connection:
        connection.sql("attach ':memory:' as warehouse")
        connection.sql("create schema warehouse.segments")
        connection.sql("create table warehouse.segments.micro_segment_counts as from counts")
        public = connection.sql(f"select {COLUMNS} from ({compiled})").df()
    return counts, public


def members(counts: pd.DataFrame, public: pd.DataFrame, row: pd.Series) -> np.ndarray:
    """Which finest segments a public row adds up, as 0 and 1."""
    finest = counts[counts["level"] == counts["level"].max()]["segment_id"].unique()
    if row["segment_id"] == "everyone":
        return np.ones(len(finest))

    def under(segment: str) -> np.ndarray:
        if segment == "everyone":
            return np.ones(len(finest), bool)
        return np.array([one == segment or one.startswith(f"{segment}/") for one in finest])

    if not row["segment_id"].endswith("/other"):
        return under(row["segment_id"]).astype(float)
    inside = under(row["parent_segment_id"])
    for sibling in public["segment_id"][public["parent_segment_id"] == row["parent_segment_id"]]:
        if sibling not in (row["segment_id"], "everyone"):
            inside &= ~under(sibling)
    return inside.astype(float)


def knowledge(counts: pd.DataFrame, public: pd.DataFrame) -> np.ndarray:
    """The public rows of all outcomes of one date, each as the finest segments it adds up."""
    known = []
    for outcome, rows in public.groupby("outcome"):
        known += [
            members(counts[counts["outcome"] == outcome], rows, row) for _, row in rows.iterrows()
        ]
    return np.array(known)


def assert_nothing_small_is_left_over(public: pd.DataFrame) -> None:
    """Parents are their public parts, whole, and no public row is small, all or nobody."""
    assert (public["customers"] >= K).all()
    assert ((public["buyers"] > 0) & (public["buyers"] < public["customers"])).all()
    keys = ["as_of_date", "outcome", "segment_id"]
    parts = public[public["level"] > 0].groupby(["as_of_date", "outcome", "parent_segment_id"])
    sums = parts[["customers", "buyers"]].sum()
    sums.index = sums.index.set_names(keys)
    whole = public.set_index(keys)[["customers", "buyers"]].loc[sums.index]
    pd.testing.assert_frame_equal(sums, whole, check_dtype=False)


def assert_no_small_segment_is_known(counts: pd.DataFrame, public: pd.DataFrame) -> None:
    """By linear programming, each small segment could have any number of customers up to k - 1."""
    finest = counts[counts["level"] == counts["level"].max()].drop_duplicates("segment_id")
    if not len(public):
        return
    rows = knowledge(counts, public)
    totals = pd.concat(part for _, part in public.groupby("outcome"))["customers"].to_numpy()
    one_outcome = counts[counts["outcome"] == OUTCOMES[0]]
    for segment in one_outcome[one_outcome["customers"] < K]["segment_id"]:
        wanted = finest["segment_id"].map(
            lambda one, s=segment: one == s or one.startswith(f"{s}/")
        )
        for sign, reaches in ((1, lambda low: low <= 0.5), (-1, lambda low: -low >= K - 1)):
            answer = linprog(sign * wanted.to_numpy(float), A_eq=rows, b_eq=totals)
            assert answer.status == 3 or reaches(answer.fun), segment  # 3: without bound


LEAVES = st.lists(
    st.tuples(
        st.tuples(
            st.sampled_from("ab"),
            st.sampled_from("cde"),
            st.sampled_from("fgh"),
            st.sampled_from("ij"),
        ).map("/".join),
        st.one_of(st.integers(1, 12), st.integers(1, 60)),
        st.integers(0, 60),
        st.integers(0, 60),
    ),
    min_size=1,
    max_size=24,
    unique_by=lambda leaf: leaf[0],
).map(lambda leaves: [(path, n, min(n, x, y), min(n, y)) for path, n, x, y in leaves])


@settings(
    max_examples=20,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(leaves=LEAVES)
def test_no_small_segment_of_any_hierarchy_is_recovered(
    compiled: str, leaves: list[tuple[str, int, int, int]]
) -> None:
    """Whatever the shop looks like, what is public leaves every small segment's number open."""
    counts, public = published(compiled, leaves)
    assert_nothing_small_is_left_over(public)
    assert_no_small_segment_is_known(counts, public)


def test_known_cases(compiled: str) -> None:
    """One small takes its smallest sibling with it; two of together ten do; all is as none."""
    shop = [
        ("a/c/f/i", 4, 1, 1),
        ("a/c/g/i", 20, 3, 5),
        ("a/c/h/i", 40, 9, 12),
        ("b/d/f/i", 6, 2, 2),
        ("b/d/g/i", 7, 1, 3),
        ("b/d/h/i", 50, 9, 9),
        ("b/e/f/i", 3, 1, 1),
        ("b/e/g/i", 9, 1, 1),
    ]
    _, public = published(compiled, shop)
    shown = public[(public["outcome"] == "has_purchase_30d") & (public["level"] == 3)]
    assert dict(zip(shown["segment_id"], shown["customers"], strict=True)) == {
        "a/c/h": 40,
        "a/c/other": 24,
        "b/d/h": 50,
        "b/d/other": 13,
    }


def test_a_segment_nobody_or_everybody_of_which_bought_is_merged(compiled: str) -> None:
    """Of one outcome only, where another says nothing certain of its members."""
    shop = [
        ("a/c/f/i", 20, 0, 4),
        ("a/c/g/i", 30, 5, 6),
        ("a/c/h/i", 40, 9, 12),
        ("b/c/f/i", 20, 2, 3),
    ]
    _, public = published(compiled, shop)
    level = public[(public["level"] == 3) & (public["parent_segment_id"] == "a/c")]
    by_outcome = {name: set(rows["segment_id"]) for name, rows in level.groupby("outcome")}
    assert by_outcome == {
        "has_purchase_7d": {"a/c/h", "a/c/other"},
        "has_purchase_30d": {"a/c/f", "a/c/g", "a/c/h"},
    }


def test_small_segments_of_the_shop_are_not_recovered(shop: Shop) -> None:
    """At each date, no small segment is a combination of public rows, of all outcomes together."""
    counts = shop.workspace.frame(f"select {COLUMNS} from segments.micro_segment_counts")
    public = shop.workspace.frame(f"select {COLUMNS} from segments.public_micro_segments")
    assert_nothing_small_is_left_over(public)
    newest = counts["as_of_date"].unique()
    for when in sorted(newest)[-4::3]:
        here = counts[counts["as_of_date"] == when]
        here = here[here["outcome"] == here["outcome"].min()]
        rows = public[public["as_of_date"] == when]
        assert len(rows) > 10
        names = here[here["level"] == here["level"].max()]["segment_id"].to_numpy(str)
        known = np.array(
            [
                members(here, part, row)
                for _, part in rows.groupby("outcome")
                for _, row in part.iterrows()
            ]
        )
        _, strength, basis = np.linalg.svd(known, full_matrices=False)
        basis = basis[strength > 1e-9]
        small = here[(here["customers"] < K) & (here["level"] > 0)]["segment_id"]
        assert len(small) > 100
        for segment in small:
            wanted = np.array(
                [one == segment or one.startswith(f"{segment}/") for one in names], float
            )
            left = wanted - basis.T @ (basis @ wanted)
            assert np.linalg.norm(left) > 1e-6, segment


def test_public_figures_are_of_public_counts_alone(shop: Shop) -> None:
    """The same segments and counts, and nothing of revenue."""
    public = shop.workspace.frame("select * from segments.public_micro_segments")
    counts = shop.workspace.frame(f"select {COLUMNS} from segments.public_micro_segment_counts")
    keys = ["as_of_date", "outcome", "segment_id"]
    names = COLUMNS.split(", ")
    pd.testing.assert_frame_equal(
        public[names].sort_values(keys, ignore_index=True),
        counts[names].sort_values(keys, ignore_index=True),
    )
    assert not [name for name in public if "revenue" in name]
    assert public["rolled_up_to"].isin(public["segment_id"]).all()
