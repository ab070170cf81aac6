"""The tables that Python writes: one SQL file each, which dbt runs, documents, and Python fills."""

import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import jinja2
import pytest
import yaml

from tests.support.macro_files import macro_text
from warehouse.settings import PROJECT_ROOT
from warehouse.tables import FOLDER, create, insert, script

SCHEMAS = ("registry", "scoring")
OLD_PREDICTIONS = (
    "create table scoring.predictions (task varchar, entity_id varchar, as_of_date date,"
    " model_version varchar, run_id varchar, probability double, score double,"
    " reason_1 varchar, reason_2 varchar, reason_3 varchar, contribution_1 double,"
    " contribution_2 double, contribution_3 double, bundle_sha256 varchar,"
    " scored_at timestamp, feature_schema_hash varchar, code_version varchar)"
)


@pytest.fixture
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """A warehouse with nothing in it."""
    with duckdb.connect() as connection:
        yield connection


def columns(connection: duckdb.DuckDBPyConnection) -> dict[str, list[tuple[str, str]]]:
    """The columns and types of each table and view of Python, in order."""
    found: dict[str, list[tuple[str, str]]] = {}
    for relation, name, kind in connection.execute(
        "select schema_name || '.' || table_name, column_name, data_type from duckdb_columns()"
        " where schema_name in ? order by 1, column_index",
        [SCHEMAS],
    ).fetchall():
        found.setdefault(relation, []).append((name, kind))
    return found


def start(engine: str, connection: duckdb.DuckDBPyConnection | None = None) -> list[str]:
    """What the hook of dbt runs on an engine, query by query; in DuckDB it does run."""
    queries: list[str] = []

    def run_query(sql: str) -> Any:
        queries.append(sql)
        rows = connection.execute(sql).fetchall() if connection else []
        return SimpleNamespace(columns=[SimpleNamespace(values=lambda: [row[0] for row in rows])])

    files = [
        SimpleNamespace(name=file.stem, raw_code=file.read_text(encoding="utf-8").strip())
        for file in sorted(FOLDER.glob("*.sql"))
    ]
    macros = macro_text("create_python_tables")
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    environment.globals |= {"run_query": run_query, "modules": {"re": re}, "files": files}
    environment.from_string(f"{macros}{{% do {engine}__run_table_files(files) %}}").render()
    return queries


def test_every_table_is_a_source_with_its_columns(connection: duckdb.DuckDBPyConnection) -> None:
    """None is undeclared, none is declared and not there, and each column is described."""
    connection.execute(script())
    declared = yaml.safe_load((PROJECT_ROOT / "models" / "_sources.yml").read_text("utf-8"))
    described = {
        f"{source['schema']}.{table['name']}": [
            column["name"] for column in table["columns"] if column["description"].strip()
        ]
        for source in declared["sources"]
        for table in source["tables"]
    }
    there = {table: [name for name, _ in each] for table, each in columns(connection).items()}
    assert described == there
    assert len(there) > 20


def test_dbt_makes_the_tables_that_python_knows(connection: duckdb.DuckDBPyConnection) -> None:
    """In two queries; and again, nothing changes."""
    assert len(start("duckdb", connection)) == 2
    made = columns(connection)
    start("duckdb", connection)
    assert columns(connection) == made
    with duckdb.connect() as other:
        other.execute(script())
        assert columns(other) == made


