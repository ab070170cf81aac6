"""Audiences: their sizes, their first members, and the measured effect of campaigns."""

from scoring.serve.browse.tables import Facts, Tables
from scoring.serve.browse.words import table_title, what_a_row_is

__all__ = ["audience", "audiences"]

SCHEMA, LIFT = "activation", "activation.activation_lift"
COLUMNS = {"audience", "customer_id", "as_of_date", "priority", "reason", "is_holdout"}
"""The columns of an audience; a table of the schema without them is not an audience."""
MEMBERS = 100
"""The number of members listed for an audience."""


def audiences(tables: Tables) -> Facts:
    """All published audiences, as bodies.Audiences describes them."""
    return {"audiences": [_facts(tables, table) for table in _found(tables)]}


def audience(tables: Tables, name: str) -> Facts | None:
    """One audience with its first MEMBERS members by priority; None if it is not published."""
    table = f"{SCHEMA}.{name}"
    if table not in _found(tables):
        return None
    members = tables.rows(
        table,
        "select customer_id, priority, reason, is_holdout from {0}"
        f" order by priority desc nulls last, customer_id limit {MEMBERS}",
    )
    return {"audience": _facts(tables, table), "members": members}


def _found(tables: Tables) -> list[str]:
    return sorted(
        table
        for table, columns in tables.columns.items()
        if table.startswith(f"{SCHEMA}.") and columns.keys() >= COLUMNS
    )


def _facts(tables: Tables, table: str) -> Facts:
    name = table.removeprefix(f"{SCHEMA}.")
    (sizes,) = tables.rows(
        table,
        "select count(*) as customers, count(case when is_holdout then 1 end) as held_out,"
        " max(as_of_date) as as_of_date from {0}",
    )
    # Only the effect over all customers, and only if there were enough to measure it.
    lift = tables.rows(
        LIFT,
        "select outcome, outcome_title as title, contacted, contacted_rate, held_out,"
        " held_out_rate, effect, effect_low, effect_high, added_responders, added_low,"
        " added_high, verdict from {0}"
        " where audience = $1 and level = 0 and verdict <> 'too_few' order by outcome",
        [name],
    )
    return {
        "audience": name,
        "title": table_title(name),
        "description": what_a_row_is(tables.comments[table]),
        "priority": tables.columns[table]["priority"],
        **sizes,
        "lift": lift,
    }
