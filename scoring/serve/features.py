"""A request's rows become features through the SQL that dbt compiled, in a DuckDB of their own.

The rows enter where all sources meet: a session as a row of `marts.sessions`, a profile as one of
`int_customers_unioned`. Everything after that is the text of `predictions.request_statements`.
Requests of one batch cannot see each other: each is its own customer, with that one's history.

Every statement is planned once. A plan must not lean on what its tables held when it was made, so
the optimizers that do are off: with them DuckDB 1.5.6 finds nothing in a table that was empty.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import duckdb
import pyarrow as pa

from scoring.errors import InputError
from scoring.serve.entities import INPUTS, KEY, SCORES, SERVING, Entity
from scoring.warehouse import fetch, quoted

__all__ = ["Features"]

BY_STATISTICS = "statistics_propagation,compressed_materialization"
REMEDY = "run dbt build and python -m scoring publish again"


class Features:
    """The features of one entity for rows that the warehouse has not. For one thread at a time."""

    def __init__(self, file: str, entity: Entity) -> None:
        """Open a published file, which must not change.

        Raises InputError when what is published has no SQL for requests.
        """
        self.entity = entity
        self._steps: list[str] = []
        self._connection = duckdb.connect(config={"threads": 1})
        try:
            self._set_up(file)
        except duckdb.Error as error:
            self._connection.close()
            reason = str(error).splitlines()[0]
            raise InputError(f"what is published scores no requests ({reason}): {REMEDY}") from None
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    @contextmanager
    def of(self, rows: Sequence[Mapping[str, Any]]) -> Iterator[pa.RecordBatch]:
        """The features of `rows` in their order, and `is_known`; in the block `words` knows them.

        A session is given as columns of `marts.sessions`; `started_at` is a naive UTC datetime,
        `customer_id` none for an anonymous visitor. A customer is given as columns of
        `marts.customers`, and the `as_of_date` to compute for; one at a time, as each is compared
        with everyone of its region.
        """
        given = pa.Table.from_pylist(
            [{KEY: f"request {n:06d}", **row} for n, row in enumerate(rows)]
        )
        self._connection.begin()
        try:
            self._insert("<request.rows>", "select * from given", given)
            for name in self._steps:
                self._run(f"execute {name}")
            answer = self._connection.execute("execute answer").to_arrow_table()
            (batch,) = answer.combine_chunks().to_batches()
            yield batch
        finally:
            self._connection.rollback()

    def words(self, scores: Mapping[str, pa.RecordBatch]) -> dict[tuple[str, str], Sequence[str]]:
        """The three reasons in words by task and entity key, of scores as `score_batch` gives them.

        To be asked once in a block; a row without a reason is not there.
        """
        given = pa.concat_tables(
            pa.Table.from_batches([batch])
            .drop(["probability", "score", "unscorable"])
            .append_column("task", pa.array([task] * batch.num_rows, pa.string()))
            for task, batch in scores.items()
        )
        self._insert("<request.scores>", "select * from given", given)
        return {row[:2]: row[2:] for row in fetch(self._connection, "execute words")}

    def _set_up(self, file: str) -> None:
        self._run("set TimeZone = 'UTC'")
        place = file.replace("'", "''")
        self._run(f"attach '{place}' as {SERVING} (read_only)")
        statements = fetch(
            self._connection,
            "select statement, database_name, source_name, schema_name || '.' || table_name,"
            f" sql_text from {SERVING}.predictions.request_statements order by position",
        )
        if not statements:
            raise InputError(f"what is published has no SQL for requests: {REMEDY}")
        (_, self._database, source, *_), entity = statements[0], self.entity
        self._run(f"attach ':memory:' as {quoted(self._database)}")
        for relation, definition in INPUTS.items():
            self._make(relation, definition)
        for name, query in entity.history.items():
            self._make(f"history.{name}", f"as {query}")
        self._make("request.rows", f"as {entity.request}")
        self._make("request.scores", SCORES)
        for _, _, _, relation, text in statements:
            if relation is not None:
                self._make(relation, f"as {text}", ours=False)
        # Nothing is made from here on: a plan older than its catalog is planned again each time.
        self._run(f"set disabled_optimizers = '{BY_STATISTICS}'")
        for step in entity.steps:
            self._step(step)
        self._step(
            "insert into <intermediate.int_as_of_dates_scheduled>"
            f" select distinct '{source}', {entity.as_of_date} from <request.rows>"
        )
        for name, _, _, relation, text in statements:
            if name in entity.computed:
                self._step(f"insert into {self._named(f'<{relation}>')} {text}", ours=False)
            elif name == f"{entity.name}_words":
                self._answer(text)

    def _answer(self, words: str) -> None:
        """What is read at the end: the features, and the reasons in words."""
        self._run(
            f"prepare answer as select features.*, people.is_known"
            f" from <{self.entity.features}> as features"
            f" inner join <request.rows> as request"
            f" on features.{self.entity.name}_id = request.{KEY} {self.entity.people}"
            f" order by request.{KEY}"
        )
        head = self._named(
            "prepare words as with predictions as (select * from <request.scores>),"
            f" features as (select * from <{self.entity.features}>)"
            " select task, entity_id, reason_1_text, reason_2_text, reason_3_text"
        )
        fetch(self._connection, f"{head} from ({words})")

    def _make(self, relation: str, definition: str, ours: bool = True) -> None:
        schema = quoted(relation.partition(".")[0])
        self._run(f"create schema if not exists {quoted(self._database)}.{schema}")
        made = self._named(f"create table <{relation}>")
        fetch(self._connection, f"{made} {self._named(definition) if ours else definition}")

    def _step(self, statement: str, ours: bool = True) -> None:
        name = f"step_{len(self._steps)}"
        text = self._named(statement) if ours else statement
        fetch(self._connection, f"prepare {name} as {text}")
        self._steps.append(name)

    def _insert(self, relation: str, query: str, given: pa.Table) -> None:
        """Insert what `query` selects from the Arrow table, which it calls `given`."""
        self._connection.execute(self._named(f"insert into {relation} by name {query}"))

    def _run(self, statement: str) -> None:
        fetch(self._connection, self._named(statement))

    def _named(self, statement: str) -> str:
        """The statement with its `<schema.table>` as SQL."""

        def relation(found: re.Match[str]) -> str:
            return ".".join(map(quoted, (self._database, found[1], found[2])))

        return re.sub(r"<(\w+)\.(\w+)>", relation, statement)
