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
    measured: tuple[str | None, int | None, int | None]
    """Protocol, rows and buyers it was measured by."""
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
    the two were measured at counts, if it was measured on the same rows in the same way. If not,
    the champion scores these rows: it may have learned from them, so who beats it there is better.
    """
    old, own = champion.model_version, new.metrics["average_precision"]
    if champion.feature_schema_hash != bundle.feature_schema_hash:
        return True, f"the features have changed since {old} was trained"
    rows = plan.final if plan.test is None else plan.test
    measured = (plan.name, len(new.labels), int(new.labels.sum()))
    if plan.test is None and champion.measured == measured and champion.average_precision:
        theirs, where = champion.average_precision, f"in {plan.name} of the same {len(rows):,} rows"
    else:
        try:
            rival = load_bundle(artifacts / champion.bundle_path)
        except (InputError, IntegrityError) as error:
            return True, f"the bundle of {old} cannot be used ({error})"
        theirs = _average_precision(rival, data.matrix[rows], data.labels[rows])
        where = f"on the same {len(rows):,} test rows"
        if plan.test is None:
            where = f"on these {len(rows):,} rows, which {old} may have learned from"
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
