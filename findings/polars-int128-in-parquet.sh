#!/usr/bin/env bash
# polars 2.1.0 makes a column of whole numbers Int128 where one of them is beyond 64 bits, without being asked: a long order number, read from
# JSON as a number, is enough. `write_parquet` stores it as 16 bytes and puts the Arrow type into the metadata of the file. Then
# - pyarrow 26.0.1 opens nothing of the file: not its other columns, not the number of its rows (`ParquetFile` raises ArrowNotImplementedError);
# - DuckDB 1.5.6 reads the other columns, and gives the numbers as a BLOB of 16 bytes, without a message.
# So a delivery is lost for one tool and a key becomes bytes for the other. `cast(pl.String)` before writing avoids both.
#
# Fails when that changes. Output seen:
#   polars: Int128; pyarrow: ArrowNotImplementedError, Integers with more than 64 bits not implemented
#   DuckDB: BLOB of 16 bytes beside the text 'a'; with text instead, pyarrow reads 1 row
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check polars==2.1.0 pyarrow==26.0.1 duckdb==1.5.6
cat > wide.py <<'PY'
import duckdb
import polars as pl
import pyarrow.parquet as pq

frame = pl.DataFrame({"order_number": [100000000000000000001], "name": ["a"]})
frame.write_parquet("numbers.parquet")
try:
    pq.ParquetFile("numbers.parquet")
    said = "opened"
except Exception as error:
    said = f"{type(error).__name__}, {error}"
print(f"polars: {frame.schema['order_number']}; pyarrow: {said}")
number, kind, name = duckdb.sql("select order_number, typeof(order_number), name from 'numbers.parquet'").fetchone()
frame.with_columns(pl.col("order_number").cast(pl.String)).write_parquet("text.parquet")
rows = pq.ParquetFile("text.parquet").metadata.num_rows
print(f"DuckDB: {kind} of {len(number)} bytes beside the text {name!r}; with text instead, pyarrow reads {rows} row")
assert frame.schema["order_number"] == pl.Int128
assert said.startswith("ArrowNotImplementedError")
assert (kind, len(number), name, rows) == ("BLOB", 16, "a", 1)
PY
venv/bin/python wide.py
