"""Does a new model beat the champion? Asked on the same rows, answered with the reason."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.metrics import average_precision_score

from ml.dataset import Dataset
from ml.evaluate import Evaluation
from ml.folds import Protocol
from scoring.bundle import INPUT, Bundle, load_bundle, session
from scoring.errors import InputError, IntegrityError

__all__ = ["Champion", "compare"]

BATCH = 8_192


@dataclass(frozen=True)
class Champion:
    """The model in force, as the registry knows it."""

    model_version: str
    bundle_path: str
    """Relative to the artifacts folder."""
    feature_schema_hash: str
    reason: str
    protocol: str | None
    """How it was measured; None where no evaluation was kept."""
    average_precision: float | None


def compare(
    champion: Champion,
    artifacts: Path,
    data: Dataset,
    plan: Protocol,
    new: Evaluation,
    bundle: Bundle,
) -> tuple[bool, str]:
    """Whether `new` wins, and the reason as people read it.

    Where there is time, the champion's bundle scores the same test rows. Where there is none, what
    the two were measured at counts, provided they were measured the same way.
    """
    old, own = champion.model_version, new.metrics["average_precision"]
    if champion.feature_schema_hash != bundle.feature_schema_hash:
        return True, f"the features have changed since {old} was trained"
    if plan.test is None:
        if champion.protocol != plan.name or champion.average_precision is None:
            return False, (
                f"not comparable: {old} was measured by {champion.protocol or 'nothing kept'},"
                f" this model by {plan.name}; train with the same --folds and --repeats"
            )
        theirs, where = champion.average_precision, f"under the same protocol, {plan.name}"
    else:
        try:
            rival = load_bundle(artifacts / champion.bundle_path)
        except (InputError, IntegrityError) as error:
            return True, f"the bundle of {old} cannot be used ({error})"
        theirs = _average_precision(rival, data.matrix[plan.test], data.labels[plan.test])
        where = f"on the same {len(plan.test):,} test rows"
    verdict = f"average precision {own:.4f} against {theirs:.4f} of {old} {where}"
    return own > theirs, verdict


def _average_precision(
    bundle: Bundle, matrix: npt.NDArray[np.float32], labels: npt.NDArray[np.uint8]
) -> float:
    model = session(bundle, threads=1)
    probabilities = np.concatenate(
        [
            model.run(["probability"], {INPUT: matrix[start : start + BATCH]})[0]
            for start in range(0, len(matrix), BATCH)
        ]
    )
    return float(average_precision_score(labels, probabilities))
