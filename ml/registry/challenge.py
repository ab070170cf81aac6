"""Compare a new model with the champion on the same rows, and state the reason.

The challenger wins when the 95 % interval of its gain in average precision lies above zero. The
interval comes from paired resamples of the same rows; the rows of an entity are resampled together.
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
"""Rows. Above this number an interval is so narrow that 200 resamples suffice instead of 1,000."""

HeldOutRows = Mapping[tuple[str, date], tuple[bool, float]]
"""By entity and as-of date: whether the row is a buyer, and the predicted probability."""


@dataclass(frozen=True)
class KnownChampion:
    """The champion, as recorded in the registry."""

    model_version: str
    bundle_path: str
    """Relative to the artifacts folder."""
    feature_schema_hash: str
    reason: str
    protocol: str | None
    """The protocol under which it was measured."""
    held_out: HeldOutRows
    """Its held-out predictions."""


@dataclass(frozen=True)
class Verdict:
    """Whether the challenger wins, and why."""

    wins: bool
    reason: str
    difference: Difference | None = None
    """The gain in average precision with its interval; None where it was not measured."""
    rows: int | None = None
    """The number of rows on which the difference was measured."""


def compare(
    champion: KnownChampion,
    artifacts: Path,
    data: Dataset,
    plan: Protocol,
    new: Evaluation,
    bundle: Bundle,
    seed: int = 0,
) -> Verdict:
    """Whether `new` wins against the champion, with the reason for people.

    With a time split, the champion's bundle scores the same test rows. Without one, its held-out
    predictions for the same rows in the same folds are used. If it has none, its bundle scores
    these rows. It may have learned from them, so a model that beats it there is better.

    A champion with other features, or with a bundle that cannot be read, loses without a
    measurement.
    """
    old, rows = champion.model_version, new.rows
    if champion.feature_schema_hash != bundle.feature_schema_hash:
        return Verdict(True, f"the features have changed since {old} was trained")
    theirs = _held_out(champion, data, plan, new)
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


def _held_out(
    champion: KnownChampion, data: Dataset, plan: Protocol, new: Evaluation
) -> Floats | None:
    """The champion's held-out probabilities if it was measured on exactly these rows, else None."""
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
