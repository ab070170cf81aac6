"""A warehouse in which the SQL of the monitoring models runs, night by night."""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

import duckdb
import numpy as np
import pandas as pd
from scipy.special import expit

from ml.evaluation.bootstrap import bootstrap_intervals
from ml.evaluation.metrics import measure
from tests.support.monitored_shop import HORIZON, TASKS, Day, buyers, draw_day
from warehouse.feature_tables import FeatureTable
from warehouse.settings import PROJECT_ROOT
from warehouse.tables import insert, script

__all__ = ["AFTER_SCORES", "BEFORE_SCORES", "Nights"]

FIRST = date(2025, 1, 6)
REFERENCE, STEP = 13, 7
"""Number of training dates of the champions, and the days between two of them."""
BEFORE_SCORES = (
    "source_daily_rows",
    "monitor_freshness",
    "monitor_volume",
    "monitor_unseen_categories",
    "feature_histograms",
    "feature_comparisons",
    "monitor_null_share",
    "monitor_range",
    "monitor_feature_drift",
)
AFTER_SCORES = (
    "monitor_score_drift",
    "monitor_expected_performance",
    "task_performance",
    "monitor_realised_performance",
    "monitor_calibration",
)
SCHEMAS = ("intermediate", "marts", "features", "segments", "monitoring", "seeds")
EVENTS = {
    "customers": "valid_from",
    "orders": "ordered_at",
    "order_items": "ordered_at",
    "web_sessions": "started_at",
    "social_engagements": "engaged_at",
}
TABLES = {
    "intermediate.int_as_of_dates_scheduled": "source_name varchar, as_of_date date",
    "marts.sessions": "known_at timestamp, traffic_source varchar, visitor_type varchar,"
    " operating_system varchar, browser varchar, region varchar",
    "marts.orders": "known_at timestamp, order_type varchar",
    "marts.engagements": "known_at timestamp, channel varchar, action varchar",
    "marts.watermarks": "source_name varchar, table_name varchar, complete_until date,"
    " rule varchar, may_lag boolean",
    "monitoring.feature_histograms": "feature_table varchar, feature varchar, as_of_date date,"
    " bin integer, row_count bigint",
    "scoring.predictions": "task varchar, entity_id varchar, as_of_date date,"
    " model_version varchar, probability double",
    "segments.public_micro_segment_counts": "level integer, segment_name varchar, outcome varchar,"
    " as_of_date date, customers_scored bigint, buyers_scored bigint, predicted_buyers double",
}
"""The tables that the models read, with the columns they read. Predictions are a table here."""


