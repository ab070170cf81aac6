"""Which rows are about a person: by the customer's id, or by what is theirs (sessions, orders, …).

Nothing here lists tables. A table with a column `customer_id` is asked for it; one without is asked
for a key that some other table says is the customer's. So tables that are added later are covered.
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
    "Relation",
    "condition",
    "entity_keys",
    "note",
    "relations",
    "see",
    "trace",
    "unseen",
]

PERSON = "customer_id"
OWNED = ("session_id", "order_id", "order_item_id", "engagement_id", "raw_hash", "raw_text")
"""Keys of rows that belong to one customer. raw_hash and raw_text lead to quarantined rows."""
ENTITIES = (PERSON, *OWNED[:4])
EXAMPLE = "example_raw_text"
"""A column that quotes a row: the quote goes, the row stays."""
ERASED = "'erased with its customer'"
QUOTES = f"{EXAMPLE} in (select id from temp.forgotten where key = 'raw_text')"


@dataclass(frozen=True)
class Relation:
    """A table of an attached database, as SQL and for people."""

    database: str
    name: str
    columns: tuple[str, ...]

    @property
    def sql(self) -> str:
        """With its database, quoted."""
        return ".".join(map(quoted, [self.database, *self.name.split(".", 1)]))


def entity_keys(manifest: Path) -> dict[str, str]:
    """What each task's `entity_id` is: {task: its key column}, as the project's YAML says.

    Raises InputError when dbt's manifest cannot be read.
    """
    return {
        task.name: table.entity_key
        for table in load_feature_tables(manifest)
        for task in table.tasks
    }


def relations(connection: duckdb.DuckDBPyConnection, database: str) -> list[Relation]:
    """The tables of a database (views hold nothing), in order."""
    rows = fetch(
        connection,
        "select schema_name || '.' || table_name, list(column_name order by column_index)"
        " from duckdb_columns() inner join duckdb_tables()"
        " using (database_name, schema_name, table_name)"
        " where database_name = ? and not duckdb_tables.internal group by 1 order by 1",
        [database],
    )
    return [Relation(database, name, tuple(columns)) for name, columns in rows]


def note(
    connection: duckdb.DuckDBPyConnection,
    ids: Mapping[str, Iterable[str]],
    tasks: Mapping[str, str],
) -> None:
    """Start the temporary tables that conditions look into: what is known to be theirs."""
    rows = [(key, each) for key, values in ids.items() for each in values]
    noted = pa.table({"key": [key for key, _ in rows], "id": [each for _, each in rows]})  # noqa: F841
    entities = pa.table(  # noqa: F841 - both are read by their names
        {"task": pa.array(tasks, pa.string()), "key": pa.array(tasks.values(), pa.string())}
    )
    connection.execute("create or replace temp table forgotten as select key, id from noted")
    connection.execute("create or replace temp table entities as select task, key from entities")
    connection.execute("create or replace temp table seen (id varchar)")
    connection.execute("create or replace temp table runs (run_key bigint, task varchar)")


def unseen(connection: duckdb.DuckDBPyConnection, tables: Iterable[Relation]) -> set[str]:
    """The ids that no table and no raw file (which notes what it saw) names as a customer."""
    for table in tables:
        if PERSON in table.columns:
            see(connection, f"cast({PERSON} as varchar)", table.sql)
    rows = fetch(
        connection,
        f"select id from temp.forgotten where key = '{PERSON}' except select id from temp.seen",
    )
    return {each for (each,) in rows}


def see(connection: duckdb.DuckDBPyConnection, value: str, relation: str) -> None:
    """Note which of the ids a relation names."""
    fetch(
        connection,
        f"insert into temp.seen select distinct id from {relation} as relation inner join"
        f" temp.forgotten as forgotten on {value} = forgotten.id and forgotten.key = '{PERSON}'",
    )


def condition(columns: Iterable[str]) -> str | None:
    """The SQL that is true for a person's row of a table with these columns; None if none can be.

    A row that names its customer goes by that name alone: two customers may claim one order.
    """
    names = set(columns)
    owned = " or ".join(_in(key, key) for key in OWNED if key in names)
    if PERSON in names:
        orphans = f" or ({PERSON} is null and ({owned}))" if owned else ""
        return f"({_in(PERSON, PERSON)}{orphans})"
    if "entity_id" in names:
        anything = f"entity_id in (select id from temp.forgotten where key in {ENTITIES})"
        theirs = "temp.forgotten inner join temp.entities using (key)"
        if "task" in names:
            return (
                f"((task, entity_id) in (select task, id from {theirs})"
                f" or (task not in (select task from temp.entities) and {anything}))"
            )
        if "run_key" in names:
            known = "temp.runs inner join temp.entities using (task)"
            return (
                "((run_key, entity_id) in"
                f" (select run_key, id from {theirs} inner join temp.runs using (task))"
                f" or (run_key not in (select run_key from {known}) and {anything}))"
            )
        return anything
    return f"({owned})" if owned else None


def rest(columns: Iterable[str], relation: str) -> str:
    """The query of a relation without the person's rows, and without what quotes them."""
    names = list(columns)
    where = condition(names)
    star = "select *"
    if EXAMPLE in names:
        star += f" replace (case when {QUOTES} then {ERASED} else {EXAMPLE} end as {EXAMPLE})"
    return f"{star} from {relation}" + (f" where not coalesce({where}, false)" if where else "")


def trace(connection: duckdb.DuckDBPyConnection, tables: Iterable[Relation]) -> None:
    """Follow the lineage: note every key that is the person's, until there is nothing new.

    Scores name their run, and the run its task: that is noted, too.
    """
    tables = list(tables)
    for table in tables:
        if {"run_key", "task"} <= set(table.columns):
            fetch(
                connection,
                "insert into temp.runs select distinct run_key, task"
                f" from {table.sql} where run_key is not null",
            )
    asked = [
        (table, key, found)
        for table in tables
        for key in OWNED
        if key in table.columns and (found := condition(table.columns))
    ]
    before = -1
    while (size := _size(connection)) > before:
        before = size
        for table, key, found in asked:
            fetch(
                connection,
                f"insert into temp.forgotten select '{key}', cast({key} as varchar)"
                f" from {table.sql} where {found} and {key} is not null"
                " except select key, id from temp.forgotten",
            )


def _size(connection: duckdb.DuckDBPyConnection) -> int:
    ((size,),) = fetch(connection, "select count(*) from temp.forgotten")
    return int(size)


def _in(column: str, key: str) -> str:
    return f"cast({column} as varchar) in (select id from temp.forgotten where key = '{key}')"
