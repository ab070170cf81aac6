"""Models on real files: as good as plain scikit-learn, and not better than plausible."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ml.candidates.glass_box import GlassBoxBoosting
from ml.candidates.gradient_boosting import GradientBoosting
from ml.candidates.logistic import Logistic
from ml.data.dataset import Dataset
from ml.evaluation.candidates import evaluate
from ml.evaluation.folds import protocol
from ml.export.onnx_graph import export
from ml.export.parity_gate import check_parity
from tests.support.ml_factory import dataset
from warehouse.settings import load_settings

MONTHS = ("Feb", "Mar", "May", "June", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def table(name: str) -> pd.DataFrame:
    """Read a real file; without it the test is skipped with the path."""
    path: Path = load_settings().real_data / name
    if not path.is_file():
        pytest.skip(f"no real data at {path}: set NUMEROSITY_REAL_DATA")
    return pd.read_csv(path).drop_duplicates()


def online_shoppers() -> Dataset:
    """12,205 web sessions, as their staging model gives them: codes as numbers."""
    sessions = table("online_shoppers/online_shoppers_intention.csv")
    visitor = sessions["VisitorType"]
    columns = [
        *(sessions[name] for name in sessions.columns[:10]),
        sessions["Month"].map({month: i for i, month in enumerate(MONTHS)}),
        *(sessions[name] for name in ("OperatingSystems", "Browser", "Region", "TrafficType")),
        visitor == "Returning_Visitor",
        visitor == "New_Visitor",
        sessions["Weekend"],
    ]
    matrix = np.column_stack(columns).astype(np.float32)
    return dataset(matrix, sessions["Revenue"].to_numpy().astype(np.uint8))


def social_network_ads() -> Dataset:
    """400 people: gender, age, salary."""
    people = table("social_network_ads/Social_Network_Ads.csv")
    columns = [people["Gender"] == "Male", people["Age"], people["EstimatedSalary"]]
    matrix = np.column_stack(columns).astype(np.float32)
    return dataset(matrix, people["Purchased"].to_numpy().astype(np.uint8))


def test_who_buys_in_a_web_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """As good as tuned boosting is known to be; far above that would be a leak."""
    monkeypatch.setattr(GradientBoosting, "grid", GradientBoosting.grid[3:5])  # to save time
    data = online_shoppers()
    assert data.matrix.shape == (12_205, 18)
    best, *_ = evaluate(data, protocol(data, folds=3), candidates=(GradientBoosting(),))
    assert 0.930 <= best.metrics["roc_auc"] <= 0.945
    assert 0.74 <= best.metrics["average_precision"] <= 0.78
    assert best.metrics["expected_calibration_error"] <= 0.01
    model = best.candidate.fit(data.matrix, data.labels, best.params, 0)
    parity = check_parity(export(best.candidate, model, 18), best.candidate, model, data.matrix)
    assert parity.max_probability_error <= 1e-5


def test_the_glass_box_is_nearly_as_good_as_an_unreadable_model() -> None:
    """Terms of at most two features lose about two thousandths of AUC, and stay calibrated."""
    data = online_shoppers()
    plan = protocol(data, folds=3)
    candidate = GlassBoxBoosting()
    candidate.grid = candidate.grid[-1:]  # type: ignore[misc]
    best, *_ = evaluate(data, plan, candidates=(candidate,))
    assert 0.930 <= best.metrics["roc_auc"] <= 0.945
    assert best.metrics["expected_calibration_error"] <= 0.02


def test_who_buys_out_of_four_hundred() -> None:
    """Few rows: small trees find what the classic forest finds, and more than a straight line."""
    data = social_network_ads()
    candidates = (Logistic(), GradientBoosting())
    found = evaluate(data, protocol(data, folds=5, repeats=1), candidates=candidates)
    assert [each.candidate.name for each in found] == ["gradient_boosting", "logistic"]
    assert 0.93 <= found[0].metrics["roc_auc"] <= 0.97
    assert 0.91 <= found[1].metrics["roc_auc"] <= 0.95
