"""A glass box in the warehouse: SQL, onnxruntime and scikit-learn give the same scores."""

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from jinja2 import Environment

from ml.candidates.glass_box import GlassBoxBoosting
from ml.candidates.logistic import Logistic
from ml.registry.model_terms import read_terms, store_terms
from ml.report.explain import explain_task
from ml.report.explain_charts import bin_names
from ml.training.train import TrainingRequest, train
from scoring.bundle import INPUT, load_bundle, session
from tests.support.factory import rows
from tests.support.macro_files import macro_text
from tests.support.ml_factory import DATES, FEATURES, TASK, project, sample
from warehouse.errors import InputError
from warehouse.settings import Settings

SMALL = {"max_iter": 40, "max_leaf_nodes": 5, "min_samples_leaf": 5, "pairs": 3, "bags": 2}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A project whose champion is a glass box."""
    settings = project(tmp_path_factory.mktemp("glass"), DATES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(GlassBoxBoosting, "grid", (SMALL,))
        patch.setattr("ml.evaluation.candidates.USUAL", (GlassBoxBoosting(),))
        train(settings, TASK, TrainingRequest(folds=2, repeats=1))
    return settings


def scores_in_sql(relation: str) -> str:
    """The macro as dbt would render it."""
    macros = macro_text("is_missing", "glass_box_scores")
    call = "{{ glass_box_scores_of(relation, features, 'visitor_id', 'as_of_date', tasks) }}"
    environment = Environment(extensions=["jinja2.ext.do"])
    environment.globals["source"] = lambda schema, table: f"{schema}.{table}"
    environment.globals["dbt"] = type("dbt", (), {"type_float": staticmethod(lambda: "double")})
    return environment.from_string(f"{macros}\n{call}").render(
        relation=relation, features=FEATURES, tasks=f"'{TASK}'"
    )


def test_sql_onnxruntime_and_scikit_learn_agree(trained: Settings) -> None:
    """Within 1e-5 on every row: those of the table, rows on thresholds, rows without any value."""
    ((version,),) = rows(trained.warehouse, "select model_version from registry.models")
    bundle = load_bundle(trained.artifacts / TASK / version)
    edges = rows(
        trained.warehouse,
        "select feature_1, high_1 from registry.model_terms where high_1 is not null"
        " union select feature_2, high_2 from registry.model_terms where high_2 is not null",
    )
    rng = np.random.default_rng(0)
    hard = sample(len(edges) * 3, seed=3)[0]
    for place, (name, edge) in enumerate(edges):
        for offset, way in enumerate((0, np.inf, -np.inf)):
            near = np.float32(edge)
            value = near if way == 0 else np.nextafter(near, np.float32(way))
            hard[3 * place + offset, FEATURES.index(name)] = value
    hard[rng.integers(len(hard), size=9)] = np.nan
    with duckdb.connect(str(trained.warehouse)) as connection:
        columns = {name: hard[:, i] for i, name in enumerate(FEATURES)}
        given = pa.table({"visitor_id": [str(i) for i in range(len(hard))], **columns})
        connection.register("given", given)
        connection.execute(
            "create or replace temp table hard_rows as"
            " select visitor_id, date '2026-01-01' as as_of_date,"
            f" {', '.join(f'{n}::float as {n}' for n in FEATURES)} from given"
        )
        found = connection.sql(scores_in_sql("hard_rows")).fetchnumpy()
    order = np.argsort(found["visitor_id"].astype(int))
    assert len(order) == len(hard)
    answers = session(bundle, threads=1).run(["probability", "score"], {INPUT: hard})
    np.testing.assert_allclose(found["probability"][order], answers[0], atol=1e-5)
    np.testing.assert_allclose(found["score"][order], answers[1], atol=1e-5)


def test_terms_are_read_as_they_were_stored(trained: Settings) -> None:
    """Also a model fitted anew: the table holds nothing but the model."""
    X, y = sample(300, missing=0.2)
    model = GlassBoxBoosting().fit(X, y, SMALL, seed=0)
    with duckdb.connect(str(trained.warehouse)) as connection:
        for _ in range(2):  # again changes nothing
            store_terms(connection, "other", "v1", model.box, FEATURES)
        found = read_terms(connection, "other", "v1", FEATURES)
        assert read_terms(connection, "other", "v2", FEATURES) is None
        (count,) = connection.sql(
            "select count(*) from registry.model_terms where task = 'other'"
        ).fetchone() or (0,)
    assert found is not None
    assert count == 1 + sum(term.values.size for term in found.terms)
    assert [term.features for term in found.terms] == [t.features for t in model.box.terms]
    scored = found.bias + found.contributions(X).sum(axis=1)
    np.testing.assert_allclose(scored, model.decision_function(X), atol=1e-9)
    for ours, theirs in zip(found.terms, model.box.terms, strict=True):
        np.testing.assert_array_equal(ours.rows, theirs.rows)


def test_reasons_of_a_bundle_name_terms(trained: Settings) -> None:
    """A pair is one reason, with both names."""
    ((version,),) = rows(trained.warehouse, "select model_version from registry.models")
    bundle = load_bundle(trained.artifacts / TASK / version)
    assert bundle.features == FEATURES
    pairs = [reason for reason in bundle.reasons if " × " in reason]
    assert pairs and all(set(pair.split(" × ")) <= set(FEATURES) for pair in pairs)
    assert set(bundle.reasons) - set(pairs) <= set(FEATURES)


def test_the_page_draws_every_term_and_needs_nothing_else(trained: Settings) -> None:
    """No script, no address to fetch from; both themes by the reader's own setting."""
    facts = explain_task(trained, TASK)
    text = Path(facts["page"]).read_text()
    assert text.count("<svg") == len(facts["terms"])
    assert "<script" not in text and "src=" not in text and "@import" not in text
    assert "prefers-color-scheme: dark" in text
    assert "#010203" not in text
    assert " × " in text


def test_only_a_glass_box_is_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another champion is named, and nothing is written."""
    settings = project(tmp_path, DATES)
    with pytest.raises(InputError, match="has no champion: run python -m ml train"):
        explain_task(settings, TASK)
    monkeypatch.setattr("ml.evaluation.candidates.USUAL", (Logistic(),))
    monkeypatch.setattr(Logistic, "grid", Logistic.grid[1:2])
    train(settings, TASK, TrainingRequest(folds=2, repeats=1))
    with pytest.raises(InputError, match=r"the logistic .* has no terms to draw"):
        explain_task(settings, TASK)
    assert not list(settings.artifacts.rglob("*.html"))


def test_bins_have_names_people_read() -> None:
    """From the lowest to what is missing."""
    names = bin_names(np.array([1.5, 20000.0], np.float32))
    assert names == ["up to 1.5", "1.5 to 2e+04", "above 2e+04", "missing"]
    assert bin_names(np.empty(0, np.float32)) == ["any value", "missing"]