class Nights:
    """A warehouse to which each call of `run` adds a day; it returns the checks of the night."""

    def __init__(
        self,
        sql: dict[str, str],
        tables: Sequence[FeatureTable],
        customers: int,
        seed: int = 0,
    ) -> None:
        """Create the history: `REFERENCE` weekly dates, half a year of arrivals, the champions."""
        self.sql = sql
        self.tables = {table.relation.partition(".")[2]: table for table in tables}
        self.customers = customers
        self.rng = np.random.default_rng(seed)
        self.connection = duckdb.connect(config={"threads": 2})
        self._create()
        for number in range(REFERENCE * STEP * 2):
            day = draw_day(self.rng, self.tables, FIRST + timedelta(number + 1), customers)
            self._arrive(day)
            self.today = day.as_of
            if number >= REFERENCE * STEP and number % STEP == 0:
                self._learn(day)
        self._promise()

    def draw(self) -> Day:
        """The next day, without a planted change."""
        return draw_day(self.rng, self.tables, self.today + timedelta(1), self.customers)

    def run(self, day: Day, keep: bool = True) -> pd.DataFrame:
        """The checks of the night after the day; without `keep` the day is rolled back."""
        self.connection.begin()
        self._schedule(day.as_of)
        self._arrive(day)
        self._enter_features(day)
        self._execute(BEFORE_SCORES)
        self._enter_scores(day)
        self._execute(AFTER_SCORES)
        names = [name for name in (*BEFORE_SCORES, *AFTER_SCORES) if name.startswith("monitor_")]
        checks = self.connection.sql(
            " union all ".join(f"select * from warehouse.monitoring.{name}" for name in names)
        ).df()
        if keep:
            self.connection.commit()
            self.today = day.as_of
        else:
            self.connection.rollback()
        return checks

    def _create(self) -> None:
        run = self.connection.execute
        run("attach ':memory:' as warehouse")
        run("use warehouse")
        run(f"{script()} drop view scoring.predictions")
        for schema in SCHEMAS:
            run(f"create schema {schema}")
        for table, moment in EVENTS.items():
            run(
                f"create table intermediate.int_{table}_unioned"
                f" (source_name varchar, {moment} timestamp, known_at timestamp)"
            )
        for table, columns in TABLES.items():
            run(f"create table {table} ({columns})")
        for table in EVENTS:
            run(
                "insert into marts.watermarks values ('sample', ?, null, 'newest arrival', false)",
                [table],
            )
        seed = PROJECT_ROOT / "seeds" / "monitoring_thresholds.csv"
        run(f"create table seeds.monitoring_thresholds as from read_csv('{seed}')")
        for name, watched in self.tables.items():
            columns = ", ".join(f"{feature.name} float" for feature in watched.features)
            labels = ", ".join(f"{label} boolean" for label in {t.label for t in watched.tasks})
            run(
                f"create table features.{name} ({watched.entity_key} varchar, as_of_date date,"
                f" {columns}, {labels})"
            )

    def _execute(self, names: Iterable[str]) -> None:
        for name in names:
            if name == "feature_histograms":
                self.connection.execute(f"insert into monitoring.{name} {self.sql[name]}")
            else:
                self.connection.execute(
                    f"create or replace table monitoring.{name} as {self.sql[name]}"
                )

    def _schedule(self, as_of: date) -> None:
        self.connection.execute(
            "insert into intermediate.int_as_of_dates_scheduled values ('sample', ?)", [as_of]
        )

    def _arrive(self, day: Day) -> None:
        """Insert rows of the day before, spread over its minutes; each arrives at once."""
        before = day.as_of - timedelta(1)
        for table, rows in (("orders", day.orders), ("web_sessions", len(day.sessions))):
            self.connection.execute(
                f"insert into intermediate.int_{table}_unioned"
                " select 'sample', moment, moment from (select ?::timestamp"
                " + interval 1 minute * (n % 1440) as moment from range(?) as numbers(n))",
                [before, rows],
            )
        sessions = day.sessions  # noqa: F841 - DuckDB reads it by its name
        self.connection.execute(
            "insert into marts.sessions (known_at, traffic_source)"
            " select ?::timestamp + interval 12 hour, traffic_source from sessions",
            [before],
        ).fetchall()

    def _enter_features(self, day: Day) -> None:
        for name, frame in day.features.items():
            key = self.tables[name].entity_key
            rows = frame.assign(
                **{key: [f"{key}{n}" for n in range(len(frame))], "as_of_date": day.as_of}
            )
            self.connection.execute(f"delete from features.{name}")
            self.connection.execute(
                f"insert into features.{name} by name select * from rows"
            ).fetchall()
            del rows

    def _learn(self, day: Day) -> None:
        """Add a date to the reference."""
        self._schedule(day.as_of)
        self._enter_features(day)
        self._execute(["feature_histograms"])

    def _promise(self) -> None:
        """Insert the champions, with metrics measured on as many rows as they score."""
        for task in TASKS.values():
            log_odds = draw_day(self.rng, self.tables, self.today, self.customers).scores[task]
            labels, p = buyers(self.rng, log_odds).astype(np.uint8), expit(log_odds)
            threshold = 0.2 if task == "customer_purchase_30d" else 0.5
            found = measure(labels, p, threshold)
            ends = bootstrap_intervals(labels, p, threshold=threshold)
            model = {"task": task, "model_version": "m1"}
            champion = model | {"candidate": "glass_box"}
            learned = {"status": "champion", "training_from": FIRST, "training_to": self.today}
            insert(self.connection, "registry.models", [champion | learned])
            measured = [
                {"metric": metric, "value": found[metric], "value_low": low, "value_high": high}
                for metric in ("roc_auc", "brier", "precision")
                for low, high in [ends[metric]]
            ]
            insert(
                self.connection,
                "registry.evaluations",
                [champion | {"rows": 0, "buyers": 0} | row for row in measured],
            )
            scored = pd.DataFrame({"probability": p})  # noqa: F841 - DuckDB reads it by its name
            self.connection.execute(
                "insert into registry.held_out_predictions by name"
                " select $task as task, $model_version as model_version, probability from scored",
                model,
            ).fetchall()

    def _enter_scores(self, day: Day) -> None:
        """Insert the newest scores, and those whose labels mature today."""
        run = self.connection.execute
        run("delete from scoring.predictions")
        for name, task in TASKS.items():
            key = self.tables[name].entity_key
            scored = pd.DataFrame({"p": expit(day.scores[task])})
            scored["entity_id"] = [f"{key}{n}" for n in range(len(scored))]
            run(
                "insert into scoring.predictions select ?, entity_id, ?, 'm1', p from scored",
                [task, day.as_of],
            ).fetchall()
            if name == "session_features":
                scored["is_buyer"] = buyers(self.rng, day.scores[task])
                run(
                    "update features.session_features set has_purchase = is_buyer from scored"
                    " where session_id = scored.entity_id"
                ).fetchall()
        before = day.as_of - timedelta(HORIZON)
        self._mature(
            day,
            max(
                before,
                self.connection.sql("select max(training_to) + 1 from registry.models").fetchall()[
                    0
                ][0],
            ),
        )

    def _mature(self, day: Day, when: date) -> None:
        run = self.connection.execute
        rng = self.rng
        past = pd.DataFrame({"p": expit(day.matured), "is_buyer": buyers(rng, day.truth)})
        past["entity_id"] = [f"old{n}" for n in range(len(past))]
        run(
            "insert into scoring.predictions"
            " select 'customer_purchase_30d', entity_id, ?, 'm1', p from past",
            [when],
        ).fetchall()
        run(
            "insert into features.customer_features (customer_id, as_of_date, has_purchase_30d)"
            " select entity_id, ?, is_buyer from past",
            [when],
        ).fetchall()
        run("delete from segments.public_micro_segment_counts")
        for level, count in ((1, 4), (2, 20), (3, 100)):
            past["segment"] = (rng.beta(1, 2, len(past)) * count).astype(int)
            run(
                "insert into segments.public_micro_segment_counts"
                " select ?, 'segment ' || segment, 'has_purchase_30d', ?, count(*),"
                " count(*) filter (is_buyer), sum(p) from past group by segment",
                [level, when],
            ).fetchall()
