"""A glass box in the warehouse: `registry.model_terms`, one row per cell, from which SQL can score.

Term 0 is the bias: one row without features. A bin holds `low < value <= high`; null stands for no
bound. The bin of missing values has no bounds, and its `is_missing_1` or `is_missing_2` is true.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise, product
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt

from ml.glassbox import GlassBox, Term
from warehouse.connection import columns, fetch, qualified, require_tables, transaction
from warehouse.tables import insert

__all__ = ["TABLE", "read_terms", "store_terms", "term_rows"]

TABLE = "registry.model_terms"


def term_rows(box: GlassBox, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    """The rows of the table without task and model version; `names` are the features' names."""
    total = int(box.terms[0].rows.sum())
    yield {"term": 0, "contribution": box.bias, "rows": total}
    for number, term in enumerate(box.terms, start=1):
        sides = [
            _bins(side, names[feature], edges)
            for side, (feature, edges) in enumerate(
                zip(term.features, term.edges, strict=True), start=1
            )
        ]
        for bins, value, rows in zip(
            product(*sides), term.values.flat, term.rows.flat, strict=True
        ):
            cell = {name: each for side in bins for name, each in side.items()}
            yield {"term": number, **cell, "contribution": float(value), "rows": int(rows)}


def store_terms(
    connection: duckdb.DuckDBPyConnection,
    task: str,
    model_version: str,
    box: GlassBox,
    names: Sequence[str],
) -> None:
    """Replace the stored terms of a model in one transaction.

    Raises InputError when the table does not exist.
    """
    require_tables(connection, TABLE)
    model = {"task": task, "model_version": model_version}
    with transaction(connection):
        fetch(
            connection,
            f"delete from {qualified(connection, TABLE)}"
            " where task = $task and model_version = $model_version",
            model,
        )
        rows = [model | row for row in term_rows(box, names)]
        insert(connection, qualified(connection, TABLE), rows)


def read_terms(
    connection: duckdb.DuckDBPyConnection, task: str, model_version: str, names: Sequence[str]
) -> GlassBox | None:
    """The stored glass box of a model, with features numbered as in `names`; None without rows.

    It is the inverse of `store_terms`. Raises InputError when the table does not exist.
    """
    require_tables(connection, TABLE)
    known = columns(connection, TABLE)
    rows = [
        dict(zip(known, row, strict=True))
        for row in fetch(
            connection,
            f"select {', '.join(known)} from {qualified(connection, TABLE)}"
            " where task = ? and model_version = ? order by term, bin_1, bin_2",
            [task, model_version],
        )
    ]
    if not rows:
        return None
    numbers = sorted({row["term"] for row in rows} - {0})
    terms = [_term([row for row in rows if row["term"] == each], names) for each in numbers]
    return GlassBox(float(rows[0]["contribution"]), terms)


def _bins(side: int, name: str, edges: npt.NDArray[np.float32]) -> list[dict[str, Any]]:
    """The bins of one side of a term, in ascending order, with missing values last."""
    bounds = [None, *map(float, edges), None]
    known: list[dict[str, Any]] = [
        {"low": low, "high": high, "is_missing": False} for low, high in pairwise(bounds)
    ]
    missing = {"low": None, "high": None, "is_missing": True}
    return [
        {f"{key}_{side}": value for key, value in {"feature": name, "bin": bin_, **each}.items()}
        for bin_, each in enumerate([*known, missing])
    ]


def _term(rows: Sequence[Mapping[str, Any]], names: Sequence[str]) -> Term:
    sides = [side for side in (1, 2) if rows[0][f"feature_{side}"] is not None]
    edges = tuple(
        np.array(sorted({row[f"high_{side}"] for row in rows} - {None}), dtype=np.float32)
        for side in sides
    )
    shape = [len(each) + 2 for each in edges]
    return Term(
        features=tuple(names.index(rows[0][f"feature_{side}"]) for side in sides),
        edges=edges,
        values=np.array([row["contribution"] for row in rows]).reshape(shape),
        rows=np.array([row["rows"] for row in rows], dtype=np.int64).reshape(shape),
    )
