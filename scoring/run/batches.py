"""Arrow batches of features in, Arrow batches of scores out: no warehouse, no files.

The same function serves DuckDB and Spark (`mapInArrow`). A row's scores do not depend on the batch
it comes in, nor on the number of threads: onnxruntime splits one large tree ensemble over its
threads and then adds the parts in another order, so each session here runs on one thread and the
threads take whole batches instead, which is also as fast or faster.
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
"""One row an entity: its scores, or in `unscorable` why it has none. Never both."""
CODED_SCHEMA = _schema(pa.float32(), pa.dictionary(pa.int64(), pa.string()))
"""The same as the model answers it: float32, and reasons as positions in the bundle's list."""

WANTED = ["probability", "score", "reason_indices", "reason_contributions"]
ALIGNED = 16
"""Rows. Batches are padded to a multiple: the last few of other numbers are rounded otherwise."""

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
    """Score each batch: one output batch of `schema` (or CODED_SCHEMA) for each, in the same order.

    A batch has the bundle's entity key and each of its features as float32; other columns do not
    matter. Nulls and NaN are missing values. At most `threads` + 1 batches are in memory, and
    `ahead` more, which are scored while whoever asks for them is busy. `model` is
    a session of the bundle with one thread, where there is one already.

    Raises InputError (a column is missing or of another type) or IntegrityError (the model answers
    what is no probability).
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
    """The batch as the model's input, and where it is infinite.

    Returns float32 [rows, features], missing values as NaN, padded to a multiple of 16 rows and at
    least that, and bool [features, rows]. Raises InputError when a column is missing or is not
    float32.
    """
    rows = batch.num_rows
    # Filling rows of a [features, rows] buffer and transposing once beats writing each column into
    # the strided matrix: every column is one contiguous copy.
    padded = max(ALIGNED, rows + -rows % ALIGNED)
    buffer = np.full((len(features), padded), np.nan, dtype=np.float32)
    for position, name in enumerate(features):
        column = _column(batch, name)
        if column.type != pa.float32():
            raise InputError(f"column {name} of the batch is {column.type}, not float")
        buffer[position, :rows] = column.to_numpy(zero_copy_only=False)
    return np.ascontiguousarray(buffer.T), np.isinf(buffer[:, :rows])


def _column(batch: pa.RecordBatch, name: str) -> pa.Array:
    index = batch.schema.get_field_index(name)
    if index < 0:
        raise InputError(f"the batch has no column {name}")
    return batch.column(index)


def score_batch(
    batch: pa.RecordBatch,
    bundle: Bundle,
    model: onnxruntime.InferenceSession,
    schema: pa.Schema = OUTPUT_SCHEMA,
) -> pa.RecordBatch:
    """Score one batch with a session that is open already: what `score_batches` does for each."""
    rows = batch.num_rows
    keys = _column(batch, bundle.entity_key).cast(pa.string())
    matrix, infinite = feature_matrix(batch, bundle.features)
    named = {output.name for output in model.get_outputs()}
    wanted = WANTED if named.issuperset(WANTED) else WANTED[:2]
    outputs = [output[:rows] for output in model.run(wanted, {INPUT: matrix})]
    probability, score = outputs[:2]
    explains = len(outputs) > 2
    indices, contributions = outputs[2:] if explains else _no_reasons(rows)
    unscorable = _unscorable(keys, infinite, bundle.features)
    bad = np.asarray(unscorable.is_valid())
    _check(bundle, keys, bad, probability, score, indices, contributions)
    names = pa.array(bundle.reasons, pa.string())
    columns = [
        keys,
        pa.array(probability, mask=bad),
        pa.array(score, mask=bad),
        *(_texts(names, indices[:, rank], bad) for rank in range(REASONS)),
        *(pa.array(contributions[:, rank], mask=bad | (not explains)) for rank in range(REASONS)),
        unscorable,
    ]
    return pa.RecordBatch.from_arrays(
        [column.cast(kind) for column, kind in zip(columns, schema.types, strict=True)],
        schema=schema,
    )


def _no_reasons(rows: int) -> tuple[npt.NDArray[np.int64], Floats]:
    """What a graph without reasons would say of them."""
    none = np.broadcast_to(np.int64(-1), (rows, REASONS))
    return none, np.broadcast_to(np.float32(0), (rows, REASONS))


def _unscorable(keys: pa.Array, infinite: Mask, features: tuple[str, ...]) -> pa.Array:
    """Why each row cannot be scored, null where it can; the first infinite feature is named."""
    if not (keys.null_count or infinite.any()):
        return pa.nulls(len(keys), pa.string())
    texts = pa.array([*(f"feature {name} is infinite" for name in features), "entity key is null"])
    keyless = np.asarray(keys.is_null())
    why = np.where(keyless, len(features), infinite.argmax(axis=0))
    return _texts(texts, why, ~(keyless | infinite.any(axis=0))).cast(pa.string())


def _texts(texts: pa.Array, indices: npt.NDArray[Any], absent: Mask) -> pa.DictionaryArray:
    """`texts` at `indices`; null where `absent` or where the index is negative."""
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
    """Raise IntegrityError unless the model's answer for every scorable row can be published."""
    model = f"model {bundle.model_version} of {bundle.task}"
    rows = len(keys)
    shapes = [output.shape for output in (probability, score, indices, contributions)]
    if shapes != [(rows,), (rows,), (rows, REASONS), (rows, REASONS)]:
        raise IntegrityError(f"{model} answers {rows} rows in shapes {shapes}: train it again")
    if rows and indices.max() >= len(bundle.reasons):
        raise IntegrityError(f"{model} names reason {indices.max()}, it has {len(bundle.reasons)}")
    good = (probability >= 0) & (probability <= 1) & ~np.isnan(score)
    wrong = np.flatnonzero(~(good | bad))
    if wrong.size:
        first = wrong[0]
        raise IntegrityError(
            f"{model} gives entity {keys[first]} the probability {probability[first]}"
            f" (score {score[first]}): nothing of this run is kept; train it again"
        )
