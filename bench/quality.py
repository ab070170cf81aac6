"""`python -m bench quality`: compare our models with others on the same folds, in one run.

Other models use their default settings; ours use the setting that `python -m ml train` would choose
from the grid. All are also tuned by the same search with the same number of trials. FLAML, which
searches among models itself, gets a number of seconds per fold. On few rows every model uses one
thread. All figures come from rows that the model did not learn from. Without as-of dates, the same
folds also choose the settings, for all models alike.
"""

import json
import pickle
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import optuna
from rich.table import Table
from sklearn.ensemble import RandomForestClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score, log_loss, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from bench.machine import machine
from ml.candidates import CANDIDATES, Candidate
from ml.candidates.base import Params, threads_for
from ml.candidates.boosting import suggest_boosting
from ml.data.arrays import Labels, Matrix
from ml.data.dataset import Dataset
from ml.evaluation.folds import Fold, Protocol, protocol
from ml.evaluation.metrics import expected_calibration_error
from ml.export.onnx_graph import export
from ml.training.settings_choice import choose
from scoring.bundle import INPUT
from scoring.bundle.graph import open_session
from warehouse.console import progress_bar, say, show
from warehouse.errors import UsageError

__all__ = ["quality"]

Settings = Params
Fit = Callable[[Matrix, Labels, Settings, int], Any]
Suggest = Callable[["optuna.trial.BaseTrial"], Settings]

AUTOML_MODELS = ["lgbm", "xgboost", "catboost", "rf", "extra_tree"]
"""The models of FLAML that accept missing values."""


@dataclass(frozen=True)
class Entrant:
    """A model in the comparison: how it is fitted, tuned and scored."""

    name: str
    fit: Fit
    suggest: Suggest | None
    """The search space; None where the model tunes itself."""
    default: Settings
    ours: Candidate | None = None
    """The candidate, where the model is one of ours."""

    def scored(self, model: Any, features: int) -> tuple[Callable[[Matrix], Any], int]:
        """A function that gives probabilities [rows], and the model's size in bytes.

        The size is that of our ONNX graph, or of the other model's pickle.
        """
        if self.ours is None:
            return (lambda X: model.predict_proba(X)[:, 1]), len(pickle.dumps(model))
        graph = export(self.ours, model, features)
        session = open_session(graph, threads=1)
        return (lambda X: session.run(["probability"], {INPUT: X})[0]), len(graph)


def quality(
    data: Dataset, trials: int, repeats: int | None, automl_seconds: int, seed: int = 0
) -> dict[str, Any]:
    """Measure every model with its default settings and tuned by `trials` trials, best AUC first.

    With `trials` 0 nothing is tuned. Each result is printed at once, since all take long.
    """
    plan = protocol(data, seed, repeats=repeats)
    folds = plan.folds if plan.test is None else (Fold(plan.final, plan.test),)
    entrants, found = _entrants(automl_seconds), []
    with progress_bar("comparing with peers") as advance:
        for number, entrant in enumerate(entrants):
            setting, params = "default", entrant.default
            if entrant.ours:
                setting = "own grid"
                params = choose([entrant.ours], data, plan, seed, lambda: None)[0].params
            found.append(_measured(entrant, setting, params, data, folds, seed))
            _say(found[-1])
            if trials and entrant.suggest:
                best = _tuned(entrant, data, plan, trials, seed)
                found.append(_measured(entrant, f"{trials} trials", best, data, folds, seed))
                _say(found[-1])
            advance(number + 1, len(entrants))
    found.sort(key=lambda row: -row["roc_auc"])
    show(_table(f"{data.task.name}: {plan.name}, {len(data.labels):,} rows", found))
    return {**machine(), "protocol": plan.name, "rows": len(data.labels), "models": found}


def _entrants(automl_seconds: int) -> list[Entrant]:
    try:
        from catboost import CatBoostClassifier
        from flaml import AutoML
        from lightgbm import LGBMClassifier
        from xgboost import XGBClassifier
    except ImportError as error:
        raise UsageError(f"{error.name} is not installed: pip install '.[bench]'") from None
    ours = [Entrant(f"ours: {each.title}", each.fit, each.suggest, {}, each) for each in CANDIDATES]

    def logistic(X: Matrix, y: Labels, params: Settings, seed: int) -> Any:
        steps = (SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler())
        return make_pipeline(*steps, LogisticRegression(max_iter=2_000, **params)).fit(X, y)

    def forest(X: Matrix, y: Labels, params: Settings, seed: int) -> Any:
        return RandomForestClassifier(n_jobs=1, random_state=seed, **params).fit(X, y)

    def light(X: Matrix, y: Labels, params: Settings, seed: int) -> Any:
        return LGBMClassifier(n_jobs=1, random_state=seed, verbose=-1, **params).fit(X, y)

    def extreme(X: Matrix, y: Labels, params: Settings, seed: int) -> Any:
        return XGBClassifier(n_jobs=1, random_state=seed, **params).fit(X, y)

    def cat(X: Matrix, y: Labels, params: Settings, seed: int) -> Any:
        fixed = {"thread_count": 1, "random_seed": seed, "allow_writing_files": False}
        return CatBoostClassifier(verbose=0, **fixed, **params).fit(X, y)

    def automl(X: Matrix, y: Labels, params: Settings, seed: int) -> Any:
        model = AutoML()
        fixed = {"task": "classification", "metric": "log_loss", "eval_method": "cv", "n_jobs": 1}
        models = {"estimator_list": AUTOML_MODELS, "seed": seed, "verbose": 0}
        model.fit(X, y, **fixed, **models, **params)
        return model

    return [
        *ours,
        Entrant("logistic regression", logistic, _logistic_space, {}),
        Entrant("random forest", forest, _forest_space, {}),
        Entrant("LightGBM", light, _light_space, {}),
        Entrant("XGBoost", extreme, _extreme_space, {}),
        Entrant("CatBoost", cat, _cat_space, {}),
        Entrant("FLAML", automl, None, {"time_budget": automl_seconds}),
    ]


