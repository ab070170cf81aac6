"""Score Arrow batches of features; the output is Arrow batches of scores.

The same function serves DuckDB and Spark (`mapInArrow`). A row's scores do not depend on its batch
or on the number of threads. With several threads, onnxruntime splits a tree ensemble and adds the
parts in another order. Therefore each session runs on one thread, and each thread scores a batch of
its own. This is as fast or faster.
"""

from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
import pyarrow as pa

from scoring.bundle import INPUT, Bundle, session
from warehouse.errors import InputError, IntegrityError

__all__ = [
    "CODED_SCHEMA",
    "OUTPUT_SCHEMA",
    "REASONS",
    "feature_matrix",
    "score_batch",
    "score_batches",
]

REASONS = 3


def _schema(number: pa.DataType, reason: pa.DataType) -> pa.Schema:
    return pa.schema(
        [
            ("entity_id", pa.string()),
            ("probability", number),
            ("score", number),
            *((f"reason_{rank}", reason) for rank in range(1, REASONS + 1)),
            *((f"contribution_{rank}", number) for rank in range(1, REASONS + 1)),
            ("unscorable", pa.string()),
        ]
    )


OUTPUT_SCHEMA = _schema(pa.float64(), pa.string())
"""One row per entity: either its scores, or in `unscorable` the reason why it has none."""
CODED_SCHEMA = _schema(pa.float32(), pa.dictionary(pa.int64(), pa.string()))
"""The same columns in the model's types: float32, and reasons as indices of the bundle's list."""

WANTED = ["probability", "score", "reason_indices", "reason_contributions"]
ALIGNED = 16
"""Rows. A batch is padded to a multiple of it: else the last few rows are rounded differently."""

Floats = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]


def score_batches(
    batches: Iterable[pa.RecordBatch],
    bundle: Bundle,
    threads: int = 1,
    schema: pa.Schema = OUTPUT_SCHEMA,
    ahead: int = 0,
    model: onnxruntime.InferenceSession | None = None,
) -> Generator[pa.RecordBatch]:
    """Score the batches in order: one output batch of `schema` for each.

    A batch has the bundle's entity key, and each of its features as float32; other columns are
    ignored. Nulls and NaN are missing values. `schema` is OUTPUT_SCHEMA or CODED_SCHEMA. At most
    `threads` + 1 + `ahead` batches are in memory: those `ahead` are scored while the caller is
    busy. `model` is an existing session of the bundle with one thread; by default one is opened.

    Raises InputError (a column is missing or has another type) or IntegrityError (the model's
    output cannot be published).
    """
    model = model or session(bundle, threads=1)
    waiting: deque[Future[pa.RecordBatch]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="score") as pool:
        try:
            for batch in batches:
                waiting.append(pool.submit(score_batch, batch, bundle, model, schema))
                if len(waiting) > threads + ahead:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def feature_matrix(batch: pa.RecordBatch, features: tuple[str, ...]) -> tuple[Floats, Mask]:
    """The batch as the model's input, and a mask of its infinite values.

    Returns float32 [rows, features] with NaN for missing values, padded to a multiple of 16 rows
    (at least 16), and bool [features, rows]. Raises InputError when a column is missing or is not
    float32.
    """
    rows = batch.num_rows
    # Each column is one contiguous copy into a [features, rows] buffer, which is transposed once.
    # That is faster than writing the columns into the strided matrix.
    padded = max(ALIGNED, rows + -rows % ALIGNED)
    buffer = np.full((len(features), padded), np.nan, dtype=np.float32)
    for position, name in enumerate(features):
        column = _column(batch, name)
        if column.type != pa.float32():
            raise InputError(
                f"column {name} of the batch is {column.type}, not float: cast it in its SQL"
            )
        buffer[position, :rows] = column.to_numpy(zero_copy_only=False)
    return np.ascontiguousarray(buffer.T), np.isinf(buffer[:, :rows])


def _column(batch: pa.RecordBatch, name: str) -> pa.Array:
    index = batch.schema.get_field_index(name)
    if index < 0:
        raise InputError(f"the batch has no column {name}: add it, or train the model again")
    return batch.column(index)


