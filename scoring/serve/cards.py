"""What is known of each customer, kept as the JSON that is answered."""

from collections.abc import Mapping, Sequence

import duckdb
import pyarrow as pa

from scoring.serve.entities import SERVING
from scoring.warehouse import fetch

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
    title := coalesce(titles.title, cards.task),
    {_packed("model_version, probability, score")},
    reasons := list_filter([{REASONS}], lambda each: each.reason is not null),
    as_of_date := as_of_date,
    scored_at := strftime(scored_at, '%Y-%m-%dT%H:%M:%S.%fZ'),
    micro_segment := case when segment_id is not null then struct_pack({_packed(FIGURES)}) end
)"""


class Cards:
    """The published predictions of single customers. For one thread at a time."""

    def __init__(self, file: str, titles: Mapping[str, str]) -> None:
        """Read them from a published file; `titles` says in words what each task predicts.

        Raises duckdb.Error when they are not in it.
        """
        self._connection = duckdb.connect(config={"threads": 1})
        named = pa.table({"task": list(titles), "title": list(titles.values())})
        try:
            place = file.replace("'", "''")
            fetch(self._connection, f"attach '{place}' as {SERVING} (read_only)")
            self._connection.register("titles", named)
            fetch(
                self._connection,
                f"create table cards as select customer_id, to_json({PREDICTION})::varchar as card"
                f" from {SERVING}.predictions.customer_cards as cards left join titles"
                " on cards.task = titles.task order by customer_id, cards.task",
            )
            self._connection.unregister("titles")
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of them."""
        self._connection.close()

    def of(self, customers: Sequence[str]) -> list[str | None]:
        """The predictions of each customer as a JSON array, none for whom there are none."""
        rows = fetch(
            self._connection,
            "select customer_id, card from cards where customer_id in (select unnest($1))",
            [list(customers)],
        )
        found: dict[str, list[str]] = {}
        for customer, card in sorted(rows):
            found.setdefault(customer, []).append(card)
        return [f"[{','.join(found[each])}]" if each in found else None for each in customers]
