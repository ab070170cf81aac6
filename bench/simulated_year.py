"""A simulated year of a shop, week by week: score, wait for outcomes, monitor, train again.

dbt builds the features of all weeks once; point-in-time features contain nothing of later weeks.
The simulated warehouse gets the rows of a week when the week comes, and a label when it has
matured.
"""

import shutil
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb

from bench.processes import run
from ml.candidates import Candidate
from ml.synthesize import synthesize
from ml.training.retrain import retrain
from ml.training.train import TrainingRequest, train
from scoring.run.job import ScoringRequest
from scoring.run.job import run as score
from warehouse.errors import NumerosityError
from warehouse.settings import PROJECT_ROOT, Settings

__all__ = ["HORIZON", "TASK", "Year", "build_weeks"]

TASK, HORIZON = "customer_purchase_30d", 30
LAST = date(2026, 1, 1)
"""The end of the shop's history."""
FEATURES = "features.customer_features"
CHECKS = "monitoring.monitoring_checks"
MODELS = (
    "feature_comparisons",
    "monitor_null_share",
    "monitor_range",
    "monitor_feature_drift",
    "monitor_score_drift",
    "monitor_expected_performance",
    "task_performance",
    "monitor_realised_performance",
    "monitor_calibration",
    "monitoring_checks",
)
OF_ARRIVALS = ("monitor_freshness", "monitor_volume", "monitor_unseen_categories")
"""Checks of what arrives, which here came at once: they are left empty."""


def build_weeks(folder: Path, customers: int, seed: int, change_at: date, weeks: int) -> None:
    """Generate the shop and build the features of its last `weeks` weeks in `folder`/built.

    An existing `folder` is replaced. Raises InputError when dbt fails.
    """
    shutil.rmtree(folder, ignore_errors=True)
    synthesize(customers, seed, folder / "raw", change_at=change_at)
    built = folder / "built"
    built.mkdir()
    with closing(duckdb.connect(str(built / "warehouse.duckdb"))) as connection:
        connection.execute("create schema intermediate")
        connection.execute(
            "create table intermediate.int_as_of_dates_scheduled"
            " (source_name varchar, as_of_date date)"
        )
        connection.executemany(
            "insert into intermediate.int_as_of_dates_scheduled values ('sample', ?)",
            [[LAST - timedelta(weeks=back)] for back in range(weeks)],
        )
    run(
        [
            *(
                Path(sys.executable).with_name("dbt"),
                "build",
                "--exclude-resource-type",
                "unit_test",
            ),
            *("--exclude-resource-type", "test", "--target-path", f"{folder}/target"),
            *("--vars", f"{{sources: [sample], as_of_date: {LAST}}}"),
            *("--select", "+monitoring_checks"),
        ],
        folder / "dbt.log",
        {
            "NUMEROSITY_RAW": str(folder / "raw"),
            "NUMEROSITY_WAREHOUSE": str(built / "warehouse.duckdb"),
            "DBT_PROFILES_DIR": str(PROJECT_ROOT / "profiles"),
        },
    )


