"""Micro-segments that may be shown, with their numerosity; no other is named or counted."""

from datetime import date

from scoring.serve.browse.tables import Facts, Tables
from scoring.serve.browse.words import outcome_title

__all__ = ["segment", "segments"]

SHOWN = "segments.public_micro_segments"
FIGURES = (
    "segment_id, segment_name, level, parent_segment_id, customers, buyers, rate, wilson_low,"
    " wilson_high, eb_rate, eb_low, eb_high, lift, p_value, q_value, customers_needed, verdict,"
    " rolled_up_to, customers_share, buyers_share, customers_scored, predicted_rate,"
    " observed_minus_predicted, observed_minus_predicted_low, observed_minus_predicted_high"
)


def segments(
    tables: Tables, outcome: str | None = None, as_of: date | None = None, level: int | None = None
) -> Facts | None:
    """Those of an outcome at a date, the largest of each level first.

    Without an outcome that of the first champion, without a date the newest. None where there are
    segments, but not of these.
    """
    choices = _choices(tables)
    if not choices:
        return {"place": None, "choices": [], "segments": []}
    place = _place(tables, choices, outcome, as_of)
    if place is None:
        return None
    rows = [row for row in _rows(tables, place) if level is None or row["level"] == level]
    return {"place": place, "choices": choices, "segments": rows}


def segment(
    tables: Tables, name: str, outcome: str | None = None, as_of: date | None = None
) -> Facts | None:
    """One, with what it is part of, its parts, and what it was at other dates."""
    place = _place(tables, _choices(tables), outcome, as_of)
    rows = _rows(tables, place) if place else []
    by_id = {row["segment_id"]: row for row in rows}
    if place is None or name not in by_id:
        return None
    found = by_id[name]
    return {
        "place": place,
        "segment": found,
        "parent": by_id.get(found["parent_segment_id"]) if found["level"] else None,
        "instead": by_id.get(found["rolled_up_to"]),
        "parts": [
            row
            for row in rows
            if row["level"] == found["level"] + 1 and row["parent_segment_id"] == name
        ],
        "dates": tables.rows(
            SHOWN,
            "select as_of_date, customers, buyers, rate, wilson_low, wilson_high, verdict from {0}"
            " where outcome = $1 and segment_id = $2 order by as_of_date",
            [place["outcome"], name],
        ),
    }


def _rows(tables: Tables, place: Facts) -> list[Facts]:
    return tables.rows(
        SHOWN,
        f"select {FIGURES} from {{0}} where outcome = $1 and as_of_date = $2"
        " order by level, customers desc, segment_id",
        [place["outcome"], place["as_of_date"]],
    )


def _choices(tables: Tables) -> list[Facts]:
    """The outcomes there are, each with its dates, the newest first."""
    rows = tables.rows(
        SHOWN,
        "select outcome, list(distinct as_of_date order by as_of_date desc) as as_of_dates"
        " from {0} group by outcome order by outcome",
    )
    return [row | {"title": outcome_title(row["outcome"])} for row in rows]


def _place(
    tables: Tables, choices: list[Facts], outcome: str | None, as_of: date | None
) -> Facts | None:
    """The outcome and date that are meant, none where there is nothing."""
    known = {row["outcome"]: row for row in choices}
    usual = [bundle.facts.get("label") for bundle in tables.bundles]
    wanted = outcome or next((name for name in (*usual, *known) if name in known), None)
    if wanted not in known:
        return None
    dates = known[wanted]["as_of_dates"]
    if as_of is not None and as_of not in dates:
        return None
    return {
        "outcome": wanted,
        "title": known[wanted]["title"],
        "as_of_date": as_of or dates[0],
    }
