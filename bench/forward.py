"""`python -m bench forward`: train on the earlier months, test on November and December.

online_shoppers has months but no dates. With shuffled folds, a model is tested on November after it
has learned from November; here it is not. The models choose their settings on the earlier months.
"""

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.table import Table
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline

from bench.machine import machine
from ml.candidates import CANDIDATES
from ml.candidates.base import threads_for
from ml.data.dataset import Dataset
from ml.evaluation.bootstrap import bootstrap_intervals
from ml.evaluation.folds import protocol
from ml.evaluation.metrics import measure
from ml.training.settings_choice import choose, predict
from warehouse.console import progress_bar, show
from warehouse.errors import InputError

__all__ = ["forward"]

MONTH = "month_number"
FIRST_MONTH = 11
"""The test rows are those of November and December."""


def forward(data: Dataset, seed: int = 0) -> dict[str, Any]:
    """AUC and average precision of our candidates and of a random forest, best AUC first.

    Raises InputError when the rows have no months, or all lie on one side of November.
    """
    if MONTH not in data.names:
        raise InputError(f"{data.task.name} has no {MONTH}: use --data online_shoppers")
    later = data.matrix[:, data.names.index(MONTH)] >= FIRST_MONTH
    if later.all() or not later.any():
        raise InputError(f"{data.task.name} has rows on one side of month {FIRST_MONTH} only")
    earlier, tested = _only(data, ~later), _only(data, later)
    plan = protocol(earlier, seed)
    models: dict[str, Any] = {}
    with progress_bar("learning from earlier months") as advance, threads_for(len(earlier.labels)):
        for number, candidate in enumerate(CANDIDATES):
            params = choose([candidate], earlier, plan, seed, lambda: None)[0].params
            fitted = candidate.fit(earlier.matrix, earlier.labels, params, seed)
            models[f"ours: {candidate.title}"] = predict(fitted, tested.matrix)
            advance(number + 1, len(CANDIDATES) + 1)
        forest = make_pipeline(
            SimpleImputer(strategy="median", keep_empty_features=True),
            RandomForestClassifier(random_state=seed),
        ).fit(earlier.matrix, earlier.labels)
        models["random forest"] = forest.predict_proba(tested.matrix)[:, 1]
        advance(len(CANDIDATES) + 1, len(CANDIDATES) + 1)
    found: list[dict[str, Any]] = []
    for name, probabilities in models.items():
        metrics = measure(tested.labels, probabilities, data.task.threshold)
        low, high = bootstrap_intervals(tested.labels, probabilities, seed)["roc_auc"]
        found.append(
            {
                "model": name,
                "roc_auc": metrics["roc_auc"],
                "roc_auc_low": low,
                "roc_auc_high": high,
                "average_precision": metrics["average_precision"],
            }
        )
    found.sort(key=lambda row: -row["roc_auc"])
    rows = {"learned_rows": len(earlier.labels), "judged_rows": len(tested.labels)}
    table = Table(
        title=f"{data.task.name}: {rows['learned_rows']:,} rows before November,"
        f" {rows['judged_rows']:,} from then on",
        title_justify="left",
    )
    for heading in ("model", "AUC", "95 % interval", "average precision"):
        table.add_column(heading, justify="left" if heading == "model" else "right")
    for row in found:
        table.add_row(
            row["model"],
            f"{row['roc_auc']:.4f}",
            f"{row['roc_auc_low']:.3f} to {row['roc_auc_high']:.3f}",
            f"{row['average_precision']:.3f}",
        )
    show(table)
    return {**machine(), **rows, "models": found}


def _only(data: Dataset, chosen: npt.NDArray[np.bool_]) -> Dataset:
    """The chosen rows."""
    return replace(
        data,
        matrix=data.matrix[chosen],
        labels=data.labels[chosen],
        entities=data.entities[chosen],
        as_of=data.as_of[chosen],
    )
