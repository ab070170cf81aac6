"""One published version, opened for requests: its predictions, champions and compiled SQL."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import onnxruntime
import pyarrow as pa

from scoring.bundle import Bundle, session
from scoring.run.batches import REASONS, score_batch
from scoring.run.champions import Champion
from scoring.serve.browse import audiences, models, segments
from scoring.serve.browse.tables import Question, TableAnswers, Tables
from scoring.serve.cards import Cards
from scoring.serve.entities import CUSTOMER, SERVING, SESSION, Entity
from scoring.serve.request_features import REMEDY, RequestFeatures
from warehouse.connection import fetch
from warehouse.errors import InputError
from warehouse.ids import normal_id
from warehouse.settings import Settings

__all__ = ["THREADS", "OpenPublication", "Unscorable", "identity"]

Identity = tuple[int, int, int, int]
Facts = dict[str, Any]
Resource = TypeVar("Resource")
THREADS = min(4, os.cpu_count() or 1)
"""Batches of one kind of request computed at the same time."""
BROKEN = "a file with these values would be quarantined by the rule"
QUESTIONS = {
    each.__name__: each
    for each in (
        models.tasks,
        models.checks,
        audiences.audiences,
        audiences.audience,
        segments.segments,
        segments.segment,
    )
}
"""The questions that the live page can ask, by name."""


@dataclass(frozen=True)
class Unscorable:
    """Why a request cannot be scored."""

    reason: str


@dataclass(frozen=True)
class LoadedModel:
    """A champion in memory, ready to score; its folder may be replaced or removed meanwhile."""

    bundle: Bundle
    session: onnxruntime.InferenceSession


def identity(serving: Path) -> Identity | None:
    """Device, inode, size and time of change of the published file; None when there is no file."""
    try:
        return _identity(os.stat(serving))
    except OSError:
        return None


class OpenPublication:
    """Answers requests from one version, also after a newer one is published.

    At most THREADS threads at a time may call `sessions`, and as many `customers`; only one thread
    at a time may call `answers`.
    """

    def __init__(self, settings: Settings) -> None:
        """Open the served version, and load and verify its champions.

        Raises InputError (nothing is published, or a table for requests is missing) or
        IntegrityError (a bundle is not the published one).
        """
        self._open: list[Any] = []
        try:
            self._handle = os.open(settings.serving, os.O_RDONLY)
        except OSError as error:
            raise InputError(
                f"cannot read {settings.serving} ({error.strerror}): {REMEDY}"
            ) from None
        try:
            self.identity = _identity(os.fstat(self._handle))
            self._load(settings)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close the file and everything opened from it."""
        for each in self._open:
            each.close()
        os.close(self._handle)

    def card(self, customer: str) -> str | None:
        """The published predictions of a customer as JSON; None without any. Thread-safe."""
        customer = normal_id(customer)
        predictions = self._cards.of(customer)
        if predictions is None:
            return None
        facts = json.dumps(self.facts)
        name = json.dumps(customer)
        return f'{{"customer_id":{name},"predictions":{predictions},"publication":{facts}}}'

    def sessions(self, rows: Sequence[Mapping[str, Any]]) -> list[Facts | Unscorable]:
        """The predictions for sessions, given as columns of `marts.sessions`; one per row."""
        return self._score(SESSION, rows)

    def customers(self, rows: Sequence[Mapping[str, Any]]) -> list[Facts | Unscorable]:
        """The predictions for new customers, given as columns of `marts.customers`; one per row."""
        return [answer for row in rows for answer in self._score(CUSTOMER, [row])]

    def answers(self, questions: Sequence[Question]) -> list[str | None]:
        """The answers to questions of the live page as JSON; None where nothing is published."""
        return self._tables.answer(questions)

    def models(self, entity: Entity) -> list[LoadedModel]:
        """The champions that score requests about this entity."""
        return self._models[entity.features]

    def _load(self, settings: Settings) -> None:
        file = f"/dev/fd/{self._handle}"  # the opened file, even if its path is replaced meanwhile
        try:
            champions = self._read(file, settings)
            self._models: dict[str, list[LoadedModel]] = {
                SESSION.features: [],
                CUSTOMER.features: [],
            }
            for bundle in [champion.load() for champion in champions]:
                if bundle.relation in self._models:
                    model = LoadedModel(bundle, session(bundle, threads=1))
                    self._models[bundle.relation].append(model)
            self._cards = Cards(file)
            self._tables = self._opened(TableAnswers(Tables(file, self.facts), QUESTIONS))
        except duckdb.Error as error:
            why = str(error).splitlines()[0]
            raise InputError(
                f"{settings.serving} cannot answer requests ({why}): {REMEDY}"
            ) from None
        self._features = {
            entity.name: self._opened(RequestFeatures(file, entity, THREADS))
            for entity in (SESSION, CUSTOMER)
        }
        self._warm_up()

    def _read(self, file: str, settings: Settings) -> list[Champion]:
        tables = self._opened(duckdb.connect(config={"threads": 1}))
        fetch(tables, f"attach '{file}' as {SERVING} (read_only)")
        ((version, at),) = fetch(
            tables,
            f"select any_value(version), any_value(published_at) from {SERVING}.publication",
        )
        self.version, self.published_at = str(version), at
        self.facts: Facts = {"version": self.version, "published_at": f"{at.isoformat()}Z"}
        rows = fetch(
            tables,
            "select task, champions.model_version, bundle_path, bundle_sha256, task_title"
            f" from {SERVING}.predictions.champions as champions"
            f" inner join {SERVING}.predictions.model_overview as overview using (task)"
            " order by task",
        )
        self._titles: dict[str, str] = {row[0]: row[4] for row in rows}
        return [Champion(row[0], row[1], settings.artifacts / row[2], row[3]) for row in rows]

    def _warm_up(self) -> None:
        """Answer each kind of request once, so that errors show and the first request is fast."""
        moment = datetime(2026, 1, 1)
        self.card("")
        self.answers([Question("tasks"), Question("checks"), Question("audiences")])
        self.sessions([{"started_at": moment, "customer_id": "", "visitor_type": "unknown"}])
        self.customers([{"registered_at": moment, "as_of_date": date(2026, 1, 2), "region": ""}])

    def _opened(self, resource: Resource) -> Resource:
        """The same resource, which `close` will close."""
        self._open.append(resource)
        return resource

    def _score(self, entity: Entity, rows: Sequence[Mapping[str, Any]]) -> list[Facts | Unscorable]:
        """One answer per row. A row that one model cannot score is not scored by any model."""
        features, models = self._features[entity.name], self._models[entity.features]
        answers: list[Facts | Unscorable] = []
        with features.of(rows) as computed:
            broken = computed.broken_rules
            scores = {
                model.bundle.task: score_batch(computed.batch, model.bundle, model.session)
                for model in models
            }
            words = computed.words(scores) if scores else {}
            known = _column(computed.batch, "is_known").to_pylist()
            days = _column(computed.batch, "as_of_date").to_pylist()
        found = {task: batch.to_pylist() for task, batch in scores.items()}
        for number, row in enumerate(rows):
            if broken[number]:
                answers.append(Unscorable(f"{BROKEN} {broken[number]}"))
                continue
            scored = {task: each[number] for task, each in found.items()}
            why = [score["unscorable"] for score in scored.values() if score["unscorable"]]
            if why:
                answers.append(Unscorable(why[0]))
                continue
            answer: Facts = {}
            if row.get("customer_id") is not None:
                answer |= {
                    "customer_id": row["customer_id"],
                    "is_known_customer": bool(known[number]),
                }
            answer["predictions"] = [
                self._of_score(
                    model.bundle, score, words.get((task, score["entity_id"])), days[number]
                )
                for model, (task, score) in zip(models, scored.items(), strict=True)
            ]
            answers.append(answer | {"publication": self.facts})
        return answers

    def _of_score(
        self, bundle: Bundle, score: Facts, words: Sequence[str | None] | None, day: date
    ) -> Facts:
        return {
            "task": bundle.task,
            "title": self._titles[bundle.task],
            "model_version": bundle.model_version,
            "probability": score["probability"],
            "score": score["score"],
            "reasons": _reasons(score, words or (None, None, None)),
            "as_of_date": str(day),
        }


def _reasons(row: Facts, words: Sequence[str | None]) -> list[Facts]:
    return [
        {
            "reason": row[f"reason_{rank}"],
            "text": words[rank - 1],
            "contribution": row[f"contribution_{rank}"],
        }
        for rank in range(1, REASONS + 1)
        if row[f"reason_{rank}"] is not None
    ]


def _column(batch: pa.RecordBatch, name: str) -> pa.Array:
    return batch.column(batch.schema.get_field_index(name))


def _identity(state: os.stat_result) -> Identity:
    return state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns
