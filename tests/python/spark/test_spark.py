"""The same project on Apache Spark gives the same tables and the same scores."""

import json
from collections.abc import Sequence
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest

from ml.data.dataset import read_dataset
from tests.support.engines import SparkWorkspace, differences, dispatched, needs_spark, on_spark
from tests.support.project import Workspace, models_of, real_data
from tests.support.shops import Shop
from warehouse.feature_tables import find_task, load_feature_tables
from warehouse.settings import Settings

pytestmark = needs_spark

BEFORE_SCORES = ("marts", "features")
AFTER_SCORES = ("segments", "predictions", "activation", "monitoring")
REAL_SHOP = ["online_retail"]
OTHERS = {
    *("segments.customer_segment_moves", "predictions.customer_glass_box_scores"),
    *("predictions.session_glass_box_scores", "predictions.request_statements"),
}
"""Views, and the SQL of an engine."""
CLEAN = ["clean", "matches_pattern"]
TEXTS = ["7", " 7 ", "-3.50", "3.5", "1e3", "1d", "2f", "", "seven", "true", "T", "no", "0", "5"]
TIMES = [
    *("2024-01-05", "2024-1-5", "2024/01/05", "2024-02-30", "2024", "2024-01", "10:11:12", ""),
    *("2024-01-05 10:11:12", "2024-01-05T10:11:12Z", "2024-01-05 10:11:12.125", "2024-01-05 10:11"),
    *("2024-01-05T10:11:12-05:00", "2024-01-05 10:11:12 +0100", "2024-01-05 10:11+01"),
    *("2024-01-05 10:11:12 GMT", "2024-07-05 10:11 Europe/Berlin", "2024-01-05 10:11:12 CST"),
    *("2024-01-05 10:11:12.250 UTC", "2024-01-05 10:11:12 Nowhere/Else", "2024-01-05 10:11 PM"),
]
NUMBERS = ["60.0", "0.25", "99999999.0", "12345678.9", "0.001", "0.00025", "-1234567890.5", "0.0"]


def values(texts: Sequence[str], kind: str = "string") -> str:
    """A relation `given` with a row for each text, in their order."""
    rows = " union all ".join(
        f"select {place} as place, cast('{text}' as {kind}) as given"
        for place, text in enumerate(texts)
    )
    return f"({rows}) as texts order by place"


CASES = {
    **{
        f"try_cast to {kind}": (CLEAN, f"try_cast('given', '{kind}')", values(TEXTS))
        for kind in ("double", "boolean", "decimal(18, 2)")
    },
    **{
        f"try_cast to {kind}": (CLEAN, f"try_cast('given', '{kind}')", values(TIMES))
        for kind in ("date", "timestamp")
    },
    **{
        f"try_cast of a {given} to {kind}": (CLEAN, f"try_cast('given', '{kind}')", values(*rows))
        for given, kind, rows in [
            ("number", "double", (NUMBERS, "double")),
            ("whole number", "double", (["7", "0", "-3"], "int")),
            ("day", "timestamp", (["2024-01-05", "1999-12-31"], "date")),
            ("moment", "timestamp", (["2024-01-05 10:11:12.125", "2024-01-05"], "timestamp")),
            ("moment", "date", (["2024-01-05 10:11:12.125", "2024-01-05"], "timestamp")),
        ]
    },
    "clean_id": (
        CLEAN,
        "clean_id('given')",
        values(["1.0", "007", "1.50", " 2.00 ", "", "a.0", "\u00a07\u3000", "\u00a0"]),
    ),
    "given_text": (
        [*CLEAN, "given_text"],
        "given_text('given')",
        values(["", " ", "-", "NULL", "#N/A", '="007"', "=1+2", "none ", "nobody"]),
    ),
    "clean_integer": (CLEAN, "clean_integer('given')", values(TEXTS)),
    "customers_needed": (
        ["customers_needed"],
        "customers_needed('given', '228')",
        values(["71", "0", "228"], "int"),
    ),
    "double_as_text": (
        ["double_as_text"],
        "double_as_text('given')",
        values(NUMBERS, "double"),
    ),
    "rounded": (
        ["double_as_text"],
        "double_as_text(rounded('given', 2))",
        values([*NUMBERS, "-0.001", "2.675", "-2.675", "1.005", "-12.5"], "double"),
    ),
    "share_of_hash": (
        ["audience"],
        "share_of_hash('given')",
        values(["likely_buyers|C1", "win_back|C2", "é"]),
    ),
    "single_spaces": (
        [*CLEAN, "single_spaces"],
        "single_spaces('given')",
        values(["  1 2   3 ", "", "   ", "a\tb"]),
    ),
    "parse_timestamp of a day": (
        [*CLEAN, "parse_timestamp"],
        "parse_timestamp('given', '%Y%m%d')",
        values(["19970101", "19970230", "", "x"]),
    ),
    "parse_timestamp of a moment": (
        [*CLEAN, "parse_timestamp"],
        "parse_timestamp('given', '%d/%m/%Y %H:%M')",
        values(["01/12/2024 06:20", "31/02/2024 06:20", "1/2/2024 6:20", "2024-12-01"]),
    ),
}
"""{what: (files of macros, a call on the column `given`, the rows it is called on)}"""


