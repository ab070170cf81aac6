"""The ways that the scoring bench compares come to the same scores."""

from pathlib import Path

import numpy as np
import pytest

from bench.scoring import Figures, _cells
from bench.scoring_ways import WAYS, Place
from scoring.bundle import Bundle
from tests.support import factory


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """50 customers on the newest date, and one bundle."""
    path = factory.warehouse(tmp_path / "warehouse.duckdb")
    factory.execute(path, f"delete from {factory.RELATION} where as_of_date < '2026-05-01'")
    bundle: Bundle = factory.bundle(tmp_path, task="ours")
    bundle.folder.rename(tmp_path / "reasons")
    return Place(tmp_path, factory.FEATURES, rows=50, threads=2)


def test_ours_and_one_data_frame_score_the_same(place: Place) -> None:
    """Probability and reasons, row by row."""
    for name in ("ours, with reasons", "onnxruntime over one data frame"):
        WAYS[name].prepare(place)()
    WAYS["kernel alone, with reasons"].prepare(place)()
    found = factory.rows(
        place.warehouse,
        "select ours.probability, theirs.probability, ours.reason_1, theirs.reason_1"
        " from scoring.predictions ours"
        " inner join peer_scores theirs on ours.entity_id = theirs.customer_id",
    )
    assert len(found) == 50
    ours, theirs, *reasons = zip(*found, strict=True)
    np.testing.assert_allclose(ours, theirs, atol=1e-6)
    assert reasons[0] == reasons[1]


def test_figures_are_against_the_kernel() -> None:
    """How many times its CPU time a row takes, whatever number of rows each was given."""
    kernel = Figures(1_000, 1.0, 2.0, 1, 2)
    assert _cells(Figures(100, 0.2, 0.5, 1, 2), kernel) == ["100", "500", "200", "1", "2", "2.50"]
    assert _cells(None, kernel) == ["not installed"]
