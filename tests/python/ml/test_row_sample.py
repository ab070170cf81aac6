"""Samples of labelled rows: which rows are sampled, their weights, and models of a sample."""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import settings as examples
from hypothesis import strategies as st
from sklearn.metrics import roc_auc_score

from ml.candidates import Candidate
from ml.candidates.calibrated import CalibratedModel
from ml.candidates.glass_box import GlassBoxBoosting
from ml.candidates.gradient_boosting import GradientBoosting
from ml.candidates.logistic import Logistic
from ml.data.arrays import Labels, Matrix
from ml.data.dataset import Dataset, read_dataset
from ml.data.read_rows import Rows
from ml.data.row_sample import Stratum, allocate, describe
from ml.evaluation.candidates import evaluate
from ml.evaluation.command import evaluate_task
from ml.evaluation.folds import protocol
from ml.export.onnx_graph import export
from ml.export.parity_gate import check_parity
from ml.report import write_report
from ml.training.settings_choice import Choice, fit
from ml.training.train import TrainingRequest, train
from scoring.bundle import load_bundle
from tests.support.factory import execute, rows
from tests.support.ml_factory import DATES, FEATURES, LABEL, RELATION, TASK, project, sample, table
from tests.support.overviews import build_overviews
from warehouse.connection import connect
from warehouse.errors import InputError, UsageError
from warehouse.settings import Settings, load_settings


def bounded(most: int, found: Settings | None = None) -> Settings:
    """Settings with a bound lower than a person may set."""
    return (found or load_settings()).model_copy(update={"training_rows": most})


def shop(counts: Sequence[tuple[int, int]], seed: int = 0) -> duckdb.DuckDBPyConnection:
    """A warehouse in memory, with so many others and buyers on each date, in no order."""
    days = [date(2025, 1, 1) + timedelta(days=7 * i) for i in range(len(counts))]
    found = [
        (f"v{i:04d}", day, outcome == 1)
        for day, each in zip(days, counts, strict=True)
        for outcome, count in enumerate(each)
        for i in range(outcome * 5_000, outcome * 5_000 + count)
    ]
    np.random.default_rng(seed).shuffle(found)
    keys, dates, labels = zip(*found, strict=True)
    feature = pa.array(np.arange(len(found), dtype=np.float32))
    visitors = pa.table(  # noqa: F841 - read by its name
        {"visitor_id": keys, "as_of_date": pa.array(dates, pa.date32())}
        | dict.fromkeys(FEATURES, feature)
        | {LABEL: labels}
    )
    connection = duckdb.connect()
    connection.execute(f"create schema features; create table {RELATION} as from visitors")
    return connection


def read(connection: duckdb.DuckDBPyConnection, most: int, seed: int = 0, **more: bool) -> Dataset:
    """Read the one task of the one table."""
    found = table()
    return read_dataset(
        connection, found, found.tasks[0], settings=bounded(most), seed=seed, **more
    )


def keys(data: Dataset) -> list[tuple[str, date, int]]:
    """Entity, date and outcome of each row."""
    return list(zip(data.entities, data.as_of.tolist(), data.labels.tolist(), strict=True))


