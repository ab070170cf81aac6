"""Queries of the live page on one published version; the answers are JSON and are cached."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

import duckdb

from scoring.serve.entities import SERVING
from scoring.status import NOT_APPLICABLE, ORDER
from warehouse.connection import fetch, literal, quoted

__all__ = ["Facts", "Question", "TableAnswers", "Tables", "counts"]

CACHED = 256
"""The number of cached answers; they stay valid because a version does not change."""

Facts = dict[str, Any]


@dataclass(frozen=True)
class Question:
    """The name of a question, and its arguments."""

    name: str
    arguments: tuple[Any, ...] = ()


class Tables:
    """The tables of one published version, for one thread at a time."""

    def __init__(self, file: str, publication: Facts) -> None:
        """Open a published file; raises duckdb.Error when it cannot be read."""
        self._publication = publication
        self._connection = duckdb.connect(config={"threads": 1})
        try:
            fetch(self._connection, f"attach {literal(file)} as {SERVING} (read_only)")
            self.columns: dict[str, dict[str, str]] = {}
            """The description of each column, by table."""
            for table, column, comment in self._catalog("duckdb_columns", "column_name"):
                self.columns.setdefault(table, {})[column] = comment
            self.comments = {table: comment for table, _, comment in self._catalog("duckdb_tables")}
            """The description of each table."""
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    def rows(self, table: str, query: str, values: Sequence[Any] = ()) -> list[Facts]:
        """The rows of a query on a table; `{0}` in the query stands for the table.

        An empty list when the table does not exist: a project may have no audiences, for example.
        """
        if table not in self.columns:
            return []
        schema, _, name = table.partition(".")
        relation = f"{SERVING}.{quoted(schema)}.{quoted(name)}"
        found = self._connection.execute(query.format(relation), list(values))
        names = [each[0] for each in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def to_json(self, answer: Facts) -> str:
        """The answer as JSON, with the publication added."""
        return json.dumps(answer | {"publication": self._publication}, default=_text)

    def _catalog(self, function: str, column: str = "null") -> list[Any]:
        return fetch(
            self._connection,
            f"select schema_name || '.' || table_name, {column}, coalesce(comment, '')"
            f" from {function}() where database_name = ?",
            [SERVING],
        )


class TableAnswers:
    """Answers questions about one version, for one thread at a time."""

    def __init__(
        self, tables: Tables, functions: Mapping[str, Callable[..., Facts | None]]
    ) -> None:
        """`functions` has the function for each question's name; it gets the tables first."""
        self._tables, self._functions = tables, functions
        self._cached = lru_cache(CACHED)(self._answer)

    def answer(self, questions: Sequence[Question]) -> list[str | None]:
        """The answer to each question as JSON; None where nothing is published."""
        return [self._cached(question) for question in questions]

    def close(self) -> None:
        """Close the file."""
        self._tables.close()

    def _answer(self, question: Question) -> str | None:
        found = self._functions[question.name](self._tables, *question.arguments)
        return None if found is None else self._tables.to_json(found)


def counts(rows: Iterable[Facts]) -> dict[str, int]:
    """The number of checks with each status: fail, warn, ok, not_applicable."""
    found = [row["status"] for row in rows]
    return {status: found.count(status) for status in (*ORDER, NOT_APPLICABLE)}


def _text(value: Any) -> str:
    return f"{value.isoformat()}Z" if isinstance(value, datetime) else str(value)
