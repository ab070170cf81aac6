"""The truth about the shop: true probabilities, their drivers, and true rates of segments."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from ml.synthesize.draw import customer_ids
from ml.synthesize.drivers import INTERACTIONS, NEIGHBOURS, attributes
from ml.synthesize.history import AS_OF_DAYS, DAY_SECONDS, HISTORY_DAYS, HORIZONS, START
from ml.synthesize.rates import purchase_probabilities
from ml.synthesize.shop import Chunk

SEGMENT_DAYS = (
    HISTORY_DAYS,
    HISTORY_DAYS - 56,
)  # the newest as-of date, and the newest matured one
SEGMENT_HORIZON = 30
SEGMENTS = (
    *((one.name, one.description, one.multiplier, one.applies) for one in INTERACTIONS),
    *((name, rule, 1.0, applies) for name, rule, applies in NEIGHBOURS),
)


def probability_table(chunk: Chunk) -> pa.Table:
    """True purchase probabilities: one row per customer and as-of date after registration."""
    numbers = chunk.people.number[: chunk.size]
    registered = chunk.people.registered[: chunk.size]
    parts = []
    for day in AS_OF_DAYS:
        known = registered < day * DAY_SECONDS
        probability = purchase_probabilities(chunk.rates[: chunk.size], int(day))
        columns = {
            "customer_id": customer_ids(numbers[known]),
            "as_of_date": pa.array(np.full(known.sum(), START + day)),
        }
        for horizon in HORIZONS:
            columns[f"probability_{horizon}d"] = pa.array(probability[horizon][known])
        parts.append(pa.table(columns))
    return pa.concat_tables(parts)


@dataclass
class SegmentRates:
    """Sums over chunks: customers and true probabilities of each planted segment."""

    customers: dict[tuple[str, int], int] = field(default_factory=dict)
    expected: dict[tuple[str, int], float] = field(default_factory=dict)

    def add(self, chunk: Chunk) -> None:
        """Add the counts of one chunk."""
        counts = np.arange(len(chunk.people.number)) < chunk.size
        for day in SEGMENT_DAYS:
            known = counts & (chunk.people.registered < day * DAY_SECONDS)
            probability = purchase_probabilities(chunk.rates, day)[SEGMENT_HORIZON]
            who = attributes(chunk.people, day)
            for name, _, _, applies in SEGMENTS:
                members = known & applies(who)
                key = name, day
                self.customers[key] = self.customers.get(key, 0) + int(members.sum())
                total = float(probability[members].sum())
                self.expected[key] = self.expected.get(key, 0.0) + total

    def csv(self) -> str:
        """The text of truth/segments.csv: one line per segment and as-of date."""
        lines = ["segment,rule,multiplier,as_of_date,customers,mean_probability_30d"]
        for name, rule, multiplier, _ in SEGMENTS:
            for day in SEGMENT_DAYS:
                size = self.customers[name, day]
                mean = f"{self.expected[name, day] / size:.6f}" if size else ""
                lines.append(f'{name},"{rule}",{multiplier},{START + day},{size},{mean}')
        return "\n".join(lines) + "\n"


def driver_list() -> list[dict[str, object]]:
    """The planted interactions, as truth/drivers.json holds them."""
    return [
        {
            "name": one.name,
            "description": one.description,
            "features": list(one.features),
            "multiplier": one.multiplier,
        }
        for one in INTERACTIONS
    ]


def write_json(path: Path, content: object) -> None:
    """Write indented JSON with a final line break."""
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