def _logistic_space(trial: "optuna.trial.BaseTrial") -> Settings:
    return {"C": trial.suggest_float("C", 1e-3, 1e2, log=True)}


def _forest_space(trial: "optuna.trial.BaseTrial") -> Settings:
    return {
        "min_samples_leaf": trial.suggest_int("min_samples_leaf", 1, 50, log=True),
        "max_features": trial.suggest_float("max_features", 0.1, 0.8),
    }


def _light_space(trial: "optuna.trial.BaseTrial") -> Settings:
    drawn = suggest_boosting(trial, leaves=(3, 40), rounds=(60, 500))
    return {
        "n_estimators": drawn["max_iter"],
        "learning_rate": drawn["learning_rate"],
        "num_leaves": drawn["max_leaf_nodes"],
        "min_child_samples": drawn["min_samples_leaf"],
        "reg_lambda": drawn["l2_regularization"],
        "colsample_bytree": drawn["max_features"],
    }


def _extreme_space(trial: "optuna.trial.BaseTrial") -> Settings:
    drawn = suggest_boosting(trial, leaves=(3, 40), rounds=(60, 500))
    return {
        "n_estimators": drawn["max_iter"],
        "learning_rate": drawn["learning_rate"],
        "max_leaves": drawn["max_leaf_nodes"],
        "grow_policy": "lossguide",
        "max_depth": 0,
        "min_child_weight": drawn["min_samples_leaf"] / 5,
        "reg_lambda": drawn["l2_regularization"],
        "colsample_bynode": drawn["max_features"],
    }


def _cat_space(trial: "optuna.trial.BaseTrial") -> Settings:
    rounds = trial.suggest_int("iterations", 60, 500, log=True)
    way = trial.suggest_float("way", 3.0, 30.0, log=True)
    return {
        "iterations": rounds,
        "learning_rate": min(0.3, way / rounds),
        "depth": trial.suggest_int("depth", 2, 8),
        "l2_leaf_reg": trial.suggest_float("l2_leaf_reg", 0.1, 50.0, log=True),
        "rsm": trial.suggest_float("rsm", 0.2, 1.0),
    }


def _tuned(entrant: Entrant, data: Dataset, plan: Protocol, trials: int, seed: int) -> Settings:
    """The setting with the lowest mean log loss over the first round of folds."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    suggest = entrant.suggest
    assert suggest is not None, f"{entrant.name} tunes itself"
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed))

    def loss(trial: optuna.Trial) -> float:
        params = suggest(trial)
        losses = []
        for fold in plan.folds[: len(plan.folds) // plan.repeats]:
            model = entrant.fit(data.matrix[fold.train], data.labels[fold.train], params, seed)
            likely = model.predict_proba(data.matrix[fold.validate])[:, 1]
            losses.append(log_loss(data.labels[fold.validate], likely))
        return float(np.mean(losses))

    with threads_for(len(data.labels)):
        study.optimize(loss, n_trials=trials)
    return suggest(optuna.trial.FixedTrial(study.best_params))


def _measured(
    entrant: Entrant,
    setting: str,
    params: Settings,
    data: Dataset,
    folds: Sequence[Fold],
    seed: int,
) -> dict[str, Any]:
    """The means over the folds of all figures, of times and of the size."""
    each = []
    with threads_for(len(data.labels)):
        for fold in folds:
            start = time.process_time()
            model = entrant.fit(data.matrix[fold.train], data.labels[fold.train], params, seed)
            fitted = time.process_time() - start
            score, size = entrant.scored(model, data.matrix.shape[1])
            rows = np.resize(fold.validate, 20_000)
            matrix = data.matrix[rows]
            start = time.process_time()
            score(matrix)
            scoring = time.process_time() - start
            likely = np.asarray(score(data.matrix[fold.validate]), dtype=np.float64)
            labels = data.labels[fold.validate]
            each.append(
                {
                    "roc_auc": roc_auc_score(labels, likely),
                    "average_precision": average_precision_score(labels, likely),
                    "log_loss": log_loss(labels, likely),
                    "calibration_error": expected_calibration_error(labels, likely),
                    "fit_cpu_seconds": fitted,
                    "rows_per_cpu_second": len(rows) / scoring,
                    "bytes": size,
                }
            )
    means = {name: float(np.mean([fold[name] for fold in each])) for name in each[0]}
    return {"model": entrant.name, "setting": setting, **means, "params": json.dumps(dict(params))}


def _say(row: Mapping[str, Any]) -> None:
    say(f"{row['model']}, {row['setting']}: AUC {row['roc_auc']:.4f}")


def _table(title: str, found: Sequence[Mapping[str, Any]]) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("model")
    table.add_column("setting")
    headings = ("AUC", "AP", "log loss", "ECE", "fit CPU s", "rows / CPU s", "KB")
    for heading in headings:
        table.add_column(heading, justify="right")
    for row in found:
        table.add_row(
            row["model"],
            row["setting"],
            f"{row['roc_auc']:.4f}",
            f"{row['average_precision']:.4f}",
            f"{row['log_loss']:.4f}",
            f"{row['calibration_error']:.4f}",
            f"{row['fit_cpu_seconds']:.2f}",
            f"{row['rows_per_cpu_second']:,.0f}",
            f"{row['bytes'] / 1024:,.0f}",
        )
    return table
