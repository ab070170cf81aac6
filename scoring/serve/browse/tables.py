"""A published version, asked for what the live page shows: every answer is JSON, and remembered."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import duckdb

from scoring.serve.entities import SERVING
from scoring.status import ORDER
from warehouse.connection import fetch, quoted

__all__ = ["Asked", "Facts", "Question", "Tables", "counts"]

KEPT = 256
"""Answers remembered: a version does not change."""

Facts = dict[str, Any]


@dataclass(frozen=True)
class Question:
    """What is asked, and about what."""

    name: str
    about: tuple[Any, ...] = ()


class Tables:
    """The tables of one published version. For one thread at a time."""

    def __init__(self, file: str, publication: Facts) -> None:
        """Open a published file; raises duckdb.Error when that cannot be."""
        self._publication = publication
        self._connection = duckdb.connect(config={"threads": 1})
        try:
            place = file.replace("'", "''")
            fetch(self._connection, f"attach '{place}' as {SERVING} (read_only)")
            self.columns: dict[str, dict[str, str]] = {}
            """What is said of each column, by table."""
            for table, column, comment in self._catalog("duckdb_columns", "column_name"):
                self.columns.setdefault(table, {})[column] = comment
            self.comments = {table: comment for table, _, comment in self._catalog("duckdb_tables")}
            """What is said of each table."""
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def rows(self, table: str, query: str, values: Sequence[Any] = ()) -> list[Facts]:
        """The rows of a query on a table, which is `{0}` in it.

        None where there is no such table: a project may do without audiences.
        """
        if table not in self.columns:
            return []
        schema, _, name = table.partition(".")
        relation = f"{SERVING}.{quoted(schema)}.{quoted(name)}"
        found = self._connection.execute(query.format(relation), list(values))
        names = [each[0] for each in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def written(self, answer: Facts) -> str:
        """An answer as JSON, with the version it is of."""
        return json.dumps(answer | {"publication": self._publication}, default=_text)

    def _catalog(self, function: str, column: str = "null") -> list[Any]:
        return fetch(
            self._connection,
            f"select schema_name || '.' || table_name, {column}, coalesce(comment, '')"
            f" from {function}() where database_name = ?",
            [SERVING],
        )


class Asked:
    """Answers questions of one version, by their names. For one thread at a time."""

    def __init__(self, tables: Tables, known: Mapping[str, Callable[..., Facts | None]]) -> None:
        """`known` says by name what answers a question, from the tables and what it is about."""
        self._tables, self._known = tables, known
        self._one = lru_cache(KEPT)(self._answer)

    def answer(self, questions: Sequence[Question]) -> list[str | None]:
        """The JSON of each answer, none where there is nothing of the kind."""
        return [self._one(question) for question in questions]

    def close(self) -> None:
        """Let go of the file."""
        self._tables.close()

    def _answer(self, question: Question) -> str | None:
        found = self._known[question.name](self._tables, *question.about)
        return None if found is None else self._tables.written(found)


def counts(rows: Iterable[Facts]) -> dict[str, int]:
    """How many checks fail, warn and are ok."""
    found = [row["status"] for row in rows]
    return {status: found.count(status) for status in ORDER}


def _text(value: Any) -> str:
    return f"{value.isoformat()}Z" if isinstance(value, datetime) else str(value)
