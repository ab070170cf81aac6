"""Who is delivered: the audience as dbt built it, asked once more, against the last delivery."""

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import pyarrow as pa

from warehouse.connection import columns, fetch, qualified, require_tables
from warehouse.errors import InputError, UsageError

__all__ = ["Audience", "AudienceChange", "difference", "known_audiences", "read"]

SETTINGS = "seeds.audiences"
PRIVATE = ("audience", "as_of_date", "is_holdout")
"""Columns of an audience that are not part of what is delivered about a customer."""


@dataclass(frozen=True)
class Audience:
    """One audience on one date: the rows to deliver, by customer, and everybody's row hash."""

    name: str
    as_of_date: date
    rows: pa.Table
    """Delivered columns of the customers who are not held out, ordered by customer."""
    members: pa.Table
    """customer_id, is_holdout, content_hash of all."""

    @property
    def held_out(self) -> int:
        """How many are held out."""
        return int(self.members.num_rows - self.rows.num_rows)

    def delivery_id(self, destination: str) -> str:
        """The same for the same content and destination: a delivery repeated is the same one."""
        digest = hashlib.sha256(f"{self.name}\n{self.as_of_date}\n{destination}\n".encode())
        for row in self.members.to_pylist():
            digest.update("\t".join(map(str, row.values())).encode())
        return digest.hexdigest()[:16]


@dataclass(frozen=True)
class AudienceChange:
    """Against the last delivery; all are `added` in the first."""

    added: int
    removed: int
    changed: int
    removed_ids: tuple[str, ...]


def known_audiences(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The audiences of the seed, by name."""
    require_tables(connection, SETTINGS)
    rows = fetch(connection, f"select audience from {qualified(connection, SETTINGS)} order by 1")
    return [name for (name,) in rows]


def read(connection: duckdb.DuckDBPyConnection, name: str) -> Audience | None:
    """The audience as it may be delivered now, None when nobody is in it.

    Consent is asked for once more, in the newest customers there are; who is in a delivery of
    another audience within the pause is left out, as it may have gone out since dbt ran. Raises
    UsageError (no such audience) or InputError (it is not built).
    """
    known = known_audiences(connection)
    if name not in known:
        raise UsageError(f"no audience {name!r}: the audiences are {', '.join(known)}")
    relation = f"activation.{name}"
    require_tables(connection, relation, "marts.customers", "scoring.delivery_members")
    there = columns(connection, relation)
    for column in ("customer_id", *PRIVATE):
        if column not in there:
            raise InputError(f"{relation} has no column {column}: see docs/activate.md")
    delivered = ", ".join(f'people."{column}"' for column in there if column not in PRIVATE)
    fetch(
        connection,
        "create or replace temp table delivering as select people.as_of_date,"
        f" people.is_holdout, md5(to_json(struct_pack({_packed(there)}))) as content_hash,"
        f" {delivered}"
        f" from {qualified(connection, relation)} as people"
        f" inner join {qualified(connection, 'marts.customers')} as customers using (customer_id)"
        " where customers.has_marketing_consent and not exists (select 1"
        f" from {qualified(connection, 'scoring.delivery_members')} as members"
        f" inner join {qualified(connection, SETTINGS)} as settings on settings.audience = $name"
        " where members.customer_id = people.customer_id and members.audience <> $name"
        " and members.as_of_date + settings.pause_days > people.as_of_date)",
        {"name": name},
    )
    ((as_of,),) = fetch(connection, "select max(as_of_date) from delivering")
    if as_of is None:
        return None
    return Audience(
        name,
        as_of,
        connection.sql(
            f"select {delivered} from delivering as people where not is_holdout"
            " order by customer_id"
        ).to_arrow_table(),
        connection.sql(
            "select customer_id, is_holdout, content_hash from delivering order by customer_id"
        ).to_arrow_table(),
    )


def _packed(there: dict[str, str]) -> str:
    return ", ".join(f'"{each}" := people."{each}"' for each in there if each not in PRIVATE)


def difference(connection: duckdb.DuckDBPyConnection, audience: Audience) -> AudienceChange:
    """What a receiver of the last delivery would find different."""
    members = qualified(connection, "scoring.delivery_members")
    deliveries = qualified(connection, "scoring.deliveries")
    now = audience.members  # noqa: F841 - read by its name
    rows: list[tuple[Any, ...]] = connection.execute(
        "with last as (select customer_id, content_hash"
        f" from {members} where not is_holdout and delivery_id = (select delivery_id"
        f" from {deliveries} where audience = ? order by delivered_at desc, delivery_id limit 1)),"
        " here as (select customer_id, content_hash from now where not is_holdout)"
        " select coalesce(here.customer_id, last.customer_id), last.customer_id is null,"
        " here.customer_id is null from here full outer join last"
        " on here.customer_id = last.customer_id"
        " where here.content_hash is distinct from last.content_hash order by 1",
        [audience.name],
    ).fetchall()
    removed = tuple(row[0] for row in rows if row[2])
    added = sum(row[1] for row in rows)
    return AudienceChange(added, len(removed), len(rows) - added - len(removed), removed)
