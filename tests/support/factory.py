"""Small warehouses and models for the tests, made without dbt and scikit-learn."""

from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from scoring.bundle import INPUT, Bundle, write_bundle
from scoring.bundle import model_version as version_of
from warehouse import tables

TASK = "customer_purchase_30d"
RELATION = "features.customer_features"
FEATURES = ("order_count_90d", "days_since_last_order", "revenue_sum_90d", "session_count_30d")
WEIGHTS = (0.8, -0.02, 0.01, 0.3)
BIAS = -1.0
DATES = (date(2026, 4, 1), date(2026, 5, 1))
CHECK_COLUMNS = (
    "check_name varchar, subject_type varchar, subject varchar, as_of_date date,"
    " observed_date date, value double, expected_low double, expected_high double,"
    " effect double, warn_from double, fail_from double, status varchar, message varchar,"
    " check_title varchar, check_rank bigint"
)
"""The columns of monitoring.monitoring_checks."""

DDL = tables.script() + "create schema if not exists features;\n"
"""The tables that Python writes, as dbt creates them, and the schema for features."""


def warehouse(path: Path, rows: int = 50, features: Sequence[str] = FEATURES) -> Path:
    """A warehouse with the empty tables of Python, and `rows` customers on each of DATES.

    Each feature is a repeatable number between 0 and 10, missing in about one of seven rows.
    """
    values = ",".join(
        f"case when hash(i, {k}) % 7 > 0 then (hash(i, {k}, day) % 1000) / 100.0 end::float"
        f' as "{name}"'
        for k, name in enumerate(features)
    )
    days = ",".join(f"date '{day}'" for day in DATES)
    with duckdb.connect(str(path)) as connection:
        connection.execute(DDL)
        connection.execute(
            f"create table {RELATION} as"
            f" select 'c' || i as customer_id, day as as_of_date, {values}"
            f" from range({rows}) r(i), unnest([{days}]) d(day) order by day, i"
        )
    return path


def execute(path: Path, *statements: str) -> None:
    """Run statements in a warehouse."""
    with duckdb.connect(str(path)) as connection:
        for statement in statements:
            connection.execute(statement)


def rows(path: Path, query: str) -> list[tuple[Any, ...]]:
    """The rows of a query in a warehouse."""
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(query).fetchall()


PREDICTED = ("task", "as_of_date", "model_version", "run_id")


def predict(path: Path, values: str, **run: Any) -> None:
    """Write scores like a scoring run; `values` is a query of entity_id and probability."""
    known = {"task": TASK, "as_of_date": DATES[-1], "model_version": "m1", "run_id": "r1"} | run
    with duckdb.connect(str(path)) as connection:
        key = "cast(hash($run_id) >> 1 as bigint)"
        connection.execute(
            f"insert into scoring.runs (run_key, {', '.join(PREDICTED)})"
            f" values ({key}, {', '.join('$' + name for name in PREDICTED)})",
            known,
        )
        connection.execute(
            f"insert into scoring.scores (run_key, entity_id, probability) select {key}, * from"
            f" ({values})",
            {"run_id": known["run_id"]},
        )


