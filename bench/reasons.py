"""`python -m bench reasons`: do our reasons name the same features as TreeSHAP?

Our reasons for boosted trees are path contributions: by how much each split on the row's path moves
the log-odds. TreeSHAP (Lundberg et al. 2020, doi.org/10.1038/s42256-019-0138-9) averages over all
orders of the features, and costs far more. Two figures are measured on held-out rows: how often the
strongest reason is the same feature, and how often ours is among TreeSHAP's first three. A pair
term of a glass box counts as the same when it contains the feature.
"""

import time
from typing import Any

import numpy as np
import numpy.typing as npt
from rich.table import Table

from bench.machine import machine
from ml.candidates import Candidate
from ml.candidates.glass_box import GlassBoxBoosting
from ml.candidates.gradient_boosting import GradientBoosting
from ml.data.arrays import Matrix
from ml.data.dataset import Dataset
from ml.evaluation.folds import protocol
from ml.training.settings_choice import choose
from warehouse.console import say, show
from warehouse.errors import UsageError

__all__ = ["reasons"]

Contributions = npt.NDArray[np.float64]
"""[rows, features or terms], log-odds."""


def reasons(data: Dataset, rows: int, seed: int = 0) -> dict[str, Any]:
    """Fit both boosted candidates and compare their reasons on at most `rows` held-out rows.

    Raises UsageError when shap is not installed.
    """
    plan = protocol(data, seed)
    learned = plan.final if plan.test is not None else plan.folds[0].train
    tested = plan.test if plan.test is not None else plan.folds[0].validate
    matrix = data.matrix[np.random.default_rng(seed).permutation(tested)[:rows]]
    found: list[dict[str, Any]] = []
    for candidate in (GradientBoosting(), GlassBoxBoosting()):
        say(f"{candidate.title}: fitting, explaining {len(matrix):,} rows")
        params = choose([candidate], data, plan, seed, lambda: None)[0].params
        model = candidate.fit(data.matrix[learned], data.labels[learned], params, seed)
        found.append({"model": candidate.title, **_agreement(candidate, model, matrix)})
    table = Table(title=f"{data.task.name}: reasons and TreeSHAP's, {len(matrix):,} held-out rows")
    for heading in (
        "model",
        "same first reason",
        "ours among their first three",
        "CPU s",
        "theirs",
    ):
        table.add_column(heading, justify="left" if heading == "model" else "right")
    for row in found:
        table.add_row(
            row["model"],
            f"{row['same_first']:.1%}",
            f"{row['among_three']:.1%}",
            f"{row['cpu_seconds']:.2f}",
            f"{row['treeshap_cpu_seconds']:.2f}",
        )
    show(table)
    return {**machine(), "task": data.task.name, "rows": len(matrix), "models": found}


def _agreement(candidate: Candidate, model: Any, matrix: Matrix) -> dict[str, float]:
    start = time.process_time()
    ours, _ = candidate.contributions(model, matrix)
    spent = time.process_time() - start
    start = time.process_time()
    theirs = _treeshap(model, matrix)
    theirs_spent = time.process_time() - start
    terms = candidate.terms(model, matrix.shape[1])
    first = np.abs(ours).argmax(axis=1)
    order = np.argsort(-np.abs(theirs), axis=1, kind="stable")[:, :3]
    named = np.array(
        [
            [feature in terms[term] for feature in top]
            for term, top in zip(first, order, strict=True)
        ]
    )
    return {
        "same_first": float(named[:, 0].mean()),
        "among_three": float(named.any(axis=1).mean()),
        "cpu_seconds": spent,
        "treeshap_cpu_seconds": theirs_spent,
    }


def _treeshap(model: Any, matrix: Matrix) -> Contributions:
    """TreeSHAP values of the candidate's scikit-learn models, path-dependent: [rows, features]."""
    try:
        import shap
    except ImportError as error:
        raise UsageError(f"{error.name} is not installed: pip install '.[bench]'") from None
    models = getattr(model, "models", [model])
    each = [shap.TreeExplainer(one).shap_values(matrix) for one in models]
    return np.asarray(np.mean(each, axis=0), dtype=np.float64)
