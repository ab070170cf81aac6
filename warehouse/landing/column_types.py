"""Columns of other tools' types, as both engines read them from Parquet.

A type that DuckDB and Spark both have is kept; every other one becomes text, exactly.
"""

import json
import math
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pyarrow as pa

__all__ = ["landed", "landed_type"]

KEPT = {
    pa.bool_(),
    pa.int8(),
    pa.int16(),
    pa.int32(),
    pa.int64(),
    pa.float32(),
    pa.float64(),
    pa.string(),
    pa.date32(),
    pa.timestamp("us"),
    pa.timestamp("us", "UTC"),
}
WIDENED = {
    pa.uint8(): pa.int16(),
    pa.uint16(): pa.int32(),
    pa.uint32(): pa.int64(),
    pa.float16(): pa.float32(),
    pa.date64(): pa.date32(),
    pa.large_string(): pa.string(),
    pa.string_view(): pa.string(),
}


def landed_type(kind: pa.DataType) -> pa.DataType:
    """What a column of this type becomes."""
    if kind in KEPT or pa.types.is_decimal128(kind):
        return kind
    if kind in WIDENED:
        return WIDENED[kind]
    if pa.types.is_dictionary(kind):
        return landed_type(kind.value_type)
    if pa.types.is_timestamp(kind) and kind.unit != "ns":
        return pa.timestamp("us", "UTC" if kind.tz else None)
    return pa.string()


def landed(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The column as that type; a moment is UTC, and nothing is rounded."""
    kind = column.type
    target = landed_type(kind)
    if kind == target:
        return column
    if isinstance(kind, pa.BaseExtensionType):
        return _texts(column, _extension)
    if pa.types.is_dictionary(kind):
        return landed(column.cast(kind.value_type))
    if target != pa.string() or kind in WIDENED:
        return column.cast(target)
    if pa.types.is_timestamp(kind):  # nanoseconds: UTC, with all nine digits
        return column.cast(pa.timestamp("ns")).cast(pa.string())
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or _is_fixed(kind):
        return _texts(column, _bytes)
    if pa.types.is_nested(kind):
        return _texts(column, _json)
    if pa.types.is_duration(kind) or pa.types.is_interval(kind):
        return _texts(column, str)
    return column.cast(pa.string())


def _is_fixed(kind: pa.DataType) -> bool:
    return bool(pa.types.is_fixed_size_binary(kind) or pa.types.is_binary_view(kind))


def _texts(column: pa.ChunkedArray, text: Callable[[Any], str]) -> pa.ChunkedArray:
    values = [None if value is None else text(value) for value in column.to_pylist()]
    return pa.chunked_array([pa.array(values, pa.string())])


def _extension(value: Any) -> str:
    return str(value) if isinstance(value, UUID | str) else _json(value)


def _bytes(value: bytes) -> str:
    """As UTF-8, in which some tools write text without saying so, else in hexadecimal digits."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.hex()


def _json(value: Any) -> str:
    return json.dumps(_plain(value), ensure_ascii=False, allow_nan=True)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, bytes):
        return _bytes(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if isinstance(value, str | int | float | bool | None) else str(value)
