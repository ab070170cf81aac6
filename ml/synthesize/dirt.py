"""Add the planted faults to clean tables, and count them exactly.

Where possible a faulty row is a copy with a new identifier, so that the clean shop and its truth
stay complete. A row is used for at most one fault, and a row that arrives late for none.
"""

from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.random import Generator

from ml.synthesize.changes import put
from ml.synthesize.draw import CHUNK_IDS, Flags, customer_ids, identifiers
from ml.synthesize.faults import FAULTS, Fault

EVENT_TIMES = {
    "customers": "valid_from",
    "products": "listed_at",
    "orders": "ordered_at",
    "order_items": "ordered_at",
    "web_sessions": "started_at",
    "social_engagements": "engaged_at",
}
LATE_TABLES = ("orders", "order_items", "web_sessions", "social_engagements")
LATE_KIND = "late_arriving"  # planted with the arrival times; only counted here
LATE = np.timedelta64(1, "D")  # a row that arrives this long after its event was planted as late
DIRTY_IDS = 9_000_000  # first identifier of added rows, within the range of a chunk
DIRTY_CUSTOMERS = 9_000_000  # first number of added customers
DIRTY_CUSTOMERS_PER_CHUNK = 100
KEYS = {  # table: column and letter of the new identifier of an added row
    "customers": ("customer_id", "C"),
    "products": ("product_id", "P"),
    "orders": ("order_id", "O"),
    "order_items": ("order_item_id", "I"),
    "web_sessions": ("session_id", "S"),
    "social_engagements": ("engagement_id", "E"),
}

Counts = Counter[tuple[str, str]]  # (table, kind) -> rows


def late_rows(name: str, table: pa.Table) -> Flags:
    """Whether each row of a raw table arrives a day or more after its event: [rows]."""
    delay = table["known_at"].to_numpy() - table[EVENT_TIMES[name]].to_numpy()
    return np.asarray(delay >= LATE)


def _usable(name: str, table: pa.Table) -> Flags:
    """Whether each row may get a fault or be copied for one: [rows]."""
    usable = ~late_rows(name, table)
    if name == "customers":  # a later version alone is not a valid customer
        usable &= np.asarray(pc.equal(table["valid_from"], table["registered_at"]))
    if name == "orders":  # a copied return would refer to another order's purchase
        usable &= np.asarray(pc.equal(table["order_type"], "purchase"))
    if name == "order_items":
        usable &= np.asarray(pc.greater(table["quantity"], 0))
    if name == "web_sessions":  # a copied session with a purchase would have no order
        usable &= ~np.asarray(table["has_purchase"])
    return usable


def _new_rows(fault: Fault, rows: pa.Table, chunk: int, first: int) -> pa.Table:
    """The rows with new identifiers, counted from `first`."""
    column, letter = KEYS[fault.table]
    numbers = first + np.arange(len(rows))
    if fault.table == "customers":
        start = DIRTY_CUSTOMERS + chunk * DIRTY_CUSTOMERS_PER_CHUNK
        rows = put(rows, column, customer_ids(start + numbers))
    elif fault.table == "products":
        rows = put(rows, column, identifiers(letter, 900 + numbers, 4))
    else:
        start = chunk * CHUNK_IDS + DIRTY_IDS
        rows = put(rows, column, identifiers(letter, start + numbers))
    if fault.table == "orders":  # a session and a campaign belong to one order
        nothing = pa.nulls(len(rows), pa.string())
        rows = put(put(rows, "session_id", nothing), "campaign_id", nothing)
    return rows


def soil(rng: Generator, name: str, table: pa.Table, chunk: int) -> tuple[pa.Table, Counts]:
    """Plant the faults of one table in one chunk.

    Returns the dirty table, and the number of rows of each kind. In the first chunk every kind has
    at least one row, if the table has enough rows.
    """
    faults = [fault for fault in FAULTS if fault.table == name]
    counts: Counts = Counter()
    if name in LATE_TABLES:
        counts[name, LATE_KIND] = int(late_rows(name, table).sum())
    candidates = rng.permutation(np.flatnonzero(_usable(name, table)))
    blocks = [table]  # the clean rows, then the rows of each fault
    order = np.arange(len(table))  # the position in `blocks` of each row of the result
    added = 0
    for fault in faults:
        wanted = max(round(fault.share * len(table)), 1 if chunk == 0 else 0)
        chosen, candidates = candidates[:wanted], candidates[wanted:]
        rows = table.take(pa.array(chosen))
        if fault.outcome == "quarantined":
            rows = _new_rows(fault, rows, chunk, added)
            added += len(rows)
        place = sum(map(len, blocks)) + np.arange(len(rows))
        blocks.append(fault.change(rows, rng))
        if fault.is_added:
            order = np.concatenate([order, place])
        else:
            order[chosen] = place
        counts[name, fault.kind] += len(rows)
    return pa.concat_tables(blocks).take(pa.array(order)), counts


def report(counts: Counts) -> dict[str, dict[str, object]]:
    """The planted faults by "<table>.<kind>", as truth/dirt.json holds them."""
    outcomes: dict[tuple[str, str], tuple[str, str | None]] = {
        **{(fault.table, fault.kind): (fault.outcome, fault.reason) for fault in FAULTS},
        **{(name, LATE_KIND): ("kept", None) for name in LATE_TABLES},
    }
    return {
        f"{table}.{kind}": {
            "table": table,
            "kind": kind,
            "rows": counts[table, kind],
            "outcome": outcome,
            "reason": reason,
        }
        for (table, kind), (outcome, reason) in sorted(outcomes.items())
    }