def test_an_older_warehouse_gets_the_columns_it_lacks(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """Its rows stay."""
    start("duckdb", connection)
    wanted = columns(connection)
    connection.execute(
        "drop view scoring.predictions; insert into registry.models (task) values ('t');"
        "alter table registry.models drop column drawn;"
        "alter table scoring.runs drop column run_key;"
        "alter table scoring.runs drop column code_version;"
        "alter table scoring.runs drop column feature_schema_hash"
    )
    start("duckdb", connection)
    found = columns(connection)
    assert {name: sorted(each) for name, each in found.items()} == {
        name: sorted(each) for name, each in wanted.items()
    }
    assert connection.sql("select task, drawn from registry.models").fetchall() == [("t", None)]


def test_scores_of_a_warehouse_from_before_are_moved(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """Where scoring.predictions was a table: every row is read as it was."""
    connection.execute(script())
    for statement in (
        "drop view scoring.predictions",
        OLD_PREDICTIONS,
        "insert into scoring.runs (run_id, task, as_of_date, model_version, bundle_sha256,"
        " started_at, code_version) select 'run ' || day, 't', '2026-01-01'::date + day::int,"
        " 'm', 's', '2026-02-01', 'c' from range(3) r(day)",
        "insert into scoring.predictions select task, 'c' || i, as_of_date, model_version, run_id,"
        " (i / 100)::float, (i - 50)::float, 'f' || i % 7, case when i % 3 > 0 then 'g × h' end,"
        " null, -0.5, 0.25, null, bundle_sha256, started_at, feature_schema_hash, code_version"
        " from scoring.runs, range(100) r(i)",
        "create table before as from scoring.predictions",
    ):
        connection.execute(statement)
    for _ in range(2):
        start("duckdb", connection)
        ((left, right, rows),) = connection.sql(
            "select (select count(*) from (from before except all from scoring.predictions)),"
            " (select count(*) from (from scoring.predictions except all from before)),"
            " (select count(*) from scoring.predictions)"
        ).fetchall()
        assert (left, right, rows) == (0, 0, 300)


def test_predictions_have_the_same_columns_on_spark(
    connection: duckdb.DuckDBPyConnection,
) -> None:
    """One statement at a time; the other tables are the same texts, but for how text is called."""
    connection.execute(script())
    wanted = columns(connection)
    with duckdb.connect() as spark:
        for statement in start("spark"):
            assert ";" not in statement and "varchar" not in statement
            spark.execute(re.sub(r"partitioned by \(.*\)", "", statement))
        found = columns(spark)
    assert set(wanted) - set(found) == {"scoring.reasons"}
    assert {table for table in found if found[table] != wanted[table]} == {"scoring.scores"}


@pytest.mark.parametrize("file", sorted(FOLDER.glob("*.sql")), ids=lambda file: file.stem)
def test_a_file_says_where_it_belongs(file: Path) -> None:
    """A number of its own, except that an engine's text has the number of the other's."""
    assert re.fullmatch(r"\d{3}_[a-z_]+", file.stem)
    name = re.sub("_(duckdb|spark)$", "", file.stem)
    same = {each.stem for each in FOLDER.glob(f"{file.stem[:3]}_*.sql")}
    assert same <= {f"{name}_duckdb", f"{name}_spark"} or same == {name}
    assert file.read_text(encoding="utf-8").endswith(";\n")


def test_rows_are_inserted_by_name(connection: duckdb.DuckDBPyConnection) -> None:
    """In any order, null where nothing is said, and as the type of the column."""
    connection.execute(script())
    rows = [{"f1": 1, "class": "buyer"}, {"task": "t", "rows": 3.0}]
    insert(connection, "registry.classification_reports", rows)
    insert(connection, "registry.classification_reports", [])
    found = connection.sql("select task, class, f1, rows from registry.classification_reports")
    assert found.fetchall() == [(None, "buyer", 1.0, None), ("t", None, None, 3)]
    with pytest.raises(ValueError, match="has no column number: run dbt build"):
        insert(connection, "scoring.reasons", [{"number": 1}])


def test_a_table_is_made_in_another_database(connection: duckdb.DuckDBPyConnection) -> None:
    """As an erasure needs it, in a warehouse from before; what is there stays."""
    connection.execute("attach ':memory:' as other")
    create(connection, "scoring.erasures", '"other"')
    insert(connection, '"other".scoring.erasures', [{"place": "p"}])
    create(connection, "scoring.erasures", '"other"')
    assert connection.sql("select place from other.scoring.erasures").fetchall() == [("p",)]
    assert set(columns(connection)) == {"scoring.erasures"}
