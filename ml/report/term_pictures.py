"""Charts of a model that is a table of terms: what each feature adds to the score, by its value."""

from collections import defaultdict
from typing import Any

from ml.report import charts
from ml.report.read import Row

__all__ = ["terms"]

SHOWN = 12
DRAWN = 6


def terms(rows: list[Row], labels: dict[str, str]) -> dict[str, Any]:
    """The terms of a model and their charts, the strongest first; empty without terms."""
    cells: dict[int, list[Row]] = defaultdict(list)
    for row in rows:
        if row["feature_1"] is not None:
            cells[row["term"]].append(row)
    if not cells:
        return {}
    found = sorted(
        ((_strength(of_term), of_term) for of_term in cells.values()), key=lambda each: -each[0]
    )
    single = [(size, of_term) for size, of_term in found if of_term[0]["feature_2"] is None]
    return {
        "number": len(cells),
        "pairs": len(cells) - len(single),
        "all": [(_term_name(of_term[0], labels), size) for size, of_term in found[:SHOWN]],
        "drawn": [drawn for size, of_term in single[:DRAWN] if (drawn := _drawn(of_term, labels))],
    }


def _strength(cells: list[Row]) -> float:
    """The mean absolute contribution of the term over the training rows, in log-odds."""
    rows = sum(cell["rows"] or 0 for cell in cells) or 1
    return float(sum(abs(cell["contribution"]) * (cell["rows"] or 0) for cell in cells) / rows)


def _term_name(cell: Row, labels: dict[str, str]) -> str:
    both = [str(name) for name in (cell["feature_1"], cell["feature_2"]) if name]
    return " × ".join(labels.get(name, name) for name in both)


def _drawn(cells: list[Row], labels: dict[str, str]) -> dict[str, Any] | None:
    bands = sorted(
        (cell for cell in cells if not cell["is_missing_1"]), key=lambda cell: cell["bin_1"]
    )
    cuts = [cell["high_1"] for cell in bands if cell["high_1"] is not None]
    if not cuts:
        return None
    margin = (cuts[-1] - cuts[0]) / 10 or 1.0
    starts = [cuts[0] - margin, *cuts]
    values = [cell["contribution"] for cell in bands]
    steps = [{"x": x, "y": y} for x, y in zip(starts, values, strict=False)]
    steps.append({"x": cuts[-1] + margin, "y": values[-1]})
    name = _term_name(cells[0], labels)
    description = (
        f"What {name} adds to the score, from {min(values):+.2f} to {max(values):+.2f} log-odds"
    )
    unknown = next((cell["contribution"] for cell in cells if cell["is_missing_1"]), None)
    return {"name": name, "chart": charts.term(steps, description), "unknown": unknown}
