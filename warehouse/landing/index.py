"""The index of what was delivered, as one Parquet file that dbt reads on both engines."""

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from warehouse.landing.deliveries import Delivery

__all__ = ["index_file", "read_index", "write_index"]

SCHEMA = pa.schema(
    [
        ("source_name", pa.string()),
        ("path", pa.string()),
        ("part", pa.int32()),
        ("is_present", pa.bool_()),
        ("landed_path", pa.string()),
        ("columns", pa.string()),
        ("decimal_comma", pa.string()),
        ("size_bytes", pa.int64()),
        ("sha256", pa.string()),
        ("format", pa.string()),
        ("dialect", pa.string()),
        ("counted_records", pa.int64()),
        ("landed_records", pa.int64()),
        ("ragged_records", pa.int64()),
        ("blank_lines", pa.int64()),
        ("header_lines", pa.int64()),
        ("erased_records", pa.int64()),
        ("first_seen_at", pa.string()),
        ("landed_at", pa.string()),
        ("problem", pa.string()),
    ]
)


def index_file(landing: Path, raw: str) -> Path:
    """Its place, by the raw folder as NUMEROSITY_RAW names it (macros/raw/landed_parts.sql)."""
    return landing / f"delivered_files-{hashlib.md5(raw.encode()).hexdigest()[:8]}.parquet"


def read_index(path: Path) -> list[dict[str, Any]]:
    """Its rows; none without a file."""
    return pq.read_table(path).to_pylist() if path.is_file() else []


def write_index(
    path: Path, source: str, present: Iterable[Delivery], every: Iterable[Delivery]
) -> None:
    """Put a source's deliveries in the place of those it had in the index."""
    now = {(each.path, each.sha256): each for each in present}
    earlier = [each for each in every if (each.path, each.sha256) not in now]
    rows = [row for each in now.values() for row in _rows(each, True)]
    rows += [row for each in earlier for row in _rows(each, False)]
    kept = [row for row in read_index(path) if row["source_name"] != source]
    table = pa.Table.from_pylist([*kept, *rows], schema=SCHEMA)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    pq.write_table(table, temporary, store_schema=False)
    temporary.replace(path)


def _rows(delivery: Delivery, is_present: bool) -> list[dict[str, Any]]:
    """One for each part; one for a file that could not be landed."""
    facts = {
        "source_name": delivery.source,
        "path": delivery.path,
        "is_present": is_present,
        "size_bytes": delivery.size,
        "sha256": delivery.sha256,
        "format": delivery.format,
        "dialect": json.dumps(delivery.dialect),
        "counted_records": delivery.counted,
        "landed_records": delivery.landed,
        "ragged_records": delivery.ragged,
        "blank_lines": delivery.blank_lines,
        "header_lines": delivery.headers,
        "erased_records": delivery.erased,
        "first_seen_at": delivery.first_seen_at or None,
        "landed_at": delivery.landed_at or None,
        "problem": delivery.error or None,
    }
    if delivery.error:
        unknown = dict.fromkeys(name for name in facts if name.endswith(("_records", "_lines")))
        return [facts | unknown | {"part": 1, "columns": "{}", "decimal_comma": "[]"}]
    return [
        facts
        | {
            "part": number,
            "landed_path": part.path,
            "columns": json.dumps(part.columns),
            "decimal_comma": json.dumps(part.decimal_comma),
        }
        for number, part in enumerate(delivery.parts, 1)
    ]