@dataclass
class Year:
    """A warehouse that is simulated week by week."""

    folder: Path
    sql: dict[str, str]
    """The compiled SQL of each model in `MODELS`."""
    candidates: Sequence[Candidate]
    champions: dict[date, str] = field(default_factory=dict)
    """The version of the champion in each week."""
    decisions: list[dict[str, Any]] = field(default_factory=list)
    """The result of `retrain` in each week."""
    first: str = ""
    """The version of the first model."""

    @property
    def settings(self) -> Settings:
        """Settings for the simulated warehouse."""
        return Settings(
            warehouse=self.folder / "simulated" / "warehouse.duckdb",
            artifacts=self.folder / "artifacts",
            manifest=self.folder / "target" / "manifest.json",
        )

    def start(self, today: date) -> None:
        """Create the warehouse as of `today`, and train its first champion."""
        simulated = self.settings.warehouse
        simulated.parent.mkdir(exist_ok=True)
        shutil.copy(self.folder / "built" / "warehouse.duckdb", simulated)
        with self._open() as connection:
            for table in (FEATURES, "intermediate.int_as_of_dates_scheduled"):
                connection.execute(f"delete from {table} where as_of_date > ?", [today])
            for table in (CHECKS, *(f"monitoring.{name}" for name in OF_ARRIVALS)):
                connection.execute(f"delete from {table}")
            connection.execute(
                f"update {FEATURES} set has_purchase_30d = null, has_purchase_90d = null,"
                " has_purchase_7d = null where as_of_date + ? > ?",
                [HORIZON, today],
            )
        (done,) = train(self.settings, TASK, TrainingRequest(candidates=self.candidates))["trained"]
        self.first = done["model_version"]

    def run_week(self, today: date) -> None:
        """Simulate one week: new rows and matured labels, scores, checks, a decision to retrain.

        Raises NumerosityError when the week could not be scored.
        """
        with self._open() as connection:
            self._grow(connection, today)
        champion = self._score(today, None)
        self.champions[today] = champion
        if champion != self.first:  # for comparison: the result without retraining
            self._score(today, self.settings.artifacts / TASK / self.first)
        with self._open() as connection:
            for name in MODELS[:-1]:
                connection.execute(f"create or replace table monitoring.{name} as {self.sql[name]}")
            connection.execute(f"insert into {CHECKS} by name {self.sql[MODELS[-1]]}")
        (decision,) = retrain(self.settings, TASK, True, candidates=self.candidates)["tasks"]
        self.decisions.append({"as_of_date": today, **decision})

    def figures(self) -> list[dict[str, Any]]:
        """The AUC of the week's champion and of the first model, for weeks with known outcomes."""
        with self._open() as connection:
            rows = connection.execute(
                "select as_of_date, model_version, auc, auc_error"
                " from monitoring.task_performance where task = ?",
                [TASK],
            ).fetchall()
        known = {(day, version): figures for day, version, *figures in rows}
        return [
            {
                "as_of_date": day,
                "model_version": version,
                "auc": known[day, version][0],
                "auc_error": known[day, version][1],
                "first_auc": known[day, self.first][0],
            }
            for day, version in sorted(self.champions.items())
            if (day, version) in known
        ]

    def _open(self) -> Any:
        return closing(duckdb.connect(str(self.settings.warehouse)))

    def _grow(self, connection: duckdb.DuckDBPyConnection, today: date) -> None:
        """Insert the week's rows without labels, and fill in the labels that have matured."""
        connection.execute(f"attach '{self.folder}/built/warehouse.duckdb' as built (read_only)")
        connection.execute(
            "insert into intermediate.int_as_of_dates_scheduled values ('sample', ?)", [today]
        )
        matured = today - timedelta(days=HORIZON)
        hidden = "has_purchase_7d, has_purchase_30d, has_purchase_90d"
        nothing = ", ".join(f"null as {name}" for name in hidden.split(", "))
        connection.execute(
            f"insert into {FEATURES} by name select * exclude ({hidden}), {nothing}"
            f" from built.{FEATURES} where as_of_date = ?",
            [today],
        )
        connection.execute(
            f"update {FEATURES} as ours set has_purchase_30d = theirs.has_purchase_30d"
            f" from built.{FEATURES} as theirs"
            " where ours.as_of_date <= ? and ours.has_purchase_30d is null"
            " and ours.customer_id = theirs.customer_id and ours.as_of_date = theirs.as_of_date",
            [matured],
        )
        connection.execute("detach built")

    def _score(self, today: date, bundle: Path | None) -> str:
        request = ScoringRequest(task=TASK, as_of=today, bundle=bundle, progress=False)
        (outcome,) = score(self.settings, request)
        if outcome.error or outcome.model_version is None:
            raise NumerosityError(f"{today} was not scored: {outcome.error}")
        return outcome.model_version
