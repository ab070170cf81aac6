"""The members of an audience: consent checked again, and compared with the last delivery."""

import hashlib
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb
import pyarrow as pa

from warehouse.connection import columns, fetch, qualified, require_tables
from warehouse.errors import InputError, UsageError

__all__ = ["AudienceChange", "AudienceSnapshot", "difference", "known_audiences", "read"]

SETTINGS = "seeds.audiences"
PRIVATE = ("audience", "as_of_date", "is_holdout")
"""Columns of an audience that are not delivered."""


@dataclass(frozen=True)
class AudienceSnapshot:
    """One audience on one as-of date."""

    name: str
    as_of_date: date
    rows: pa.Table
    """One row per customer who is not held out, with the delivered columns, by customer_id."""
    members: pa.Table
    """One row per customer, held out or not: customer_id, is_holdout, content_hash."""

    @property
    def held_out(self) -> int:
        """The number of customers held out."""
        return int(self.members.num_rows - self.rows.num_rows)

    def delivery_id(self, destination: str) -> str:
        """16 hex digits, the same for the same content and destination."""
        digest = hashlib.sha256(f"{self.name}\n{self.as_of_date}\n{destination}\n".encode())
        for row in self.members.to_pylist():
            digest.update("\t".join(map(str, row.values())).encode())
        return digest.hexdigest()[:16]


@dataclass(frozen=True)
class AudienceChange:
    """Customers added, removed and changed since the last delivery; the first one adds all."""

    added: int
    removed: int
    changed: int
    removed_ids: tuple[str, ...]


def known_audiences(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The names of the audiences in the seed, sorted. Raises InputError without the seed."""
    require_tables(connection, SETTINGS)
    rows = fetch(connection, f"select audience from {qualified(connection, SETTINGS)} order by 1")
    return [name for (name,) in rows]


def read(connection: duckdb.DuckDBPyConnection, name: str) -> AudienceSnapshot | None:
    """The audience as it may be delivered now; None when it has no members.

    Consent is checked again in marts.customers. A customer in a delivery of another audience within
    the pause is left out, because that delivery may be newer than the dbt run. Raises UsageError
    (an unknown audience) or InputError (its table or a column is missing).
    """
    known = known_audiences(connection)
    if name not in known:
        raise UsageError(f"no audience {name!r}: choose one of {', '.join(known)}")
    relation = f"activation.{name}"
    require_tables(connection, relation, "marts.customers", "scoring.delivery_members")
    there = columns(connection, relation)
    for column in ("customer_id", *PRIVATE):
        if column not in there:
            raise InputError(
                f"{relation} has no column {column}: add it to the model, see docs/activate.md"
            )
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
    return AudienceSnapshot(
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


def difference(connection: duckdb.DuckDBPyConnection, audience: AudienceSnapshot) -> AudienceChange:
    """The changes since the last delivery of the audience, to whichever destination."""
    members = qualified(connection, "scoring.delivery_members")
    deliveries = qualified(connection, "scoring.deliveries")
    now = audience.members  # noqa: F841 - DuckDB reads it by its name
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
