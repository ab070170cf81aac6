"""The function that Spark workers run: it scores Arrow batches of features."""

from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from pathlib import Path

import onnxruntime
import pyarrow as pa

from scoring.bundle import Bundle, load_bundle, session
from scoring.run.batches import score_batches
from warehouse.errors import IntegrityError

__all__ = ["SCHEMA", "scorer"]

SCHEMA = (
    "entity_id string, probability double, score double,"
    " reason_1 string, reason_2 string, reason_3 string,"
    " contribution_1 double, contribution_2 double, contribution_3 double, unscorable string"
)
"""`scoring.run.batches.OUTPUT_SCHEMA` in Spark's notation."""


def scorer(bundle: Bundle) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    """A function for `mapInArrow` that scores with the bundle in the worker's folder.

    `session.distribute` must have copied the bundle there. The function raises IntegrityError when
    the copy is another bundle, and otherwise as `score_batches` does.
    """
    return partial(_score, bundle.folder.name, bundle.bundle_sha256)


def _score(folder: str, sha256: str, batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    bundle, model = _open(folder, sha256)
    yield from score_batches(batches, bundle, threads=1, model=model)


@cache
def _open(folder: str, sha256: str) -> tuple[Bundle, onnxruntime.InferenceSession]:
    """The verified bundle and its session, loaded once per worker process."""
    from pyspark import SparkFiles

    bundle = load_bundle(Path(SparkFiles.get(folder)))
    if bundle.bundle_sha256 != sha256:
        raise IntegrityError(
            f"the Spark worker has the bundle {bundle.bundle_sha256[:8]}, not {sha256[:8]}:"
            " run again"
        )
    return bundle, session(bundle, threads=1)
