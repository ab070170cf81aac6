"""The published predictions of each customer, in memory as JSON."""

from typing import Literal

import duckdb
import numpy as np
import pyarrow as pa

from scoring.serve.entities import SERVING
from warehouse.connection import fetch, literal

__all__ = ["Cards"]

FIGURES = (
    "segment_id, segment_name, segment_level, segment_as_of_date, outcome, customers, buyers, rate,"
    " wilson_low, wilson_high, eb_rate, eb_low, eb_high, verdict"
)


def _packed(names: str) -> str:
    return ", ".join(f"{name} := {name}" for name in names.split(", "))


REASONS = ", ".join(
    f"struct_pack(reason := reason_{rank}, text := reason_{rank}_text,"
    f" contribution := contribution_{rank})"
    for rank in (1, 2, 3)
)
PREDICTION = f"""
struct_pack(
    task := cards.task,
    title := coalesce(titles.task_title, cards.task),
    {_packed("model_version, probability, score")},
    reasons := list_filter([{REASONS}], lambda each: each.reason is not null),
    as_of_date := as_of_date,
    scored_at := strftime(scored_at, '%Y-%m-%dT%H:%M:%S.%fZ'),
    micro_segment := case when segment_id is not null then struct_pack({_packed(FIGURES)}) end
)"""

SIDES: tuple[Literal["left"], Literal["right"]] = ("left", "right")


class Cards:
    """The published predictions by customer, found by binary search over hashes of the ids."""

    def __init__(self, file: str) -> None:
        """Read the predictions from a published file.

        Raises duckdb.Error when the file cannot be read or lacks the tables.
        """
        with duckdb.connect(config={"threads": 1}) as connection:
            fetch(connection, f"attach {literal(file)} as {SERVING} (read_only)")
            found = connection.sql(
                "select customer_id,"
                f" string_agg(to_json({PREDICTION})::varchar, ',' order by cards.task) as cards"
                f" from {SERVING}.predictions.customer_cards as cards"
                f" left join (select task, task_title from {SERVING}.predictions.model_overview)"
                " as titles on cards.task = titles.task group by customer_id"
            ).to_arrow_table()
        # All cards together may be longer than 2 GiB, the limit of an Arrow string column.
        self._cards = found["cards"].cast(pa.large_string()).combine_chunks()
        self._customers = found["customer_id"].cast(pa.large_string()).combine_chunks()
        hashes = np.fromiter(
            (hash(each.as_py()) for each in self._customers), np.int64, len(self._customers)
        )
        self._order = np.argsort(hashes)
        self._hashes = hashes[self._order]

    def of(self, customer: str) -> str | None:
        """The predictions of a customer as a JSON array; None for an unknown customer."""
        wanted = hash(customer)
        first, end = (int(np.searchsorted(self._hashes, wanted, side)) for side in SIDES)
        for index in self._order[first:end].tolist():
            if self._customers[index].as_py() == customer:
                return f"[{self._cards[index].as_py()}]"
        return None