COUNTS = st.lists(st.integers(0, 2_000), min_size=2, max_size=12).map(
    lambda sizes: {
        (date(2025, 1, 1) + timedelta(days=i // 2), i % 2): size
        for i, size in enumerate(sizes)
        if size
    }
)


@examples(deadline=None)
@given(COUNTS, st.integers(1, 6_000), st.booleans())
def test_a_sample_has_exactly_the_given_size_and_rows_of_every_stratum(
    counts: dict[tuple[date, int], int], most: int, to_learn: bool
) -> None:
    """Shares are exact to within a row, and weights sum to the number of all rows."""
    total = sum(counts.values())
    if total > most and most < len(counts):
        with pytest.raises(UsageError, match="at least one of each"):
            allocate(counts, most, to_learn)
        return
    strata = allocate(counts, most, to_learn)
    assert {(each.as_of, each.outcome): each.available for each in strata} == counts
    sampled = sum(each.sampled for each in strata)
    assert sampled == min(total, most)
    assert all(0 < each.sampled <= each.available for each in strata)
    assert all(each.kept >= 0 and each.more >= 0 for each in strata)
    assert sum(each.sampled * each.weight for each in strata) == pytest.approx(total)
    kept, more = (sum(getattr(each, name) for each in strata) for name in ("kept", "more"))
    rescued = len(counts)  # at most one row per stratum is added to leave none empty
    assert kept >= 3 * (sampled - rescued) // 4
    for each in strata:
        share = each.available * (sampled - more) / total
        assert abs(each.kept - share) <= 1 + rescued
    by_outcome = [sum(each.sampled for each in strata if each.outcome == y) for y in (0, 1)]
    there = [sum(each.available for each in strata if each.outcome == y) for y in (0, 1)]
    if to_learn and total > most:
        assert (
            sum(each.more > 0 for each in strata if each.outcome != int(there[1] <= there[0]))
            <= rescued
        )
        assert min(by_outcome) <= sampled / 2 + rescued
    elif not to_learn:
        assert more == 0


@pytest.mark.parametrize(
    ("counts", "most", "kept", "more"),
    [
        ((80, 20), 100, (80, 20), (0, 0)),
        ((900, 100), 100, (68, 7), (0, 25)),
        ((990, 10), 100, (90, 1), (0, 9)),
        ((600, 400), 100, (50, 34), (0, 16)),
        ((500, 500), 100, (50, 50), (0, 0)),
        ((20, 980), 100, (2, 80), (18, 0)),
    ],
)
def test_the_rarer_outcome_is_sampled_more(
    counts: tuple[int, int], most: int, kept: tuple[int, int], more: tuple[int, int]
) -> None:
    """By a quarter of the sample, all available rows, or up to half of the sample."""
    day = date(2025, 1, 1)
    found = allocate({(day, y): count for y, count in enumerate(counts)}, most, True)
    assert tuple(each.kept for each in found) == kept
    assert tuple(each.more for each in found) == more


@examples(deadline=None, max_examples=12)
@given(
    st.lists(st.tuples(st.integers(1, 400), st.integers(1, 60)), min_size=1, max_size=4),
    st.integers(10, 300),
    st.integers(0, 3),
    st.booleans(),
)
def test_of_each_stratum_the_rows_of_the_lowest_hashes_are_read(
    counts: list[tuple[int, int]], most: int, seed: int, to_learn: bool
) -> None:
    """The rows are those that sorting a whole stratum by MD5 gives, with the right weights."""
    with shop(counts) as connection:
        whole = read(connection, 10_000)
        data = read(connection, most, seed, to_learn=to_learn)
        again = read(shop(counts, seed=1), most, seed, to_learn=to_learn)
    strata = defaultdict(list)
    for key, day, outcome in keys(whole):
        digest = hashlib.md5(f"{key}|{day}|{seed}".encode()).hexdigest()
        strata[day, outcome].append((digest, key))
    planned = allocate({key: len(found) for key, found in sorted(strata.items())}, most, to_learn)
    expected = {
        (key, each.as_of, each.outcome): (rank >= each.kept, each.weight)
        for each in planned
        for rank, (_, key) in enumerate(sorted(strata[each.as_of, each.outcome])[: each.sampled])
    }
    assert keys(data) == sorted(expected, key=lambda row: (row[1], row[0]))
    assert keys(again) == keys(data)
    if len(whole.labels) > most:
        only = data.training_only
        learned = [False] * len(data.labels) if only is None else only.tolist()
        assert data.weights is not None
        found = list(zip(learned, data.weights.tolist(), strict=True))
        assert found == [expected[row] for row in keys(data)]
        assert data.weights.sum() == pytest.approx(len(whole.labels))


def test_below_the_bound_nothing_changes() -> None:
    """There are no weights, no correction of the model, and no description of a sample."""
    connection = shop([(300, 40), (200, 60)])
    whole, exact = read(connection, 1_000_000, to_learn=True), read(connection, 600, to_learn=True)
    for data in (whole, exact):
        assert (data.strata, data.weights, data.training_only, data.sampling) == (
            (),
            None,
            None,
            None,
        )
        rows = np.arange(len(data.labels))
        np.testing.assert_array_equal(data.evaluation_rows(rows), rows)
    assert keys(whole) == keys(exact)
    np.testing.assert_array_equal(whole.matrix, exact.matrix)
    model = fit(Choice(Logistic(), Logistic.grid[0], ()), whole, np.arange(600), 0)
    assert not isinstance(model, CalibratedModel)


def test_another_seed_samples_other_rows() -> None:
    """The seed is in the hash."""
    connection = shop([(900, 100), (800, 90)])
    assert set(keys(read(connection, 200))) != set(keys(read(connection, 200, seed=1)))


def test_rows_are_written_batch_by_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Memory holds the matrix and one batch, whatever the size of the table."""
    connection = shop([(4_000, 900)])
    whole, sizes, put = read(connection, 10_000), [], Rows.put

    def counted(self: Rows, start: int, batch: pa.RecordBatch) -> None:
        sizes.append(batch.num_rows)
        put(self, start, batch)

    monkeypatch.setattr("ml.data.read_rows.BATCH", 2_048)
    monkeypatch.setattr(Rows, "put", counted)
    data = read(connection, 10_000)
    assert sum(sizes) == 4_900
    assert max(sizes) <= 2_048
    assert keys(data) == keys(whole)
    np.testing.assert_array_equal(data.matrix, whole.matrix)


def test_only_matured_rows_from_the_first_date_on_are_sampled() -> None:
    """Rows with a null label, and rows before `since`, are not counted."""
    connection = shop([(400, 50), (400, 50), (400, 50)])
    connection.execute(f"update {RELATION} set {LABEL} = null where as_of_date = '2025-01-15'")
    found = table()
    data = read_dataset(
        connection, found, found.tasks[0], date(2025, 1, 8), bounded(90), to_learn=True
    )
    assert np.unique(data.as_of).tolist() == [date(2025, 1, 8)]
    assert sum(each.available for each in data.strata) == 450


def test_an_entity_twice_on_a_date_is_an_error_when_rows_are_sampled() -> None:
    """Both rows have the same hash, so the sample would not be unique."""
    connection = shop([(400, 50)])
    connection.execute(f"update {RELATION} set visitor_id = 'v0001' where not {LABEL}")
    with pytest.raises(InputError, match="several of one visitor_id and date"):
        read(connection, 100)


def test_the_sample_is_described_in_words() -> None:
    """All buyers, and one in so many of the others."""
    day = date(2025, 1, 1)
    strata = (Stratum(day, 0, 74_900, 900), Stratum(day, 1, 100, 2, 98))
    assert describe(strata) == (
        "sampled 1,000 of 75,000 labelled rows: all 100 buyers, 900 of 74,900 others (1 in 83.2);"
        " 98 of them for training only"
    )
    assert describe((Stratum(day, 0, 5, 5), Stratum(day, 1, 5, 5))) is None


@pytest.fixture(scope="module")
def crowd() -> tuple[Dataset, Dataset]:
    """40,000 visitors, one in forty of whom buys, and a sample of 10,000 rows for training."""
    matrix, labels = visits(40_000, 3)
    visitors = pa.table(  # noqa: F841 - read by its name
        {
            "visitor_id": [f"v{i:05d}" for i in range(len(matrix))],
            "as_of_date": [DATES[i % len(DATES)] for i in range(len(matrix))],
            **{name: pa.array(matrix[:, i], from_pandas=True) for i, name in enumerate(FEATURES)},
            LABEL: labels.astype(bool),
        }
    )
    with duckdb.connect() as connection:
        connection.execute(f"create schema features; create table {RELATION} as from visitors")
        return read(connection, 1_000_000), read(connection, 10_000, to_learn=True)


def visits(number: int, seed: int) -> tuple[Matrix, Labels]:
    """Features, and a rare outcome of two of them."""
    matrix, _ = sample(number, seed=seed, missing=0.05)
    known = np.nan_to_num(matrix)
    noise = np.random.default_rng(seed + 1).logistic(size=number)
    score = 0.7 * known[:, 1] + np.where(known[:, 2] > 1, 1.0, 0.0) - 4.2
    return matrix, (score + noise > 0).astype(np.uint8)


@pytest.mark.parametrize(
    ("kind", "number"),
    [(Logistic(), -1), (GradientBoosting(), 1), (GlassBoxBoosting(), 0)],
    ids=["logistic", "boosting", "glass box"],
)
def test_a_model_of_a_sample_is_right_for_all_rows(
    crowd: tuple[Dataset, Dataset], kind: Candidate, number: int
) -> None:
    """On new rows it is calibrated, and ranks as well as a model of all rows.

    Its mean probability equals their rate within a tenth, and in each half of the scores within a
    fifth. Its AUC equals that of a model of four times as many rows within 0.01.
    """
    whole, sampled = crowd
    choice = Choice(kind, kind.grid[number], ())
    models = [fit(choice, data, np.arange(len(data.labels)), 0) for data in (sampled, whole)]
    assert sampled.labels.mean() > 3 * whole.labels.mean()
    matrix, labels = visits(60_000, 9)
    likely, of_all = (model.predict_proba(matrix)[:, 1] for model in models)
    assert likely.mean() == pytest.approx(labels.mean(), rel=0.1)
    for half in (likely < np.median(likely), likely >= np.median(likely)):
        assert likely[half].mean() == pytest.approx(labels[half].mean(), rel=0.2)
    aucs = [roc_auc_score(labels, each) for each in (likely, of_all)]
    assert aucs[0] == pytest.approx(aucs[1], abs=0.01)


def test_the_shipped_model_is_corrected_and_evaluated_at_the_true_base_rate(
    crowd: tuple[Dataset, Dataset], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Scores, reasons and ONNX agree; rows for training only are not used in evaluation."""
    monkeypatch.setattr(Logistic, "grid", Logistic.grid[-1:])
    whole, sampled = crowd
    plan = protocol(sampled)
    assert plan.test is not None
    assert sampled.training_only is not None
    assert sampled.training_only[plan.final].any()
    for evaluated in (plan.test, *(fold.validate for fold in plan.folds)):
        assert not sampled.training_only[evaluated].any()
    best = evaluate(sampled, plan, candidates=(Logistic(),))[0]
    assert best.metrics["base_rate"] == pytest.approx(whole.labels.mean(), rel=0.1)
    assert isinstance(best.model, CalibratedModel)
    assert not isinstance(best.model.model, CalibratedModel)
    assert best.line.offset < -1
    assert best.model.predict_proba(whole.matrix)[:, 1].mean() == pytest.approx(
        whole.labels.mean(), rel=0.1
    )
    onnx = export(best.candidate, best.model, sampled.matrix.shape[1])
    parity = check_parity(onnx, best.candidate, best.model, sampled.matrix[:2_000], 0)
    assert parity.max_probability_error < 1e-5


def test_one_date_is_evaluated_at_the_true_base_rate(crowd: tuple[Dataset, Dataset]) -> None:
    """Each row sampled in proportion is validated once per round, and no other row is."""
    counts = [(4_000, 120)]
    data = read(shop(counts), 1_000, to_learn=True)
    plan = protocol(data, folds=3, repeats=1)
    validated = np.concatenate([fold.validate for fold in plan.folds])
    rows = np.arange(len(data.labels))
    np.testing.assert_array_equal(np.sort(validated), data.evaluation_rows(rows))
    assert {int(data.labels[fold.validate].sum()) for fold in plan.folds} <= {7, 8, 9, 10}
    np.testing.assert_array_equal(plan.final, rows)


def test_the_sample_is_described_wherever_the_model_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """On the screen, in the JSON, the bundle, the registry and the model card of the report."""
    monkeypatch.setattr("ml.evaluation.candidates.USUAL", (Logistic(),))
    monkeypatch.setattr(Logistic, "grid", Logistic.grid[1:3])
    found = bounded(900, project(tmp_path, DATES, 1_000))
    (done,) = train(found, TASK, TrainingRequest(folds=2))["trained"]
    assert done["drawn"].startswith("sampled 900 of 5,000 labelled rows: ")
    assert done["drawn"] in " ".join(capsys.readouterr().err.split())
    training = load_bundle(Path(done["bundle"])).facts["training"]
    assert training["drawn"] == done["drawn"]
    assert sum(each["drawn"] for each in training["strata"]) == 900
    assert sum(each["drawn"] * each["weight"] for each in training["strata"]) == pytest.approx(5e3)
    assert rows(found.warehouse, "select drawn from registry.models") == [(done["drawn"],)]
    build_overviews(found.warehouse, TASK)
    page = Path(write_report(found)["out"]).read_text()
    assert done["drawn"] in page
    compared = evaluate_task(found, TASK, TrainingRequest(folds=2))
    assert compared["drawn"] == done["drawn"]
    (again,) = train(found, TASK, TrainingRequest(folds=2))["trained"]
    assert again == done


def test_a_registry_from_before_is_named(tmp_path: Path) -> None:
    """dbt adds the missing column; until then nothing is trained."""
    found = project(tmp_path)
    execute(found.warehouse, "alter table registry.models drop column drawn")
    with pytest.raises(InputError, match="no column drawn: run dbt build"):
        train(found, TASK)


@pytest.mark.parametrize("partitioned", [True, False])
def test_the_same_rows_are_sampled_from_the_files_of_spark(
    tmp_path: Path, partitioned: bool
) -> None:
    """Files of a job that did not finish are ignored."""
    found = bounded(400, project(tmp_path, DATES, 300))
    folder = tmp_path / "spark" / "tables" / "features.db" / "visitor_features"
    folder.mkdir(parents=True)
    by_date = ", partition_by (as_of_date)" if partitioned else ""
    target = folder if partitioned else folder / "part-0.parquet"
    overwrite = ", overwrite_or_ignore" if partitioned else ""
    execute(
        found.warehouse,
        f"copy {RELATION} to '{target}' (format parquet{by_date}{overwrite})",
    )
    staged = folder / ".spark-staging-1" / "as_of_date=2025-01-01"
    staged.mkdir(parents=True)
    (staged / "part-1.parquet").write_bytes(b"half")
    of_spark = found.model_copy(
        update={"features_from": "spark", "spark_warehouse": tmp_path / "spark"}
    )
    declared = table()
    with connect(found.warehouse, read_only=True) as connection:
        here, there = (
            read_dataset(connection, declared, declared.tasks[0], settings=each, to_learn=True)
            for each in (found, of_spark)
        )
    assert len(here.labels) == 400
    assert keys(here) == keys(there)
    np.testing.assert_array_equal(here.matrix, there.matrix)
    assert here.strata == there.strata


def test_a_table_that_spark_has_not_built_is_named(tmp_path: Path) -> None:
    """One line names the table, and the command to run."""
    found = project(tmp_path).model_copy(
        update={"features_from": "spark", "spark_warehouse": tmp_path / "spark"}
    )
    with pytest.raises(InputError, match=r"no rows of features\.visitor_features.*target spark"):
        train(found, TASK)


@pytest.mark.parametrize(
    ("name", "value"), [("training_rows", "9999"), ("features_from", "elsewhere")]
)
def test_an_invalid_setting_is_named(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By its environment variable, like every setting."""
    monkeypatch.setenv(f"NUMEROSITY_{name.upper()}", value)
    with pytest.raises(UsageError, match=f"NUMEROSITY_{name.upper()} is '{value}'"):
        load_settings()
