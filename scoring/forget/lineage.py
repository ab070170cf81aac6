"""Which rows are about a person: by customer id, or by the keys of their sessions, orders, ….

No table is listed here. A table with a column `customer_id` is searched by it. A table without it
is searched by keys that another table assigns to the customer. So new tables are covered as well.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from warehouse.connection import fetch, quoted
from warehouse.feature_tables import load_feature_tables

__all__ = [
    "OWNED",
    "PERSON",
    "Relation",
    "condition",
    "entity_keys",
    "mark_known",
    "relations",
    "remaining_rows",
    "start",
    "trace",
    "unknown_ids",
]

PERSON = "customer_id"
OWNED = ("session_id", "order_id", "order_item_id", "engagement_id", "raw_hash", "raw_text")
"""Keys of rows that belong to one customer; raw_hash and raw_text identify quarantined rows."""
ENTITIES = (PERSON, *OWNED[:4])
EXAMPLE = "example_raw_text"
"""A column that quotes a raw row: the quote is erased, the row is kept."""
ERASED = "'erased with its customer'"
QUOTES = f"{EXAMPLE} in (select id from temp.traced_keys where key = 'raw_text')"
"""The condition for rows that quote a row of the person."""


@dataclass(frozen=True)
class Relation:
    """A table of an attached database; `name` is `schema.table`."""

    database: str
    name: str
    columns: tuple[str, ...]

    @property
    def sql(self) -> str:
        """`database.schema.table`, quoted."""
        return ".".join(map(quoted, [self.database, *self.name.split(".", 1)]))


def entity_keys(manifest: Path) -> dict[str, str]:
    """The key column that `entity_id` holds, by task, from the project's YAML.

    Raises InputError when dbt's manifest cannot be read.
    """
    return {
        task.name: table.entity_key
        for table in load_feature_tables(manifest)
        for task in table.tasks
    }


def relations(connection: duckdb.DuckDBPyConnection, database: str) -> list[Relation]:
    """The tables of a database, by name; views are left out because they hold no rows."""
    rows = fetch(
        connection,
        "select schema_name || '.' || table_name, list(column_name order by column_index)"
        " from duckdb_columns() inner join duckdb_tables()"
        " using (database_name, schema_name, table_name)"
        " where database_name = ? and not duckdb_tables.internal group by 1 order by 1",
        [database],
    )
    return [Relation(database, name, tuple(columns)) for name, columns in rows]


def start(
    connection: duckdb.DuckDBPyConnection,
    ids: Mapping[str, Iterable[str]],
    tasks: Mapping[str, str],
) -> None:
    """Create the temporary tables that the conditions read.

    `ids` are the ids to erase by key column, `tasks` the result of `entity_keys`. The tables are
    traced_keys (keys of the person), entities, known_ids and runs.
    """
    rows = [(key, each) for key, values in ids.items() for each in values]
    given = pa.table({"key": [key for key, _ in rows], "id": [each for _, each in rows]})  # noqa: F841
    entities = pa.table(  # noqa: F841 - DuckDB reads both by their names
        {"task": pa.array(tasks, pa.string()), "key": pa.array(tasks.values(), pa.string())}
    )
    connection.execute("create or replace temp table traced_keys as select key, id from given")
    connection.execute("create or replace temp table entities as select task, key from entities")
    connection.execute("create or replace temp table known_ids (id varchar)")
    connection.execute("create or replace temp table runs (run_key bigint, task varchar)")


def unknown_ids(connection: duckdb.DuckDBPyConnection, tables: Iterable[Relation]) -> set[str]:
    """The ids that neither a table nor a raw file (see `mark_known`) has as a customer."""
    for table in tables:
        if PERSON in table.columns:
            mark_known(connection, f"cast({PERSON} as varchar)", table.sql)
    rows = fetch(
        connection,
        f"select id from temp.traced_keys where key = '{PERSON}' except"
        " select id from temp.known_ids",
    )
    return {each for (each,) in rows}


def mark_known(connection: duckdb.DuckDBPyConnection, value: str, relation: str) -> None:
    """Record the ids that a relation has; `value` is its customer id as SQL."""
    fetch(
        connection,
        f"insert into temp.known_ids select distinct id from {relation} as relation inner join"
        f" temp.traced_keys as traced on {value} = traced.id and traced.key = '{PERSON}'",
    )


def condition(columns: Iterable[str]) -> str | None:
    """The SQL condition for a person's rows in a table with these columns.

    None for a table without any key of a person. A row with a customer id is matched by that id
    only, because two customers may claim one order.
    """
    names = set(columns)
    owned = " or ".join(_in(key, key) for key in OWNED if key in names)
    if PERSON in names:
        orphans = f" or ({PERSON} is null and ({owned}))" if owned else ""
        return f"({_in(PERSON, PERSON)}{orphans})"
    if "entity_id" in names:
        any_key = f"entity_id in (select id from temp.traced_keys where key in {ENTITIES})"
        of_tasks = "temp.traced_keys inner join temp.entities using (key)"
        if "task" in names:
            return (
                f"((task, entity_id) in (select task, id from {of_tasks})"
                f" or (task not in (select task from temp.entities) and {any_key}))"
            )
        if "run_key" in names:
            known = "temp.runs inner join temp.entities using (task)"
            return (
                "((run_key, entity_id) in"
                f" (select run_key, id from {of_tasks} inner join temp.runs using (task))"
                f" or (run_key not in (select run_key from {known}) and {any_key}))"
            )
        return any_key
    return f"({owned})" if owned else None


def remaining_rows(columns: Iterable[str], relation: str) -> str:
    """The query for a relation's rows without the person's rows and without quotes of them."""
    names = list(columns)
    where = condition(names)
    star = "select *"
    if EXAMPLE in names:
        star += f" replace (case when {QUOTES} then {ERASED} else {EXAMPLE} end as {EXAMPLE})"
    return f"{star} from {relation}" + (f" where not coalesce({where}, false)" if where else "")


def trace(connection: duckdb.DuckDBPyConnection, tables: Iterable[Relation]) -> None:
    """Add every key of the person to traced_keys, until no table yields a new one.

    The table runs is filled as well: it gives the task of scores that have only a run_key.
    """
    tables = list(tables)
    for table in tables:
        if {"run_key", "task"} <= set(table.columns):
            fetch(
                connection,
                "insert into temp.runs select distinct run_key, task"
                f" from {table.sql} where run_key is not null",
            )
    searched = [
        (table, key, found)
        for table in tables
        for key in OWNED
        if key in table.columns and (found := condition(table.columns))
    ]
    before = -1
    while (size := _size(connection)) > before:
        before = size
        for table, key, found in searched:
            fetch(
                connection,
                f"insert into temp.traced_keys select '{key}', cast({key} as varchar)"
                f" from {table.sql} where {found} and {key} is not null"
                " except select key, id from temp.traced_keys",
            )


def _size(connection: duckdb.DuckDBPyConnection) -> int:
    ((size,),) = fetch(connection, "select count(*) from temp.traced_keys")
    return int(size)


def _in(column: str, key: str) -> str:
    return f"cast({column} as varchar) in (select id from temp.traced_keys where key = '{key}')"
