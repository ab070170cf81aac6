#!/usr/bin/env bash
# DuckDB 1.5.6: a moment with an offset needs its seconds. `2025-12-31T23:30Z` is valid ISO 8601, and many exports write it, but it is
# null as TIMESTAMP and as TIMESTAMPTZ with try_cast, and an error with cast. The same text without its offset is read, and so is it
# with seconds. With `all_varchar` and try_cast, as staging layers do, every such row loses its time without a message.
#
# Next to it lies the opposite: cast to TIMESTAMP, a text with seconds and a numeric offset is read, and the offset is dropped, not
# applied: 23:30:00-05:00 becomes 23:30:00, which is five hours early as UTC. pyarrow 26.0.1 reads both texts and applies the offset.
#
# Fails when that changes. Output seen:
#   without seconds: TIMESTAMP None, TIMESTAMPTZ None; without offset: 2025-12-31 23:30:00; pyarrow: 2025-12-31 23:30:00
#   -05:00 as TIMESTAMP: 2025-12-31 23:30:00; as TIMESTAMPTZ in UTC: 2026-01-01 04:30:00; pyarrow: 2026-01-01 04:30:00
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -qq --disable-pip-version-check duckdb==1.5.6 pyarrow==26.0.1 pytz==2026.2
cat > moments.py <<'PY'
import duckdb
import pyarrow as pa
import pyarrow.compute as pc

connection = duckdb.connect()
connection.execute("set TimeZone = 'UTC'")


def read(text, kind):
    return connection.execute(f"select cast(try_cast($1 as {kind}) as timestamp)", [text]).fetchone()[0]


def arrow(text):
    column = pa.array([text]).cast(pa.timestamp("us", "UTC"))
    return pc.cast(column, pa.timestamp("us"))[0].as_py()


short, offset = "2025-12-31T23:30Z", "2025-12-31T23:30:00-05:00"
found = [read(short, "timestamp"), read(short, "timestamptz"), read(short[:-1], "timestamp"), arrow(short)]
print("without seconds: TIMESTAMP {}, TIMESTAMPTZ {}; without offset: {}; pyarrow: {}".format(*found))
other = [read(offset, "timestamp"), read(offset, "timestamptz"), arrow(offset)]
print("-05:00 as TIMESTAMP: {}; as TIMESTAMPTZ in UTC: {}; pyarrow: {}".format(*other))
assert found[:2] == [None, None] and found[2] == found[3] is not None
assert str(other[0]) == "2025-12-31 23:30:00" and str(other[1]) == str(other[2]) == "2026-01-01 04:30:00"
PY
venv/bin/python moments.py
