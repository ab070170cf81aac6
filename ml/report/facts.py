"""The figures of the report, read from the warehouse; a missing table gives no rows."""

from typing import Any

import duckdb

from ml.report.read import Row, headline, rows

__all__ = ["champions", "data_quality", "held_out", "model_facts", "segment_facts"]

PER_MODEL = (
    "registry.evaluations",
    "registry.confusion_matrices",
    "registry.classification_reports",
    "registry.importances",
    "registry.segment_calibration",
    "registry.audits",
    "registry.model_terms",
)
SHOWN_SEGMENTS = 12
DRAWN_SEGMENTS = 400


def data_quality(connection: duckdb.DuckDBPyConnection) -> dict[str, list[Row]]:
    """Reconciliation, and reasons of quarantine. Raw rows are not read, as they may name people."""
    return {
        "tables": rows(
            connection,
            "select source_name, table_name, raw_rows, clean_rows, quarantined_rows, duplicate_rows"
            " from {monitoring.monitor_reconciliation} order by source_name, table_name",
        ),
        "reasons": rows(
            connection,
            "select source_name, table_name, quarantine_reason, quarantined_rows, quarantined_share"
            " from {monitoring.quarantine_summary}"
            " order by quarantined_rows desc, 1, 2, 3 limit 12",
        ),
    }


def champions(connection: duckdb.DuckDBPyConnection) -> list[Row]:
    """The champions that are shown, with facts from the registry and their last decisions."""
    found = rows(
        connection,
        "select overview.*, models.reason, models.feature_count"
        " from {predictions.model_overview} as overview inner join {registry.models} as models"
        "   on overview.task = models.task and overview.model_version = models.model_version"
        " order by overview.task",
    )
    for model in found:
        model["decisions"] = rows(
            connection,
            "select * from {registry.decisions} where task = ?"
            " order by decided_at desc, rowid desc limit 6",
            [model["task"]],
        )
    return found


def model_facts(connection: duckdb.DuckDBPyConnection, model: Row) -> dict[str, list[Row]]:
    """The model's rows in every table of the registry, by the table's name.

    `curves` holds the published curves, which include the intervals of the calibration curve.
    """
    version = [model["task"], model["model_version"]]
    of_model = "where task = ? and model_version = ?"
    return {
        "curves": rows(
            connection,
            f"select * from {{predictions.champion_curves}} {of_model} order by curve, point",
            version,
        )
    } | {
        relation.partition(".")[2]: rows(
            connection,
            f"select * exclude (task, model_version) from {{{relation}}} {of_model} order by rowid",
            version,
        )
        for relation in PER_MODEL
    }


def held_out(connection: duckdb.DuckDBPyConnection, model: Row, bins: int = 25) -> list[Row]:
    """The distribution of held-out probabilities: one row per bin (of equal width) and group."""
    return rows(
        connection,
        f"select least(floor(probability * {bins}), {bins - 1}) / {bins} as low,"
        f" least(floor(probability * {bins}), {bins - 1}) / {bins} + 1 / {bins} as high,"
        " case when is_buyer then 'bought' else 'did not' end as group, count(*) as rows"
        " from {registry.held_out_predictions} where task = ? and model_version = ?"
        " group by all order by all",
        [model["task"], model["model_version"]],
    )


def segment_facts(connection: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """The headline outcome at its newest date, with public micro-segments; empty without one."""
    first = headline(connection)
    if first is None:
        return {}
    found = rows(
        connection,
        "select segment_id, segment_name, level, customers, buyers, rate, wilson_low as low,"
        " wilson_high as high, verdict, reliable_rank from {segments.public_micro_segments}"
        " where outcome = ? and as_of_date = ? and level > 0"
        " order by level, customers desc, segment_id",
        [first["outcome"], first["as_of_date"]],
    )
    ranked = [row for row in found if row["reliable_rank"] is not None]
    by_rank = sorted(ranked, key=lambda row: int(row["reliable_rank"]))
    return {
        **first,
        "top": [row for row in found if row["level"] == 1],
        "best": by_rank[:SHOWN_SEGMENTS],
        "drawn": sorted(found, key=lambda row: -row["customers"])[:DRAWN_SEGMENTS],
    }
