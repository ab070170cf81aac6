"""Compute the features of requests with the SQL that dbt compiled, in an in-memory DuckDB.

A request is read as staging reads a row of a file, by the same rules of the raw contract. Then
a session enters as a row of `marts.sessions`, a profile as a row of `int_customers_unioned`: there
the rows of all sources meet. All this SQL is the text in `predictions.request_statements`.
Requests of one batch are independent: each is a customer of its own, with that customer's history.

Each statement is planned once. A plan must not depend on the statistics of its tables at that time.
Therefore the optimizers that use them are off; with them, DuckDB 1.5.6 finds no rows in a table
that was empty. The cost of a run is the set-up of statements and operators, not the rows. Therefore
the inputs are views of the request, and rows are passed to a statement as JSON, without a plan.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

import duckdb
import pyarrow as pa

from scoring.serve.entities import KEY, SCORE, SERVING, Entity
from warehouse.connection import fetch, literal, quoted
from warehouse.errors import InputError

__all__ = ["ComputedFeatures", "RequestFeatures"]

BY_STATISTICS = "statistics_propagation,compressed_materialization"
"""The optimizers of DuckDB that use the statistics of tables."""
REMEDY = "run dbt build and python -m scoring publish again"


@dataclass(frozen=True)
class ComputedFeatures:
    """The features of one batch of requests, valid within the block of `RequestFeatures.of`."""

    batch: pa.RecordBatch
    """One row per request, in order: the features and `is_known`."""
    broken_rules: Sequence[str | None]
    """For each request, the rule of the raw contract that it breaks."""
    connection: duckdb.DuckDBPyConnection

    def words(self, scores: Mapping[str, pa.RecordBatch]) -> dict[tuple[str, str], Sequence[str]]:
        """The three reasons in words, by task and entity key; a row without reasons is left out.

        `scores` has the result of `score_batch` by task.
        """
        given = [
            {"task": task, **{name: row[name] for name in SCORE if name in row}}
            for task, batch in scores.items()
            for row in batch.to_pylist()
        ]
        found = _execute(self.connection, "words", given).fetchall()
        return {row[:2]: row[2:] for row in found}


class RequestFeatures:
    """Computes the features of one entity for rows that are not in the warehouse."""

    def __init__(self, file: str, entity: Entity, threads: int = 1) -> None:
        """Open a published file, which must not change; at most `threads` threads may use it.

        Raises InputError when the published tables have no SQL for requests.
        """
        self.entity = entity
        self._steps: list[str] = []
        self._free: SimpleQueue[duckdb.DuckDBPyConnection] = SimpleQueue()
        self._connection = duckdb.connect(config={"threads": 1})
        try:
            statements = self._set_up(file)
            for _ in range(threads):
                self._free.put(self._prepared(statements))
        except duckdb.Error as error:
            self._connection.close()
            reason = str(error).splitlines()[0]
            raise InputError(
                f"the published tables cannot score requests ({reason}): {REMEDY}"
            ) from None
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        """Close the connections and the file."""
        while not self._free.empty():
            self._free.get().close()
        self._connection.close()

    @contextmanager
    def of(self, rows: Sequence[Mapping[str, Any]]) -> Iterator[ComputedFeatures]:
        """The features of `rows`, within the block.

        A session is given as columns of `marts.sessions`: `started_at` is a naive UTC datetime,
        `customer_id` is None for an anonymous visitor. A customer is given as columns of
        `marts.customers`, with the `as_of_date` to compute for. Only one customer may be given at a
        time, because the customer is compared with all others of the region.
        """
        connection = self._free.get()
        connection.begin()
        try:
            given = [{KEY: f"request {n:06d}", **row} for n, row in enumerate(rows)]
            _execute(connection, "given", given)
            for name in self._steps:
                _execute(connection, name)
            found = _execute(connection, "features").to_arrow_table()
            known, broken = zip(*_execute(connection, "known").fetchall(), strict=True)
            (batch,) = (
                found.sort_by(f"{self.entity.name}_id")
                .append_column("is_known", pa.array(known, pa.bool_()))
                .combine_chunks()
                .to_batches()
            )
            yield ComputedFeatures(batch, broken, connection)
        finally:
            connection.rollback()
            self._free.put(connection)

    def _set_up(self, file: str) -> list[tuple[Any, ...]]:
        """Create the relations that the statements read and fill.

        Returns the name, relation and text of each statement.
        """
        self._run(f"attach {literal(file)} as {SERVING} (read_only)")
        statements = fetch(
            self._connection,
            "select database_name, source_name, statement, schema_name || '.' || table_name,"
            f" sql_text from {SERVING}.predictions.request_statements order by position",
        )
        if not statements:
            raise InputError(f"the published tables have no SQL for requests: {REMEDY}")
        (self._database, source, *_), entity = statements[0], self.entity
        self._run(f"attach ':memory:' as {quoted(self._database)}")
        for name, query in entity.history.items():
            self._create("table", f"history.{name}", query)
        self._create("table", "request.rows", entity.request)
        for relation, query in entity.inputs(source).items():
            self._create("view", relation, query)
        for *_, relation, text in statements:
            if relation is not None:
                self._create("table", relation, text, has_placeholders=False)
        # No relation is created after this: a change of the catalog makes every plan obsolete.
        self._run(f"set disabled_optimizers = '{BY_STATISTICS}'")
        return [statement[2:] for statement in statements]

    def _prepared(self, statements: Sequence[Sequence[Any]]) -> duckdb.DuckDBPyConnection:
        """A connection with a prepared plan for each statement."""
        connection, entity = self._connection.cursor(), self.entity
        fetch(connection, "set TimeZone = 'UTC'")
        texts = {
            "known": f"select is_known, quarantine_reason from <request.rows> as request"
            f" {entity.people}"
            f" order by request.{KEY}",
            "features": f"select features.* from <{entity.features}> as features"
            f" inner join <request.rows> as request on features.{entity.name}_id = request.{KEY}",
        }
        plans = {name: self._named(text) for name, text in texts.items()}
        for name, relation, text in statements:
            if name in entity.computed:
                plans[name] = f"insert into {self._named(f'<{relation}>')} {text}"
            elif name == f"{entity.name}_request":
                head = self._named("insert into <request.rows> by name with given as")
                rows = _rows(self._columns("request.rows"))
                plans["given"] = f"{head} ({rows}) select * from ({text})"
            elif name == f"{entity.name}_words":
                head = self._named(
                    f"with predictions as ({_rows(SCORE)}),"
                    f" features as (select * from <{entity.features}>)"
                    " select task, entity_id, reason_1_text, reason_2_text, reason_3_text"
                )
                plans["words"] = f"{head} from ({text})"
        for name, text in plans.items():
            fetch(connection, f"prepare {name} as {text}")
        self._steps = [name for name in plans if name in entity.computed]
        return connection

    def _columns(self, relation: str) -> dict[str, str]:
        """The columns of a relation and their types."""
        described = fetch(self._connection, self._named(f"describe <{relation}>"))
        return {name: kind for name, kind, *_ in described}

    def _create(self, kind: str, relation: str, query: str, has_placeholders: bool = True) -> None:
        schema = quoted(relation.partition(".")[0])
        self._run(f"create schema if not exists {quoted(self._database)}.{schema}")
        head = self._named(f"create {kind} <{relation}>")
        fetch(self._connection, f"{head} as {self._named(query) if has_placeholders else query}")

    def _run(self, statement: str) -> None:
        fetch(self._connection, self._named(statement))

    def _named(self, statement: str) -> str:
        """The statement with each `<schema.table>` replaced by the quoted relation."""

        def relation(found: re.Match[str]) -> str:
            return ".".join(map(quoted, (self._database, found[1], found[2])))

        return re.sub(r"<(\w+)\.(\w+)>", relation, statement)


def _rows(columns: Mapping[str, str]) -> str:
    """A query that turns the JSON parameter of a plan into rows with these columns."""
    shape = literal(json.dumps([dict(columns)]))
    return f"select unnest(from_json(cast($1 as varchar), {shape}), recursive := true)"


def _execute(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    rows: Sequence[Mapping[str, Any]] | None = None,
) -> duckdb.DuckDBPyConnection:
    """Run a prepared plan, with `rows` as its JSON parameter if it has one."""
    if rows is None:
        return connection.execute(f"execute {name}")
    return connection.execute(f"execute {name}({literal(json.dumps(rows, default=str))})")
