"""One champion for the report: figures with those of the baselines, charts and tables."""

from collections import defaultdict
from typing import Any

from ml.report import charts
from ml.report.read import Row
from ml.report.term_pictures import terms
from ml.report.words import count, plural
from warehouse.feature_tables import FeatureTable, Task

__all__ = ["model_page"]

SHOWN_FEATURES = 12
LEAST_IMPORTANCE = 0.0005
ENOUGH = 30
"""Customers; with fewer, the interval of a segment's rate is too wide to test a prediction."""
FIGURES = {
    "roc_auc": "AUC (ROC)",
    "average_precision": "average precision (PR AUC)",
    "gain_top_10pct": "buyers in the top 10 %",
    "log_loss": "log loss",
    "brier": "Brier score",
    "expected_calibration_error": "calibration error",
    "accuracy": "accuracy",
    "precision": "precision",
    "recall": "recall",
    "f1": "F1",
    "net_value": "net value per row",
}
LOWER_IS_BETTER = {"log_loss", "brier", "expected_calibration_error"}
CALIBRATION = {
    "calibration_slope": "slope (1 is right; below, too extreme)",
    "calibration_intercept": "intercept (0 is right; above, predicted too low)",
    "brier_reliability": "Brier: reliability (miscalibration)",
    "brier_resolution": "Brier: resolution (how well the model separates outcomes)",
    "brier_uncertainty": "Brier: uncertainty (of the outcome itself)",
}


def model_page(
    model: Row, facts: dict[str, list[Row]], spread: list[Row], table: FeatureTable, task: Task
) -> dict[str, Any]:
    """The values that the template needs for one champion."""
    labels = {feature.name: feature.label for feature in table.features}
    by_model: dict[str, dict[str, Row]] = defaultdict(dict)
    for row in facts["evaluations"]:
        by_model[row["candidate"]][row["metric"]] = row
    own = by_model.get(model["candidate"], {})
    curves: dict[str, list[Row]] = defaultdict(list)
    for point in facts["curves"]:
        curves[point["curve"]].append(point)
    page: dict[str, Any] = {
        **model,
        "task_name": task.name,
        "title": model["task_title"],
        "entity": table.entity,
        "entities": plural(table.entity),
        "horizon_days": task.horizon_days,
        "metrics": own,
        "others": _others(model["candidate"], by_model, labels),
        "figures": FIGURES,
        "lower_is_better": LOWER_IS_BETTER,
        "calibration": CALIBRATION,
        "confusion": {
            (row["is_buyer"], row["is_selected"]): row["rows"]
            for row in facts["confusion_matrices"]
        },
        "report": facts["classification_reports"],
        "importances": [
            {**row, "label": labels.get(row["feature"], row["feature"])}
            for row in facts["importances"][:SHOWN_FEATURES]
            if row["importance"] >= LEAST_IMPORTANCE
        ],
        "audits": _by_attribute(facts["audits"]),
        "reads": [each.label for each in table.features_for(task) if each.is_sensitive],
        "features": len(table.features_for(task)),
        "has_costs": task.states_costs,
        "charts": {},
        "segments": _segments(facts["segment_calibration"]),
        "terms": terms(facts["model_terms"], labels),
    }
    if own:
        page["charts"] = _charts(page, curves, spread)
    return page


def _others(own: str, by_model: dict[str, dict[str, Row]], labels: dict[str, str]) -> list[Any]:
    """Title and metrics of the other candidates, then of the baselines, in order of measurement."""
    return [
        (_title(name, labels), metrics)
        for name, metrics in by_model.items()
        if name != own and metrics
    ]


def _title(name: str, labels: dict[str, str]) -> str:
    if name.startswith("only_"):
        feature = name.removeprefix("only_")
        return f"{labels.get(feature, feature)} alone"
    return "base rate alone" if name == "base_rate" else name.replace("_", " ")


def _charts(page: dict[str, Any], curves: dict[str, list[Row]], spread: list[Row]) -> Any:
    metrics = {name: row["value"] for name, row in page["metrics"].items()}
    found: dict[str, Any] = {}
    top = metrics["gain_top_10pct"]
    if curves["lift"]:
        points = [{"x": 0.0, "y": 0.0}] + [
            {"x": point["x"], "y": min(1.0, point["x"] * point["y"])} for point in curves["lift"]
        ]
        found["gain"] = charts.gain(
            points, f"Gain curve: the likeliest 10 percent hold {top:.0%} of the buyers", 0.1, top
        )
    if curves["roc"]:
        found["roc"] = charts.roc(
            curves["roc"], f"ROC curve with an area of {metrics['roc_auc']:.3f}"
        )
    if curves["pr"]:
        found["pr"] = charts.precision_recall(
            curves["pr"],
            f"Precision-recall curve with an area of {metrics['average_precision']:.3f},"
            f" base rate {metrics['base_rate']:.3f}",
            metrics["base_rate"],
        )
    if curves["calibration"]:
        found["reliability"] = charts.reliability(
            [
                {**point, "low": point["y_low"], "high": point["y_high"]}
                for point in curves["calibration"]
            ],
            "Reliability diagram of ten equal groups, calibration error"
            f" {metrics['expected_calibration_error']:.3f}",
        )
    if spread:
        found["scores"] = charts.scores(
            spread,
            "Histogram of predicted probabilities, buyers and others stacked, with the threshold"
            f" at {metrics['threshold']:.2f}",
            metrics["threshold"],
        )
    if len(curves["learning"]) > 1:
        first, last = curves["learning"][0], curves["learning"][-1]
        found["learning"] = charts.learning(
            curves["learning"],
            f"Learning curve: average precision {first['y']:.3f} with {count(first['x'])} rows,"
            f" {last['y']:.3f} with {count(last['x'])}",
        )
        page["learning"] = (first, curves["learning"][-2], last)
    return found


def _segments(rows: list[Row]) -> dict[str, Any]:
    """The calibration of segments with enough customers; segments with the same rows count once."""
    enough = [
        {**row, "low": row["wilson_low"], "high": row["wilson_high"], "inside": row["is_inside"]}
        for row in rows
        if row["level_name"] != "everyone" and row["customers"] >= ENOUGH
    ]
    # a segment with one child has the same rows as the child: the deepest of them is shown
    enough = list(
        {(row["customers"], row["buyers"], row["predicted"]): row for row in enough}.values()
    )
    if not enough:
        return {}
    inside = sum(row["inside"] for row in enough)
    description = (
        f"Predicted against observed rate of {len(enough)} micro-segments;"
        f" {inside} predictions lie within the interval of the observed rate"
    )
    return {
        "number": len(enough),
        "inside": inside,
        "chart": charts.segment_calibration(enough, description),
        "outside": sorted(
            (row for row in enough if not row["inside"]),
            key=lambda row: (-row["customers"], row["segment_id"]),
        )[:6],
        "enough": ENOUGH,
    }


def _by_attribute(rows: list[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        found[row["attribute"]].append(row)
    return dict(found)