def assert_same_scores(workspace: SparkWorkspace) -> None:
    """Of all tasks: who has a score or none, each probability within 1e-6, each reason."""
    columns = "task, entity_id, probability, reason_1, reason_2, reason_3"
    rows = (
        f"select {columns} from scoring.predictions union all"
        " select task, entity_id, null, reason, null, null from scoring.unscorable"
    )
    ours = workspace.workspace.frame(f"{rows} order by task, entity_id")
    said = on_spark(workspace, {"scores": f"select to_json(struct(*)) from ({rows})"})["scores"]
    theirs = pd.DataFrame(map(json.loads, said), columns=columns.split(", "))
    theirs = theirs.sort_values(["task", "entity_id"], ignore_index=True)
    assert len(ours)
    pd.testing.assert_frame_equal(
        *(frame.fillna({f"reason_{rank}": "" for rank in (1, 2, 3)}) for frame in (ours, theirs)),
        atol=1e-6,
        rtol=0,
    )


@pytest.fixture(scope="module")
def asked(spark: SparkWorkspace) -> dict[str, list[object]]:
    """What Spark answers to each of CASES."""
    queries = {
        name: f"select cast({dispatched('spark', files, call)} as string) from {rows}"
        for name, (files, call, rows) in CASES.items()
    }
    row_hash = dispatched("spark", ["row_hash"], "row_hash(['a', 'b'])")
    queries["row_hash"] = (
        f"select {row_hash} from (select cast(null as string) as a, 'x' as b"
        " union all select 'x', null union all select 'x', 'x') as pairs"
    )
    return on_spark(spark, queries)


@pytest.mark.parametrize("name", CASES)
def test_a_dispatched_macro_gives_the_same_on_both(name: str, asked: dict[str, list[str]]) -> None:
    """Every text that one engine reads the other reads as the same, and refuses what it refuses."""
    files, call, rows = CASES[name]
    with duckdb.connect() as connection:
        sql = dispatched("duckdb", files, call)
        ours = connection.execute(f"select cast({sql} as varchar) from {rows}").fetchall()
    assert [number(text) for text in asked[name]] == [number(text) for (text,) in ours]


def number(text: str | None) -> object:
    """A text that is a number as that number: Spark writes 3.5e-2 where DuckDB writes 0.035."""
    try:
        return text if text is None else float(text)
    except ValueError:
        return text


def test_the_hash_of_a_row_says_where_its_nulls_are(asked: dict[str, list[int]]) -> None:
    """Spark's own hash passes over nulls, and would take (null, x) for (x, null)."""
    assert len(set(asked["row_hash"])) == 3


def test_tables_are_the_same(spark: SparkWorkspace) -> None:
    """Keys, integers and text are equal, floats within 1e-6, row by row: marts and features."""
    assert differences(spark, models_of(*BEFORE_SCORES)) == {}


@pytest.mark.whole
def test_tables_after_scores_are_the_same(spark_whole: SparkWorkspace) -> None:
    """The same of segments, predictions, audiences and monitoring."""
    assert differences(spark_whole, sorted({*models_of(*AFTER_SCORES)} - OTHERS)) == {}


@pytest.mark.whole
def test_real_tables_are_the_same(shop: Shop, tmp_path: Path) -> None:
    """online_retail, two years of a real shop: raw files to segments, and scores of a champion."""
    raw = real_data()
    if not (raw / "online_retail").is_dir():
        pytest.skip(f"no online_retail in {raw}: set NUMEROSITY_REAL_DATA")
    workspace = SparkWorkspace(Workspace(tmp_path, raw), settings={})
    layers = (*BEFORE_SCORES, "segments")
    tables = ("--resource-type", "model", "--resource-type", "seed")
    build = ("build", *tables, "--select", *(f"+{layer}" for layer in layers))
    workspace.workspace.dbt(*build, sources=REAL_SHOP).succeeded()
    workspace.workspace.python("warehouse.landing", "--source", *REAL_SHOP)
    workspace.dbt(*build, "--vars", json.dumps({"sources": REAL_SHOP})).succeeded()
    assert differences(workspace, sorted({*models_of(*layers)} - OTHERS)) == {}
    champion = next((shop.workspace.folder / "artifacts" / "customer_purchase_30d").iterdir())
    score = ("run", "--json-logs", "--bundle", str(champion))
    workspace.workspace.python("scoring", *score)
    workspace.python("-m", "scoring", *score, "--engine", "spark").succeeded()
    assert_same_scores(workspace)


