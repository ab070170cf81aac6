"""How a model treats groups of people: rate, selected share, ranking and calibration per group.

The groups come from features marked `is_sensitive` in the YAML, whether the model reads them or
not. A flag has the groups yes and no. Other features use the bands of seeds.segment_bands whose
dimension is in the feature's name (age in `age_years`), or else quarters.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import duckdb
import numpy as np
import numpy.typing as npt
from sklearn.metrics import roc_auc_score

from ml.data.arrays import Floats, Labels
from ml.evaluation.bootstrap import bootstrap_intervals
from ml.evaluation.metrics import wilson_interval
from warehouse.connection import columns, fetch, qualified, quoted
from warehouse.feature_tables import Feature, FeatureTable, Task

__all__ = ["AuditedGroup", "audit", "groups_of_values"]

TINY_ROWS, TINY_CLASS = 100, 10
"""A group with fewer rows, or fewer buyers or others, is tiny: its figures are mostly chance."""
BANDS = "seeds.segment_bands"

Band = tuple[str, float, float]
"""A name, the lowest value (inclusive), and the highest value (exclusive)."""


@dataclass(frozen=True)
class AuditedGroup:
    """The figures of one group of one attribute, on the rows on which the model is measured."""

    attribute: str
    group_name: str
    rows: int
    buyers: int
    rate: float
    rate_low: float
    rate_high: float
    mean_probability: float
    selected_share: float
    """The share of rows that reach the task's threshold."""
    recall: float | None
    """The share of buyers who reach the threshold; None without buyers."""
    roc_auc: float | None
    roc_auc_low: float | None
    roc_auc_high: float | None
    is_calibrated: bool
    """Whether the mean probability lies within the interval of the rate."""
    is_tiny: bool


def audit(
    connection: duckdb.DuckDBPyConnection,
    table: FeatureTable,
    task: Task,
    model_version: str,
    seed: int = 0,
) -> list[AuditedGroup]:
    """Every group of every sensitive attribute, from the model's registry.held_out_predictions.

    Sensitive features that the feature table does not contain are left out.
    """
    present = columns(connection, table.relation)
    sensitive = [each for each in table.features if each.is_sensitive and each.name in present]
    if not sensitive:
        return []
    found = connection.execute(
        "select held_out.is_buyer, held_out.probability,"
        f" {', '.join(f'features.{quoted(each.name)}' for each in sensitive)}"
        f" from {qualified(connection, 'registry.held_out_predictions')} held_out"
        f" inner join {qualified(connection, table.relation)} features"
        f"   on features.{quoted(table.entity_key)}::varchar = held_out.entity_id"
        f"   and features.{quoted(table.as_of_column)}::date = held_out.as_of_date"
        " where held_out.task = ? and held_out.model_version = ?"
        " order by held_out.entity_id, held_out.as_of_date",
        [task.name, model_version],
    ).to_arrow_table()
    labels = found.column(0).to_numpy().astype(np.uint8)
    probabilities = found.column(1).to_numpy()
    bands = _bands(connection, sensitive)
    return [
        _measured(feature.label, name, labels[inside], probabilities[inside], task, seed)
        for number, feature in enumerate(sensitive)
        for name, inside in groups_of_values(
            found.column(2 + number).to_numpy().astype(np.float64), bands.get(feature.name, [])
        )
    ]


def groups_of_values(
    values: Floats, bands: Sequence[Band] = ()
) -> Iterator[tuple[str, npt.NDArray[np.bool_]]]:
    """The name and the members [rows] of each group; every row is in one group, no group is empty.

    `values` is [rows], NaN where unknown. The ends of bands are rounded to float32, the type of
    features.
    """
    known = values[~np.isnan(values)]
    if set(np.unique(known)) <= {0.0, 1.0}:
        bands = [("yes", 1, 2), ("no", 0, 1)]
    elif not bands:
        cuts = np.unique(np.quantile(known, [0.25, 0.5, 0.75]))
        ends = [-np.inf, *cuts, np.inf]
        bands = [(_quarter(low, high), float(low), float(high)) for low, high in pairwise(ends)]
    groups = [
        (name, (values >= np.float32(low)) & (values < np.float32(high)))
        for name, low, high in bands
    ]
    groups.append(("unknown", np.isnan(values)))
    yield from ((name, inside) for name, inside in groups if inside.any())


def _quarter(low: float, high: float) -> str:
    if np.isinf(low):
        return f"under {high:,.4g}"
    return f"{low:,.4g} or more" if np.isinf(high) else f"{low:,.4g} to {high:,.4g}"


def _bands(
    connection: duckdb.DuckDBPyConnection, features: Sequence[Feature]
) -> dict[str, list[Band]]:
    """The bands by feature. Each dimension of the seed applies to the first feature it names."""
    if not columns(connection, BANDS):
        return {}
    rows = fetch(
        connection,
        "select dimension, band_name, coalesce(low, '-inf'::double), coalesce(high, 'inf'::double)"
        f" from {qualified(connection, BANDS)} where not is_unknown order by 1, 3",
    )
    found: dict[str, list[Band]] = {}
    for dimension in sorted({row[0] for row in rows}):
        named = [each.name for each in features if dimension in each.name.split("_")]
        if named:
            found[named[0]] = [row[1:] for row in rows if row[0] == dimension]
    return found


def _measured(
    attribute: str, name: str, labels: Labels, probabilities: Floats, task: Task, seed: int
) -> AuditedGroup:
    rows, buyers = len(labels), int(labels.sum())
    low, high = map(float, wilson_interval(buyers, rows))
    selected, mean = probabilities >= task.threshold, float(probabilities.mean())
    both = 0 < buyers < rows
    auc = _auc(labels, probabilities, seed) if both else (None, None, None)
    return AuditedGroup(
        attribute=attribute,
        group_name=name,
        rows=rows,
        buyers=buyers,
        rate=buyers / rows,
        rate_low=low,
        rate_high=high,
        mean_probability=mean,
        selected_share=float(selected.mean()),
        recall=float(selected[labels == 1].mean()) if buyers else None,
        roc_auc=auc[0],
        roc_auc_low=auc[1],
        roc_auc_high=auc[2],
        is_calibrated=low <= mean <= high,
        is_tiny=rows < TINY_ROWS or min(buyers, rows - buyers) < TINY_CLASS,
    )


def _auc(labels: Labels, probabilities: Floats, seed: int) -> tuple[float, float, float]:
    interval = bootstrap_intervals(labels, probabilities, seed).get("roc_auc", (0.0, 1.0))
    return float(roc_auc_score(labels, probabilities)), *interval
