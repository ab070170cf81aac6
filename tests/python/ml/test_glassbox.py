"""The glass box is the boosted model: nothing is lost on any row, and its terms are pure."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.candidates.glass_box import GlassBoxBoosting
from ml.export.trees import Tree, leaf_of
from ml.glassbox import GlassBox, Term, collapse, purify, rank_pairs, weighed_tree
from tests.support.ml_factory import sample

FEATURES = 4
EDGES = np.array([-np.inf, -1e30, -1.5, -0.0, 0.0, 1e-45, 0.1, 0.5, 2.0, 3e38, np.inf], np.float32)
SMALL = {"max_iter": 30, "max_leaf_nodes": 5, "min_samples_leaf": 5, "max_bins": 32}


def grown(rng: np.random.Generator, features: tuple[int, ...], depth: int) -> Tree:
    """A tree of random questions, of two features at most on a path, thresholds often shared."""
    nodes: list[list[float]] = []

    def grow(path: tuple[int, ...], left: int) -> int:
        at = len(nodes)
        nodes.append([-1, 0.0, 0, 0, 0, rng.normal()])
        if left and rng.random() < 0.8:
            may = path if len(path) == 2 else features
            feature = int(rng.choice(may))
            nodes[at][:3] = [feature, rng.choice(EDGES[1:]), rng.integers(2)]
            asked = tuple(sorted({*path, feature}))
            nodes[at][3] = grow(asked, left - 1)
            nodes[at][4] = grow(asked, left - 1)
        return at

    grow((), depth)
    feature, threshold, missing_left, left, right, value = map(np.array, zip(*nodes, strict=True))
    return Tree(
        feature=feature.astype(np.int64),
        threshold=threshold.astype(np.float32),
        missing_left=missing_left.astype(bool),
        left=left.astype(np.int64),
        right=right.astype(np.int64),
        value=value,
        count=np.ones(len(value)),
    )


def hard_rows(rng: np.random.Generator, rows: int) -> np.ndarray:
    """Values on thresholds, one float32 next to them, infinite, missing, both zeros."""
    near = [np.nextafter(EDGES, np.float32(way)) for way in (-np.inf, np.inf)]
    values = np.concatenate([EDGES, *near, np.array([np.nan, np.inf, -0.0, 0.0], np.float32)])
    return rng.choice(values, size=(rows, FEATURES)).astype(np.float32)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000), st.integers(1, 12), st.integers(0, 4), st.integers(1, 60))
def test_the_terms_sum_to_the_trees_on_every_row(
    seed: int, trees: int, depth: int, training: int
) -> None:
    """For any trees and rows, also for rows in cells without training rows."""
    rng = np.random.default_rng(seed)
    forest = [grown(rng, tuple(range(FEATURES)), depth) for _ in range(trees)]
    box = collapse(forest, bias=0.5, matrix=hard_rows(rng, training), scale=0.25)
    rows = hard_rows(rng, 300)
    wanted = 0.5 + 0.25 * sum(tree.value[leaf_of(tree, rows)] for tree in forest)
    np.testing.assert_allclose(box.bias + box.contributions(rows).sum(axis=1), wanted, atol=1e-9)
    features = [term.features for term in box.terms]
    assert len(set(features)) == len(features)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 10_000), st.integers(0, 4), st.integers(1, 60))
def test_one_tree_per_term_returns_the_values_of_the_grid(
    seed: int, depth: int, training: int
) -> None:
    """For one feature and for two; missing values and infinity differ."""
    rng = np.random.default_rng(seed)
    forest = [grown(rng, tuple(range(FEATURES)), depth) for _ in range(4)]
    box = collapse(forest, bias=0.0, matrix=hard_rows(rng, training))
    rows = hard_rows(rng, 300)
    for term in box.terms:
        tree = weighed_tree(term)
        assert not tree.missing_left.any()
        answered = tree.value[leaf_of(tree, rows)]
        np.testing.assert_array_equal(answered, term.contributions(rows).astype(np.float32))


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000), st.integers(2, 60))
def test_terms_are_centred_and_pairs_are_pure(seed: int, training: int) -> None:
    """Each row and column of a pair has mean 0; the mean belongs to the single features."""
    rng = np.random.default_rng(seed)
    forest = [grown(rng, (0, 1, 2), 3) for _ in range(5)]
    box = collapse(forest, bias=0.0, matrix=hard_rows(rng, training))
    for term in box.terms:
        assert term.rows.sum() == training
        assert np.average(term.values, weights=term.rows) == pytest.approx(0, abs=1e-9)
        for axis in range(len(term.features) if len(term.features) == 2 else 0):
            weight = term.rows.sum(axis=axis)
            means = (term.values * term.rows).sum(axis=axis)[weight > 0] / weight[weight > 0]
            np.testing.assert_allclose(means, 0, atol=1e-7)


def test_a_pair_that_is_only_a_sum_leaves_nothing_to_the_pair() -> None:
    """f(a) + g(b) as a grid over both becomes f and g, and no interaction remains."""
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(500, 2)).astype(np.float32)
    f, g = np.array([1.0, -2.0, 3.0]), np.array([0.5, 4.0, -1.0])
    edge = np.zeros(1, np.float32)
    pair = Term((0, 1), (edge, edge), f[:, None] + g[None, :], np.zeros((3, 3), np.int64))
    box = purify(GlassBox(0.0, [pair]), rows)
    alone = {term.features: term for term in box.terms}
    assert (0, 1) not in alone or np.abs(alone[0, 1].values).max() < 1e-9
    np.testing.assert_allclose(np.diff(alone[0,].values[:2]), -3.0, atol=1e-9)
    np.testing.assert_allclose(np.diff(alone[1,].values[:2]), 3.5, atol=1e-9)


def test_a_path_with_three_features_is_an_error() -> None:
    """The model would differ from the fitted one."""
    rng = np.random.default_rng(1)
    tree = grown(rng, (0, 1), 2)
    three = Tree(
        feature=np.array([0, 1, 2, -1, -1, -1, -1]),
        threshold=np.zeros(7, np.float32),
        missing_left=np.zeros(7, bool),
        left=np.array([1, 2, 3, 0, 0, 0, 0]),
        right=np.array([6, 5, 4, 0, 0, 0, 0]),
        value=np.ones(7),
        count=np.ones(7),
    )
    with pytest.raises(ValueError, match=r"\(0, 1, 2\): two are the most"):
        collapse([tree, three], 0.0, np.zeros((3, 3), np.float32))


@pytest.mark.parametrize("missing", [0.0, 0.3])
@pytest.mark.parametrize("bags", [1, 3])
def test_the_glass_box_is_what_scikit_learn_fitted(bags: int, missing: float) -> None:
    """A bag too: the mean of boosted models is one glass box."""
    X, y = sample(600, features=5, missing=missing)
    candidate = GlassBoxBoosting()
    model = candidate.fit(X, y, {**SMALL, "pairs": 3, "bags": bags}, seed=0)
    rows = np.vstack([X, np.full((1, 5), np.nan, np.float32), -X * 1e6])
    parts, bias = candidate.contributions(model, rows)
    np.testing.assert_allclose(bias + parts.sum(axis=1), model.decision_function(rows), atol=1e-9)
    pairs = [term for term in candidate.terms(model, 5) if len(term) == 2]
    assert 1 <= len(pairs) <= 3


def test_cells_where_most_rows_are_lie_near_the_root() -> None:
    """A cell with most of the rows needs few splits."""
    edges = np.arange(62, dtype=np.float32)
    rows = np.ones(64, np.int64)
    rows[40] = 10_000
    values = np.arange(64, dtype=np.float64)
    tree = weighed_tree(Term((0,), (edges,), values, rows))
    at, questions = 0, 0
    while not tree.is_leaf[at]:
        at = int((tree.left if tree.threshold[at] >= 40 else tree.right)[at])
        questions += 1
    assert tree.value[at] == 40 and questions <= 2


def test_the_pair_that_was_planted_is_ranked_first() -> None:
    """An exclusive-or of two of six features, which no single feature explains."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3_000, 6)).astype(np.float32)
    X[rng.random(X.shape) < 0.1] = np.nan
    crossed = (np.nan_to_num(X[:, 1]) > 0.2) != (np.nan_to_num(X[:, 4]) > -0.3)
    y = (rng.random(3_000) < np.where(crossed, 0.7, 0.3)).astype(np.uint8)
    ranked = rank_pairs(X, y, np.full(3_000, y.mean()))
    assert ranked[0] == (1, 4)
    assert len(ranked) == 15


def test_pairs_of_constant_or_empty_features_do_not_disturb() -> None:
    """They have one cell, and so no effect."""
    X, y = sample(200)
    X[:, 1], X[:, 2] = 7.0, np.nan
    assert rank_pairs(X, y, np.full(200, y.mean()))[0] == (0, 3)
