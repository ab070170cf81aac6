"""One published version, opened to be asked: its cards, its champions, its SQL for requests."""

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
from scoring.serve.browse.tables import Asked, Question, Tables
from scoring.serve.cards import Cards
from scoring.serve.entities import CUSTOMER, SERVING, SESSION, Entity
from scoring.serve.request_features import REMEDY, Features
from warehouse.connection import fetch
from warehouse.errors import InputError
from warehouse.settings import Settings

__all__ = ["THREADS", "OpenPublication", "Unscorable", "identity"]

Identity = tuple[int, int, int, int]
Facts = dict[str, Any]
Kept = TypeVar("Kept")
THREADS = min(4, os.cpu_count() or 1)
"""Batches of a kind computed at the same time."""
SHOWN = {
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
"""What the live page may ask."""


@dataclass(frozen=True)
class Unscorable:
    """Why the row of a request has no score."""

    reason: str


@dataclass(frozen=True)
class Model:
    """A champion, ready to score. It lives in memory: its folder may be replaced or go."""

    bundle: Bundle
    session: onnxruntime.InferenceSession


def identity(serving: Path) -> Identity | None:
    """What tells one published file from the next, none when there is no file."""
    try:
        return _identity(os.stat(serving))
    except OSError:
        return None


class OpenPublication:
    """Answers from one version, whatever is published in the meantime.

    `sessions` and `customers` are for THREADS threads each at a time, `asked` is for one.
    """

    def __init__(self, settings: Settings) -> None:
        """Open what is served now, load and verify the champions.

        Raises InputError (nothing is published, or not what a request needs) or IntegrityError (a
        bundle is not the one that was published).
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
        """Let go of the version."""
        for each in self._open:
            each.close()
        os.close(self._handle)

    def card(self, customer: str) -> str | None:
        """What is known of a customer as JSON, none without a prediction; for every thread."""
        predictions = self._cards.of(customer)
        if predictions is None:
            return None
        facts = json.dumps(self.facts)
        name = json.dumps(customer)
        return f'{{"customer_id":{name},"predictions":{predictions},"publication":{facts}}}'

    def sessions(self, rows: Sequence[Mapping[str, Any]]) -> list[Facts | Unscorable]:
        """The predictions for sessions, columns of `marts.sessions`."""
        return self._score(SESSION, rows)

    def customers(self, rows: Sequence[Mapping[str, Any]]) -> list[Facts | Unscorable]:
        """The predictions for customers without a history, columns of `marts.customers`."""
        return [answer for row in rows for answer in self._score(CUSTOMER, [row])]

    def asked(self, questions: Sequence[Question]) -> list[str | None]:
        """What the live page shows, as JSON; none where there is nothing of the kind."""
        return self._asked.answer(questions)

    def models(self, entity: Entity) -> list[Model]:
        """The champions that score such requests."""
        return self._models[entity.features]

    def _load(self, settings: Settings) -> None:
        file = f"/dev/fd/{self._handle}"  # this very file, whatever its name stands for by now
        try:
            champions = self._read(file, settings)
            self._models: dict[str, list[Model]] = {SESSION.features: [], CUSTOMER.features: []}
            for bundle in [champion.load() for champion in champions]:
                if bundle.relation in self._models:
                    self._models[bundle.relation].append(Model(bundle, session(bundle, threads=1)))
            self._cards = Cards(file)
            self._asked = self._kept(Asked(Tables(file, self.facts), SHOWN))
        except duckdb.Error as error:
            why = str(error).splitlines()[0]
            raise InputError(f"{settings.serving} answers no requests ({why}): {REMEDY}") from None
        self._features = {
            entity.name: self._kept(Features(file, entity, THREADS))
            for entity in (SESSION, CUSTOMER)
        }
        self._try_out()

    def _read(self, file: str, settings: Settings) -> list[Champion]:
        tables = self._kept(duckdb.connect(config={"threads": 1}))
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

    def _try_out(self) -> None:
        """Ask each question once: what fails does so here, and nobody waits for a first time."""
        moment = datetime(2026, 1, 1)
        self.card("")
        self.asked([Question("tasks"), Question("checks"), Question("audiences")])
        self.sessions([{"started_at": moment, "customer_id": "", "visitor_type": "unknown"}])
        self.customers([{"registered_at": moment, "as_of_date": date(2026, 1, 2), "region": ""}])

    def _kept(self, each: Kept) -> Kept:
        """The same, to be closed at the end."""
        self._open.append(each)
        return each

    def _score(self, entity: Entity, rows: Sequence[Mapping[str, Any]]) -> list[Facts | Unscorable]:
        """One answer a row. Where a row cannot be scored by one model it is by none."""
        features, models = self._features[entity.name], self._models[entity.features]
        answers: list[Facts | Unscorable] = []
        with features.of(rows) as made:
            scores = {
                model.bundle.task: score_batch(made.batch, model.bundle, model.session)
                for model in models
            }
            words = made.words(scores) if scores else {}
            known = _column(made.batch, "is_known").to_pylist()
            days = _column(made.batch, "as_of_date").to_pylist()
        found = {task: batch.to_pylist() for task, batch in scores.items()}
        for number, row in enumerate(rows):
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
