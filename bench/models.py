"""`python -m bench models`: how much faster the collapsed glass box is, in rows scored per second.

One fitted glass box is scored in four ways: our graph with and without reasons, skl2onnx's export
of the same model, and scikit-learn. All use the same rows and two threads, in turn. The best of
several rounds counts, since other work on the machine can only slow a round down.
"""

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import onnxruntime
from rich.table import Table
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType
from threadpoolctl import threadpool_limits

from bench.machine import machine
from ml.candidates.glass_box import FittedGlassBox, GlassBoxBoosting
from ml.data.arrays import Matrix
from ml.data.dataset import Dataset
from ml.export.onnx_graph import export, export_scores
from scoring.bundle import INPUT, OUTPUTS
from warehouse.console import progress_bar, show

__all__ = ["models"]

THREADS = 2
BATCH = 8_192
ROUNDS = 5

Work = Callable[[], Any]


def models(data: Dataset, rows: int, seed: int = 0) -> dict[str, Any]:
    """Fit a glass box to `data` and score `rows` rows, sampled with replacement, in four ways."""
    candidate = GlassBoxBoosting()
    fitted = candidate.fit(data.matrix, data.labels, candidate.grid[-1], seed)
    drawn = np.random.default_rng(seed).integers(len(data.matrix), size=rows)
    matrix = data.matrix[drawn]
    ways = _ways(candidate, fitted, matrix)
    best = _best_seconds(ways)
    per_second = {name: rows / seconds for name, (seconds, _) in best.items()}
    per_cpu = {name: rows / seconds for name, (_, seconds) in best.items()}
    reference = "skl2onnx + onnxruntime"
    table = Table(title=f"rows scored per second: {rows:,} rows, {len(fitted.box.terms)} terms")
    for heading in ("way", "rows / s", "times skl2onnx", "rows / CPU s", "times skl2onnx"):
        table.add_column(heading, justify="left" if heading == "way" else "right")
    for name in ways:
        table.add_row(
            name,
            f"{per_second[name]:,.0f}",
            f"{per_second[name] / per_second[reference]:.1f}",
            f"{per_cpu[name]:,.0f}",
            f"{per_cpu[name] / per_cpu[reference]:.1f}",
        )
    show(table)
    return {
        **machine(),
        "rows": rows,
        "features": matrix.shape[1],
        "trees": sum(len(each._predictors) for each in fitted.models),
        "terms": len(fitted.box.terms),
        "cells": sum(term.values.size for term in fitted.box.terms),
        "agreement": _agreement(candidate, fitted, matrix[:20_000]),
        "rows_per_second": per_second,
        "rows_per_cpu_second": per_cpu,
        "threads": THREADS,
    }


def _ways(
    candidate: GlassBoxBoosting, fitted: FittedGlassBox, matrix: Matrix
) -> Mapping[str, Work]:
    features = matrix.shape[1]
    (model,) = fitted.models
    theirs = convert_sklearn(
        model,
        initial_types=[("X", FloatTensorType([None, features]))],
        options={id(model): {"zipmap": False}},
        target_opset=17,
    ).SerializeToString()
    return {
        "collapsed, score only": _onnx(
            export_scores(fitted.box, features), ["probability"], INPUT, matrix
        ),
        "collapsed, with reasons": _onnx(
            export(candidate, fitted, features), list(OUTPUTS), INPUT, matrix
        ),
        "skl2onnx + onnxruntime": _onnx(theirs, ["probabilities"], "X", matrix),
        "scikit-learn": lambda: model.predict_proba(matrix),
    }


def _onnx(graph: bytes, outputs: list[str], source: str, matrix: Matrix) -> Work:
    """Score batches in `THREADS` workers, each with one onnxruntime thread: the fastest setup."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    batches = [matrix[start : start + BATCH] for start in range(0, len(matrix), BATCH)]

    def work() -> None:
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(lambda batch: session.run(outputs, {source: batch}), batches))

    return work


def _best_seconds(ways: Mapping[str, Work]) -> dict[str, tuple[float, float]]:
    """The lowest wall-clock and CPU seconds of each way, over all rounds."""
    best = dict.fromkeys(ways, (np.inf, np.inf))
    with threadpool_limits(THREADS), progress_bar("scoring") as advance:
        for number in range(ROUNDS):
            for place, (name, work) in enumerate(ways.items(), start=1):
                wall, cpu = time.perf_counter(), time.process_time()
                work()
                took = (time.perf_counter() - wall, time.process_time() - cpu)
                best[name] = (min(best[name][0], took[0]), min(best[name][1], took[1]))
                advance(number * len(ways) + place, ROUNDS * len(ways))
    return best


def _agreement(
    candidate: GlassBoxBoosting, fitted: FittedGlassBox, matrix: Matrix
) -> dict[str, float]:
    """How far the ways differ, and how often our first reason is also that of the Shapley values.

    The Shapley values of a sum of terms of at most two features are exact: a feature's own centred
    term, and half of each pure pair with the feature. A reason that is a pair agrees when the
    feature is one of its two.
    """
    session = onnxruntime.InferenceSession(export(candidate, fitted, matrix.shape[1]))
    likely, first = session.run(["probability", "reason_indices"], {INPUT: matrix})
    parts = fitted.box.contributions(matrix)
    shapley = np.zeros(matrix.shape)
    for number, term in enumerate(fitted.box.terms):
        for feature in term.features:
            shapley[:, feature] += parts[:, number] / len(term.features)
    top = np.abs(shapley).argmax(axis=1)
    named = [fitted.box.terms[number].features for number in first[:, 0]]
    agrees = [feature in features for feature, features in zip(top, named, strict=True)]
    return {
        "max_probability_error": float(np.abs(likely - fitted.predict_proba(matrix)[:, 1]).max()),
        "top_reason_is_shapley_s": float(np.mean(agrees)),
    }