def onnx_model(
    weights: Sequence[float] = WEIGHTS, bias: float = BIAS, trees: int = 0, broken: bool = False
) -> bytes:
    """An additive model: each feature contributes weight times value, and a missing value 0.

    `trees` adds this many stumps on the first feature to the score (as "other" contributions). A
    `broken` model returns the first feature instead of a probability.
    """
    width, shown = len(weights), min(3, len(weights))
    constants = {
        "weights": np.array([weights], np.float32),
        "zero": np.zeros(1, np.float32),
        "bias": np.array([bias], np.float32),
        "k": np.array([shown], np.int64),
        "last": np.array([1], np.int64),
        "first": np.array(0, np.int64),
        "no_index": np.array(-1, np.int64),
        "pads": np.array([0, 0, 0, 3 - shown], np.int64),
    }
    node = helper.make_node
    nodes = [
        node("IsNaN", [INPUT], ["missing"]),
        node("Where", ["missing", "zero", INPUT], ["filled"]),
        node("Mul", ["filled", "weights"], ["parts"]),
        node("ReduceSum", ["parts", "last"], ["sum"], keepdims=0),
        node("Abs", ["parts"], ["sizes"]),
        node("TopK", ["sizes", "k"], ["top_sizes", "top"]),
        node("GatherElements", ["parts", "top"], ["top_parts"], axis=1),
        node("Pad", ["top", "pads", "no_index"], ["reason_indices"]),
        node("Pad", ["top_parts", "pads"], ["reason_contributions"]),
        node("ReduceSum", ["top_parts", "last"], ["top_sum"], keepdims=0),
        *(
            [_stumps(trees), node("Squeeze", ["stumps", "last"], ["more"])]
            if trees
            else [node("Identity", ["zero"], ["more"])]
        ),
        node("Sum", ["sum", "bias", "more"], ["score"]),
        node("Sub", ["score", "top_sum"], ["other_contributions"]),
        node("Gather", ["filled", "first"], ["probability"], axis=1)
        if broken
        else node("Sigmoid", ["score"], ["probability"]),
    ]
    info = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "numerosity",
        [info(INPUT, TensorProto.FLOAT, [None, width])],
        [
            info("probability", TensorProto.FLOAT, [None]),
            info("score", TensorProto.FLOAT, [None]),
            info("reason_indices", TensorProto.INT64, [None, 3]),
            info("reason_contributions", TensorProto.FLOAT, [None, 3]),
            info("other_contributions", TensorProto.FLOAT, [None]),
        ],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", 3)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=9)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def _stumps(trees: int) -> onnx.NodeProto:
    """`trees` trees of one split, with leaf values whose sum depends on the order of addition."""
    leaves = np.random.default_rng(0).normal(size=(trees, 2)).astype(np.float32)
    each = range(trees)
    return helper.make_node(
        "TreeEnsembleRegressor",
        [INPUT],
        ["stumps"],
        domain="ai.onnx.ml",
        n_targets=1,
        nodes_treeids=[tree for tree in each for _ in range(3)],
        nodes_nodeids=[0, 1, 2] * trees,
        nodes_featureids=[0, 0, 0] * trees,
        nodes_modes=["BRANCH_LEQ", "LEAF", "LEAF"] * trees,
        nodes_values=[value for tree in each for value in (10 * tree / trees, 0.0, 0.0)],
        nodes_truenodeids=[1, 0, 0] * trees,
        nodes_falsenodeids=[2, 0, 0] * trees,
        nodes_missing_value_tracks_true=[0, 0, 0] * trees,
        target_treeids=[tree for tree in each for _ in range(2)],
        target_nodeids=[1, 2] * trees,
        target_ids=[0, 0] * trees,
        target_weights=[float(leaf) for leaf in leaves.ravel()],
    )


def bundle(
    artifacts: Path,
    onnx_bytes: bytes | None = None,
    features: Iterable[str] = FEATURES,
    **facts: Any,
) -> Bundle:
    """Write a bundle to `artifacts/<task>/<model_version>`; `facts` replace the defaults."""
    model = onnx_model() if onnx_bytes is None else onnx_bytes
    known = {
        "task": TASK,
        "title": "buys within 30 days",
        "entity": "customer",
        "entity_key": "customer_id",
        "as_of_column": "as_of_date",
        "relation": RELATION,
        "label": "has_purchase_30d",
        "horizon_days": 30,
        "features": list(features),
        "candidate": "logistic",
        "model_version": version_of(DATES[0], model),
        "training": {"rows": 100, "buyers": 10, "from": str(DATES[0]), "to": str(DATES[0])},
        "metrics": {"roc_auc": 0.75},
        "parity": {"max_probability_error": 0.0, "rows_checked": 100},
        "versions": {"numerosity": "0.1.0"},
        "seed": 1,
    } | facts
    return write_bundle(artifacts / known["task"] / known["model_version"], model, known)


def register(path: Path, model: Bundle, status: str = "champion", **values: Any) -> None:
    """Enter a bundle in registry.models; `values` replace its own values."""
    row = {
        "model_version": model.model_version,
        "task": model.task,
        "status": status,
        "bundle_path": f"{model.task}/{model.model_version}",
        "bundle_sha256": model.bundle_sha256,
        "feature_schema_hash": model.feature_schema_hash,
        "feature_count": len(model.features),
    } | values
    with duckdb.connect(str(path)) as connection:
        connection.execute(
            f"insert into registry.models ({', '.join(row)}) values ({', '.join('?' * len(row))})",
            list(row.values()),
        )