def score_batch(
    batch: pa.RecordBatch,
    bundle: Bundle,
    model: onnxruntime.InferenceSession,
    schema: pa.Schema = OUTPUT_SCHEMA,
) -> pa.RecordBatch:
    """Score one batch with an open session; arguments, result and errors as in `score_batches`."""
    rows = batch.num_rows
    keys = _column(batch, bundle.entity_key).cast(pa.string())
    matrix, infinite = feature_matrix(batch, bundle.features)
    named = {output.name for output in model.get_outputs()}
    wanted = WANTED if named.issuperset(WANTED) else WANTED[:2]
    outputs = [output[:rows] for output in model.run(wanted, {INPUT: matrix})]
    probability, score = outputs[:2]
    has_reasons = len(outputs) > 2
    indices, contributions = outputs[2:] if has_reasons else _no_reasons(rows)
    unscorable = _unscorable(keys, infinite, bundle.features)
    bad = np.asarray(unscorable.is_valid())
    _check(bundle, keys, bad, probability, score, indices, contributions)
    names = pa.array(bundle.reasons, pa.string())
    columns = [
        keys,
        pa.array(probability, mask=bad),
        pa.array(score, mask=bad),
        *(_texts(names, indices[:, rank], bad) for rank in range(REASONS)),
        *(
            pa.array(contributions[:, rank], mask=bad | (not has_reasons))
            for rank in range(REASONS)
        ),
        unscorable,
    ]
    return pa.RecordBatch.from_arrays(
        [column.cast(kind) for column, kind in zip(columns, schema.types, strict=True)],
        schema=schema,
    )


def _no_reasons(rows: int) -> tuple[npt.NDArray[np.int64], Floats]:
    """Indices and contributions [rows, REASONS] for a graph without reasons: -1 and 0."""
    none = np.broadcast_to(np.int64(-1), (rows, REASONS))
    return none, np.broadcast_to(np.float32(0), (rows, REASONS))


def _unscorable(keys: pa.Array, infinite: Mask, features: tuple[str, ...]) -> pa.Array:
    """Why each row cannot be scored, [rows]; null for a scorable row. One feature is named."""
    if not (keys.null_count or infinite.any()):
        return pa.nulls(len(keys), pa.string())
    texts = pa.array([*(f"feature {name} is infinite" for name in features), "entity key is null"])
    keyless = np.asarray(keys.is_null())
    why = np.where(keyless, len(features), infinite.argmax(axis=0))
    return _texts(texts, why, ~(keyless | infinite.any(axis=0))).cast(pa.string())


def _texts(texts: pa.Array, indices: npt.NDArray[Any], absent: Mask) -> pa.DictionaryArray:
    """`texts` at `indices` [rows]; null where `absent` is true or the index is negative."""
    numbers = pa.array(indices, mask=absent | (indices < 0))
    return pa.DictionaryArray.from_arrays(numbers, texts)


def _check(
    bundle: Bundle,
    keys: pa.Array,
    bad: Mask,
    probability: Floats,
    score: Floats,
    indices: npt.NDArray[np.int64],
    contributions: Floats,
) -> None:
    """Raise IntegrityError unless the model's output for every scorable row can be published."""
    model = f"model {bundle.model_version} of {bundle.task}"
    rows = len(keys)
    shapes = [output.shape for output in (probability, score, indices, contributions)]
    if shapes != [(rows,), (rows,), (rows, REASONS), (rows, REASONS)]:
        raise IntegrityError(f"{model} answers {rows} rows in shapes {shapes}: train it again")
    if rows and indices.max() >= len(bundle.reasons):
        raise IntegrityError(
            f"{model} returns reason {indices.max()} of {len(bundle.reasons)}: train it again"
        )
    good = (probability >= 0) & (probability <= 1) & ~np.isnan(score)
    wrong = np.flatnonzero(~(good | bad))
    if wrong.size:
        first = wrong[0]
        raise IntegrityError(
            f"{model} gives entity {keys[first]} the probability {probability[first]}"
            f" (score {score[first]}), nothing of this run is kept: train it again"
        )
