"""Does a new model beat the champion? Asked on the same rows, answered with the reason.

The rule: the challenger wins when the 95 % interval of its gain in average precision, over paired
resamples of the same rows (the rows of an entity drawn together), lies above zero.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ml.data.arrays import Floats
from ml.data.dataset import Dataset
from ml.evaluation.bootstrap import Difference, paired_difference
from ml.evaluation.candidates import Evaluation
from ml.evaluation.folds import Protocol
from ml.evaluation.held_out import groups_of
from scoring.bundle import INPUT, Bundle, load_bundle, session
from warehouse.errors import InputError, IntegrityError

__all__ = ["METRIC", "KnownChampion", "Verdict", "compare"]

METRIC = "average_precision"
BATCH = 8_192
MANY = 100_000
"""Rows. Above, an interval is so narrow that 200 resamples tell as much as 1,000."""

RememberedRows = Mapping[tuple[str, date], tuple[bool, float]]
"""By entity and as-of date: what happened, and the probability that was given."""


@dataclass(frozen=True)
class KnownChampion:
    """The model in force, as the registry knows it."""

    model_version: str
    bundle_path: str
    """Relative to the artifacts folder."""
    feature_schema_hash: str
    reason: str
    protocol: str | None
    """How it was measured."""
    held_out: RememberedRows
    """What it said of the rows that measured it."""


@dataclass(frozen=True)
class Verdict:
    """Whether the challenger wins, and why; without a difference where none could be measured."""

    wins: bool
    reason: str
    difference: Difference | None = None
    rows: int | None = None


def compare(
    champion: KnownChampion,
    artifacts: Path,
    data: Dataset,
    plan: Protocol,
    new: Evaluation,
    bundle: Bundle,
    seed: int = 0,
) -> Verdict:
    """Whether `new` wins, and the reason as people read it.

    Where there is time, the champion's bundle scores the same test rows. Where there is none, what
    it said of the same rows in the same folds counts. If it was not measured so, the champion
    scores these rows: it may have learned from them, so who beats it there is better.
    """
    old, rows = champion.model_version, new.rows
    if champion.feature_schema_hash != bundle.feature_schema_hash:
        return Verdict(True, f"the features have changed since {old} was trained")
    theirs = _remembered(champion, data, plan, new)
    where = f"in {plan.name} of the same {len(rows):,} rows"
    if theirs is None:
        try:
            rival = load_bundle(artifacts / champion.bundle_path)
        except (InputError, IntegrityError) as error:
            return Verdict(True, f"the bundle of {old} cannot be used ({error})")
        theirs = _probabilities(rival, data.matrix[rows])
        where = f"on the same {len(rows):,} test rows"
        if plan.test is None:
            where = f"on these {len(rows):,} rows, which {old} may have learned from"
    groups = groups_of(data, rows)
    resamples = 1_000 if len(rows) <= MANY else 200
    difference = paired_difference(new.labels, new.probabilities, theirs, groups, seed, resamples)
    gain, low, high = difference
    verdict = (
        f"average precision {gain:+.4f} (95 % interval {low:+.4f} to {high:+.4f})"
        f" against that of {old} {where}"
    )
    return Verdict(low > 0, verdict, difference, len(rows))


def _remembered(
    champion: KnownChampion, data: Dataset, plan: Protocol, new: Evaluation
) -> Floats | None:
    """The champion's own held-out probabilities of the rows, if it was measured on just these."""
    if plan.test is not None or champion.protocol != plan.name:
        return None
    keys = zip(data.entities[new.rows], data.as_of[new.rows].tolist(), strict=True)
    found = [champion.held_out.get(key) for key in keys]
    known = [each for each in found if each is not None]
    if len(known) < len(found) or len(champion.held_out) != len(found):
        return None
    if any(label != bool(now) for (label, _), now in zip(known, new.labels, strict=True)):
        return None
    return np.array([probability for _, probability in known])


def _probabilities(bundle: Bundle, matrix: npt.NDArray[np.float32]) -> Floats:
    model = session(bundle, threads=1)
    batches = [
        model.run(["probability"], {INPUT: matrix[start : start + BATCH]})[0]
        for start in range(0, len(matrix), BATCH)
    ]
    return np.concatenate(batches).astype(np.float64)
