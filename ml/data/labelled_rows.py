"""Find the rows of a feature table: in the warehouse, or in the Parquet files that Spark wrote."""

from dataclasses import dataclass
from datetime import date

import duckdb

from scoring.spark.tables import parquet
from warehouse.connection import columns, fetch, qualified, quoted
from warehouse.errors import InputError
from warehouse.settings import Settings

__all__ = ["Labelled", "find_rows"]


@dataclass(frozen=True)
class Labelled:
    """SQL expressions for the rows of a task whose label is known.

    DuckDB and Spark both support them; only the quotes differ. Columns are qualified by `labelled`,
    since a table may have columns of any name.
    """

    relation: str
    entity_key: str
    as_of_column: str
    label: str
    since: date
    seed: int

    @property
    def entity(self) -> str:
        """The entity key as text."""
        return f"coalesce(cast(labelled.{quoted(self.entity_key)} as string), '')"

    @property
    def as_of(self) -> str:
        """The as-of date."""
        return f"cast(labelled.{quoted(self.as_of_column)} as date)"

    @property
    def outcome(self) -> str:
        """The label as 0 or 1."""
        text = f"lower(cast(labelled.{quoted(self.label)} as string))"
        return f"case when {text} in ('1', 'true', '1.0') then 1 else 0 end"

    @property
    def hash(self) -> str:
        """A hash of entity, as-of date and seed: 32 hexadecimal digits."""
        return f"md5(concat({self.entity}, '|', {self.as_of}, '|{self.seed}'))"

    @property
    def source(self) -> str:
        """The text after `from`."""
        return f"{self.relation} as labelled"

    @property
    def is_known(self) -> str:
        """The text after `where`: the label is known, and the date is not before `since`."""
        known = f"labelled.{quoted(self.label)} is not null"
        return f"{known} and {self.as_of} >= date '{self.since}'"


def find_rows(
    connection: duckdb.DuckDBPyConnection, relation: str, settings: Settings
) -> tuple[str, dict[str, str]]:
    """The SQL after `from` for the table `schema.name`, and its columns with their SQL types.

    Raises InputError when the table does not exist.
    """
    if settings.features_from == "spark":
        source = parquet(settings.spark_warehouse, relation)
        return source, {row[0]: row[1] for row in fetch(connection, f"describe from {source}")}
    types = columns(connection, relation)
    if not types:
        raise InputError(f"the warehouse has no table {relation}: run dbt build first")
    return qualified(connection, relation), types
