"""Micro-segments that may be shown, with their numerosity; others are not listed or counted."""

from datetime import date

from scoring.serve.browse.tables import Facts, Tables

__all__ = ["segment", "segments"]

SHOWN = "segments.public_micro_segments"
OVERVIEW, OUTCOMES = "segments.segment_overview", "segments.outcomes"
COUNTS = ("segments", "reliable", "borderline", "too_few")
FIGURES = (
    "segment_id, segment_name, level, level_title, parent_segment_id, customers, buyers, rate,"
    " wilson_low, wilson_high, eb_rate, eb_low, eb_high, lift, p_value, q_value, customers_needed,"
    " verdict, rolled_up_to, reliable_rank, customers_share, buyers_share, customers_scored,"
    " predicted_rate, observed_minus_predicted, observed_minus_predicted_low,"
    " observed_minus_predicted_high"
)


def segments(
    tables: Tables, outcome: str | None = None, as_of: date | None = None, level: int | None = None
) -> Facts | None:
    """The segments of an outcome and date, sorted by level and then by size, largest first.

    The default outcome is the headline outcome, the default date the newest one. None when there
    are segments, but none for this outcome and date.
    """
    choices = _choices(tables)
    if not choices:
        return {"place": None, "choices": [], "counts": None, "segments": []}
    place = _place(choices, outcome, as_of)
    if place is None:
        return None
    rows = [row for row in _rows(tables, place) if level is None or row["level"] == level]
    return {
        "place": place,
        "choices": choices,
        "counts": _counts(tables, place),
        "segments": rows,
    }


def segment(
    tables: Tables, name: str, outcome: str | None = None, as_of: date | None = None
) -> Facts | None:
    """One segment with its parent, its parts and its figures at other dates; None if unknown."""
    place = _place(_choices(tables), outcome, as_of)
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


def _counts(tables: Tables, place: Facts) -> Facts:
    """The number of segments for an outcome and date by verdict, without level 0 (everyone)."""
    (found,) = tables.rows(
        OVERVIEW,
        f"select {', '.join(COUNTS)} from {{0}} where outcome = $1 and as_of_date = $2",
        [place["outcome"], place["as_of_date"]],
    )
    return found


def _choices(tables: Tables) -> list[Facts]:
    """The published outcomes, each with its dates, newest first."""
    dates: dict[str, list[date]] = {}
    for row in tables.rows(
        OVERVIEW, "select outcome, as_of_date from {0} order by as_of_date desc"
    ):
        dates.setdefault(row["outcome"], []).append(row["as_of_date"])
    rows = tables.rows(
        OUTCOMES, "select outcome, outcome_title as title, is_headline from {0} order by outcome"
    )
    return [row | {"as_of_dates": dates[row["outcome"]]} for row in rows if row["outcome"] in dates]


def _place(choices: list[Facts], outcome: str | None, as_of: date | None) -> Facts | None:
    """The requested outcome and date, with the defaults filled in; None if not published."""
    found = [
        row for row in choices if (row["outcome"] == outcome if outcome else row["is_headline"])
    ]
    if not found or (as_of is not None and as_of not in found[0]["as_of_dates"]):
        return None
    return {
        "outcome": found[0]["outcome"],
        "title": found[0]["title"],
        "as_of_date": as_of or found[0]["as_of_dates"][0],
    }
