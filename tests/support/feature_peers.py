"""Export tables for other implementations of the features, and compare their results.

A peer computes `features.customer_features` from Parquet files of the tables that the SQL reads.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import pyarrow.parquet

from warehouse.connection import columns, fetch, quoted, require_tables
from warehouse.errors import InputError

__all__ = ["Comparison", "compare", "export_marts"]

FEATURES = "features.customer_features"
TEXT = "favourite_category"

EXPORTS: Mapping[str, tuple[str, Sequence[str]]] = {
    "customers_versions": (
        "intermediate.int_customers_unioned",
        (
            "customer_id",
            "source_name",
            "gender",
            "birth_date",
            "region",
            "annual_salary",
            "has_marketing_consent",
            "registered_at",
            "valid_from",
            "known_at",
        ),
    ),
    "orders": ("marts.orders", ("customer_id", "order_type", "ordered_at", "known_at")),
    "order_items": (
        "marts.order_items",
        (
            "customer_id",
            "order_id",
            "product_id",
            "category",
            "order_type",
            "quantity",
            "gross_amount",
            "discount_amount",
            "net_amount",
            "ordered_at",
            "known_at",
        ),
    ),
    "sessions": (
        "marts.sessions",
        (
            "customer_id",
            "started_at",
            "known_at",
            "administrative_seconds",
            "informational_seconds",
            "product_pages",
            "product_seconds",
            "bounce_rate",
            "exit_rate",
            "page_value",
            "is_weekend",
            "has_purchase",
        ),
    ),
    "engagements": (
        "marts.engagements",
        ("customer_id", "campaign_id", "channel", "action", "engaged_at", "known_at"),
    ),
}
"""The relation and the columns that features need, by file name without `.parquet`."""


@dataclass(frozen=True)
class Comparison:
    """How a peer's features differ from the warehouse's, over all dates that the peer computed."""

    rows: int
    """Rows that both contain."""
    unmatched_rows: int
    """Rows that only one of the two contains."""
    null_mismatches: int
    """Numbers that are null in only one of the two."""
    text_mismatches: int
    """Favourite categories that differ."""
    largest_difference: float
    """The largest difference of two numbers / the larger of them."""
    column: str
    """The feature with the largest difference."""
    unknown: tuple[str, ...]
    """Features of the warehouse that the peer does not compute."""


def export_marts(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Write the tables that customer features need to `folder`, one Parquet file each.

    Decimals become doubles, with which both peers are fastest. Raises InputError when the warehouse
    lacks one of the tables.
    """
    require_tables(connection, *(relation for relation, _ in EXPORTS.values()))
    folder.mkdir(parents=True, exist_ok=True)
    for name, (relation, wanted) in EXPORTS.items():
        types = columns(connection, relation)
        selected = ", ".join(
            f"cast({column} as double) as {column}"
            if types[column].startswith("DECIMAL")
            else column
            for column in wanted
        )
        path = str(folder / f"{name}.parquet").replace("'", "''")
        fetch(connection, f"copy (select {selected} from {relation}) to '{path}' (format parquet)")


def compare(connection: duckdb.DuckDBPyConnection, frame: Any) -> Comparison:
    """Compare a peer's features with those of the warehouse, at the peer's dates.

    `frame` is a pandas or polars data frame, or the path of a Parquet file. Features that only the
    warehouse has are listed and not compared. Raises InputError when the warehouse lacks a feature
    of the peer.
    """
    types = columns(connection, FEATURES)
    table = _arrow(frame)
    if missing := [name for name in table.column_names if name not in types]:
        raise InputError(f"{FEATURES} has no {', '.join(missing)}, which the peer computes")
    ours = [name for name, data_type in types.items() if data_type == "FLOAT"]
    features = [name for name in ours if name in table.column_names]
    unknown = tuple(name for name in ours if name not in table.column_names)
    connection.register("peer_features", table)
    measures = ", ".join(
        f"count(*) filter ((ours.{name} is null) <> (peers.{name} is null)),"
        f" coalesce(max(abs(ours.{name}::double - peers.{name})"
        f" / nullif(greatest(abs(ours.{name}), abs(peers.{name})), 0)), 0)"
        for name in map(quoted, features)
    )
    ((rows, here, there, texts, *measured),) = fetch(
        connection,
        f"""
        with ours as (
            select * from {FEATURES} where as_of_date in (select as_of_date from peer_features)
        )
        select
            count(*),
            (select count(*) from ours),
            (select count(*) from peer_features),
            count(*) filter (ours.{TEXT} is distinct from peers.{TEXT}),
            {measures}
        from ours
        inner join peer_features as peers
            on ours.customer_id = peers.customer_id and ours.as_of_date = peers.as_of_date
        """,
    )
    largest, column = max(zip(measured[1::2], features, strict=True))
    only_one = here + there - 2 * rows
    return Comparison(rows, only_one, sum(measured[::2]), texts, largest, column, unknown)


def _arrow(frame: Any) -> pyarrow.Table:
    """The frame as an Arrow table, with nulls for pandas' NaN."""
    if isinstance(frame, Path):
        return pyarrow.parquet.read_table(frame)
    if isinstance(frame, pd.DataFrame):
        return pyarrow.Table.from_pandas(frame, preserve_index=False)
    return frame.to_arrow()