def test_scores_are_the_same(spark: SparkWorkspace) -> None:
    """Each entity has the same probability and the same reasons, and nobody is left out."""
    assert_same_scores(spark)


@pytest.mark.parametrize("task", ["customer_purchase_30d", "session_purchase"])
def test_models_learn_the_same_rows_from_either(task: str, spark: SparkWorkspace) -> None:
    """Labels, whose they are and when are equal, features within 1e-6."""
    workspace = spark.workspace
    settings = Settings(
        warehouse=workspace.warehouse,
        spark_warehouse=spark.tables.parent,
        manifest=workspace.folder / "target" / "manifest.json",
    )
    table, found = find_task(load_feature_tables(settings.manifest), task)
    with duckdb.connect(str(workspace.warehouse), read_only=True) as connection:
        ours, theirs = (
            read_dataset(
                connection, table, found, settings=settings.model_copy(update={"features_from": of})
            )
            for of in ("warehouse", "spark")
        )
    for name in ("entities", "labels", "as_of"):
        np.testing.assert_array_equal(getattr(theirs, name), getattr(ours, name))
    np.testing.assert_allclose(theirs.matrix, ours.matrix, rtol=1e-6, atol=1e-6)


def test_a_second_run_finds_its_work_done_and_keeps_the_exit_codes(spark: SparkWorkspace) -> None:
    """Nothing is scored twice; an unknown task is 2, a date without features 3."""
    for code, arguments in {0: [], 2: ["--task", "no_such"], 3: ["--as-of", "1999-01-01"]}.items():
        done = spark.python("-m", "scoring", "run", "--engine", "spark", "--json-logs", *arguments)
        answer = json.loads(done.lines[-1])
        assert (done.code, answer["exit_code"]) == (code, code)
        if not code:
            assert answer["status"] == "already_done"


def test_who_cannot_be_scored_is_listed_and_why(spark: SparkWorkspace) -> None:
    """The others of that day have their scores."""
    table, task, day = "features.customer_features", "customer_purchase_30d", "2099-01-01"
    first = "row_number() over (order by customer_id) = 1"
    infinite = f"case when {first} then float('infinity') else order_amount_90d end"
    plant = (
        f"insert into {table} by name select * except (as_of_date, order_amount_90d),"
        f" {infinite} as order_amount_90d, date '{day}' as as_of_date from"
        f" (select * from {table} order by as_of_date desc, customer_id limit 5)"
    )
    on_spark(spark, {"plant": plant})
    score = ("-m", "scoring", "run", "--engine", "spark", "--json-logs", "--task", task)
    answer = json.loads(spark.python(*score, "--as-of", day).succeeded().lines[-1])
    (outcome,) = answer["tasks"]
    assert (outcome["rows_scored"], outcome["rows_unscorable"]) == (4, 1)
    of_the_day = f"where as_of_date = date '{day}'"
    found = on_spark(
        spark,
        {
            "reasons": f"select reason from scoring.unscorable {of_the_day}",
            "scored": f"select count(probability) from scoring.predictions {of_the_day}",
            "both": "select count(*) from scoring.predictions inner join scoring.unscorable"
            " using (task, entity_id, as_of_date, model_version)",
            **{
                f"drop from {name}": f"alter table {name} drop partition (as_of_date = '{day}')"
                for name in (table, "scoring.scores")
            },
        },
    )
    assert found["reasons"] == ["feature order_amount_90d is infinite"]
    assert (found["scored"], found["both"]) == ([4], [0])


def test_a_damaged_bundle_changes_nothing(spark: SparkWorkspace, tmp_path: Path) -> None:
    """It is refused with exit code 4, and the scores that are there stay."""
    before = sorted(spark.tables.glob("scores/**/*.parquet"))
    champion = next((spark.workspace.folder / "artifacts").glob("*/*"))
    broken = tmp_path / champion.name
    broken.mkdir()
    for file in champion.iterdir():
        (broken / file.name).write_bytes(file.read_bytes() + b" ")
    done = spark.python("-m", "scoring", "run", "--engine", "spark", "--bundle", str(broken))
    assert done.code == 4
    assert sorted(spark.tables.glob("scores/**/*.parquet")) == before
