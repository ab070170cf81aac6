"""What the page tells, read from the warehouse; a table that is missing or empty tells nothing."""

from decimal import Decimal
from typing import Any

import duckdb

from ml.evaluation.metrics import wilson_interval
from warehouse.connection import columns, qualified

__all__ = ["Row", "champions", "data_quality", "held_out", "model_facts", "rows", "segment_facts"]

Row = dict[str, Any]

PER_MODEL = (
    "registry.evaluations",
    "registry.curves",
    "registry.confusion_matrices",
    "registry.classification_reports",
    "registry.importances",
    "registry.segment_calibration",
    "registry.audits",
    "registry.model_terms",
)
SHOWN_SEGMENTS = 12
DRAWN_SEGMENTS = 400


def rows(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    query: str,
    values: list[Any] | None = None,
) -> list[Row]:
    """The rows of `query`, where {table} stands for `relation`; none where that is missing."""
    if not columns(connection, relation):
        return []
    found = connection.execute(
        query.replace("{table}", qualified(connection, relation)), values or []
    )
    names = [column[0] for column in found.description or []]
    return [dict(zip(names, map(_plain, row), strict=True)) for row in found.fetchall()]


def _plain(value: Any) -> Any:
    """Decimals as floats: charts and formats know nothing else."""
    return float(value) if isinstance(value, Decimal) else value


def data_quality(connection: duckdb.DuckDBPyConnection) -> dict[str, list[Row]]:
    """Reconciliation, and reasons of quarantine; never a raw row, which may name a person."""
    return {
        "tables": rows(
            connection,
            "monitoring.monitor_reconciliation",
            "select source_name, table_name, raw_rows, clean_rows, quarantined_rows, duplicate_rows"
            " from {table} order by source_name, table_name",
        ),
        "reasons": rows(
            connection,
            "monitoring.quarantine_summary",
            "select source_name, table_name, quarantine_reason, quarantined_rows,"
            " quarantined_share from {table} order by quarantined_rows desc, 1, 2, 3 limit 12",
        ),
    }


def champions(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """The champion of each task, with its newest scores and what was decided last."""
    found = rows(
        connection,
        "registry.models",
        "select * from {table} where status = 'champion' order by task",
    )
    for model in found:
        model["scored"] = rows(
            connection,
            "scoring.predictions",
            "select as_of_date, count(*) as rows, sum(probability) as expected from {table}"
            " where task = ? and model_version = ? group by as_of_date"
            " order by as_of_date desc limit 1",
            [model["task"], model["model_version"]],
        )
        model["decisions"] = rows(
            connection,
            "registry.decisions",
            "select * from {table} where task = ? order by decided_at desc, rowid desc limit 6",
            [model["task"]],
        )
    return found


def model_facts(connection: duckdb.DuckDBPyConnection, model: Row) -> dict[str, list[Row]]:
    """The rows of every table of the registry that speak of the model, by the table's name."""
    return {
        relation.partition(".")[2]: rows(
            connection,
            relation,
            "select * exclude (task, model_version) from {table}"
            " where task = ? and model_version = ? order by rowid",
            [model["task"], model["model_version"]],
        )
        for relation in PER_MODEL
    }


def held_out(connection: duckdb.DuckDBPyConnection, model: Row, bins: int = 25) -> list[Row]:
    """How the probabilities of judged rows are spread: a row a bin and group, of equal width."""
    return rows(
        connection,
        "registry.held_out_predictions",
        f"select least(floor(probability * {bins}), {bins - 1}) / {bins} as low,"
        f" least(floor(probability * {bins}), {bins - 1}) / {bins} + 1 / {bins} as high,"
        " case when is_buyer then 'bought' else 'did not' end as group, count(*) as rows"
        " from {table} where task = ? and model_version = ? group by all order by all",
        [model["task"], model["model_version"]],
    )


def segment_facts(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """The micro-segments of one outcome at its newest date; empty where there are none.

    Of outcomes the 30-day one, where there is one.
    """
    table = "segments.micro_segment_numerosity"
    newest = rows(
        connection,
        table,
        "select outcome, as_of_date from {table} group by outcome, as_of_date"
        " order by outcome like '%30d%' desc, outcome, as_of_date desc limit 1",
    )
    if not newest:
        return {}
    found = rows(
        connection,
        table,
        "select segment_id, segment_name, level, customers, buyers, rate, wilson_low as low,"
        " wilson_high as high, verdict from {table} where outcome = ? and as_of_date = ?"
        " order by level, customers desc, segment_id",
        list(newest[0].values()),
    )
    deep = [row for row in found if row["level"] > 1]
    reliable = [row for row in deep if row["verdict"] == "reliable"]
    by_low = sorted(reliable, key=lambda row: (-row["low"], row["segment_id"]))
    top = [row for row in found if row["level"] == 1]
    whole = {name: sum(row[name] for row in top) for name in ("customers", "buyers")}
    low, high = map(float, wilson_interval(whole["buyers"], whole["customers"]))
    return {
        **newest[0],
        "whole": {**whole, "low": low, "high": high, "rate": whole["buyers"] / whole["customers"]},
        "top": top,
        "best": by_low[:SHOWN_SEGMENTS],
        "worst": sorted(reliable, key=lambda row: (row["high"], row["segment_id"]))[:3],
        "drawn": sorted(found, key=lambda row: -row["customers"])[:DRAWN_SEGMENTS],
        "verdicts": {
            verdict: sum(row["verdict"] == verdict for row in deep)
            for verdict in ("reliable", "borderline", "too_few")
        },
        "number": len(deep),
    }
