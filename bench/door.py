"""What the door costs: landing a CSV, counted twice, beside readers that count once.

Every way is a process of its own, so that its peak memory is its own. Written are all fields as
text: by landing into Parquet, by DuckDB into a table (as staging read before there was landing), by
polars into Parquet; pandas only reads, in pieces, as the whole would not fit.
"""

import importlib.util
import os
import sys
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated, Any

import duckdb
import numpy as np
import typer
from rich.table import Table

from bench.machine import machine
from bench.processes import run
from warehouse.console import say, show, write_json

__all__ = ["door"]

HEADER = "order_item_id,order_id,product_id,quantity,unit_price,discount_amount,ordered_at,known_at"
CHUNK = 200_000

LANDING = """
import sys
from pathlib import Path
from warehouse.landing.deliveries import Source, land_source
raw = Path(sys.argv[1])
(found,) = land_source(Source(raw.name, raw.parent, Path(sys.argv[2])))
assert not found.error, found.error
print(found.landed)
"""
DUCKDB = """
import sys, duckdb
from pathlib import Path
(raw,) = Path(sys.argv[1]).iterdir()
connection = duckdb.connect(sys.argv[2] + '/reader.duckdb')
connection.execute('set enable_progress_bar = false; set preserve_insertion_order = false')
sql = f"read_parquet('{raw}')" if raw.suffix == '.parquet' else (
    f"read_csv('{raw}', header = true, all_varchar = true)")
connection.execute(f'create table read as from {sql}')
print(connection.execute('select count(*) from read').fetchone()[0])
"""
PANDAS = """
import sys, pandas
from pathlib import Path
(raw,) = Path(sys.argv[1]).iterdir()
if raw.suffix == '.parquet':
    import pyarrow.parquet as pq
    pieces = (batch.to_pandas() for batch in pq.ParquetFile(raw).iter_batches(1_000_000))
else:
    pieces = pandas.read_csv(raw, dtype=str, keep_default_na=False, chunksize=1_000_000)
print(sum(len(piece) for piece in pieces))
"""
POLARS = """
import sys, polars
from pathlib import Path
(raw,) = Path(sys.argv[1]).iterdir()
target = sys.argv[2] + '/reader.parquet'
lazy = polars.scan_parquet(raw) if raw.suffix == '.parquet' else (
    polars.scan_csv(raw, infer_schema=False))
lazy.sink_parquet(target)
print(polars.scan_parquet(target).select(polars.len()).collect().item())
"""
WAYS = {"landing": LANDING, "duckdb": DUCKDB, "pandas": PANDAS, "polars": POLARS}


def door(
    gigabytes: Annotated[float, typer.Option(min=0.01, help="Size of the CSV.")] = 2,
    folder: Annotated[
        Path, typer.Option(resolve_path=True, help="Where files are made and read to.")
    ] = Path("data/bench/door"),
    quoted: Annotated[
        float, typer.Option(min=0, max=1, help="Share of records with a quoted line break.")
    ] = 0.02,
) -> None:
    """Records landed a second, counted twice, beside DuckDB, pandas and polars."""
    csv, parquet = folder / "csv", folder / "parquet"
    # Made by another process: a child's peak memory begins with that of its parent.
    with ProcessPoolExecutor(1, get_context("spawn")) as maker:
        size = round(gigabytes * 1e9)
        records = maker.submit(_make, csv, parquet, size, quoted).result()
    found: list[dict[str, Any]] = []
    for kind, raw in (("csv", csv), ("parquet", parquet)):
        for way, script in WAYS.items():
            if importlib.util.find_spec(way) is None and way != "landing":
                say(f"{way} is not installed: left out")
                continue
            out = folder / "out" / f"{kind}-{way}"
            out.mkdir(parents=True, exist_ok=True)
            for old in sorted(out.rglob("*"), reverse=True):
                old.rmdir() if old.is_dir() else old.unlink()
            load = os.getloadavg()[0]
            cost = run([sys.executable, "-c", script, raw, out], folder / f"{kind}-{way}.log")
            counted = int((folder / f"{kind}-{way}.log").read_text().split()[-1])
            assert counted == records, f"{way} read {counted} records of {records}"
            found.append(
                {
                    "file": kind,
                    "way": way,
                    "seconds": round(cost.seconds, 2),
                    "cpu_seconds": round(cost.cpu_seconds, 2),
                    "records_per_second": round(records / cost.seconds),
                    "peak_mb": round(cost.peak_bytes / 1e6),
                    "load": round(load, 1),
                }
            )
            say(str(found[-1]))
    facts = {"gigabytes": gigabytes, "records": records, **machine()}
    _show(found, facts)
    write_json({"bench": "door", **facts, "ways": found})


def _make(csv: Path, parquet: Path, size: int, quoted: float) -> int:
    """The file as CSV and as Parquet, the same each time; the number of its records."""
    for each in (csv, parquet):
        each.mkdir(parents=True, exist_ok=True)
    path, records = csv / "order_items.csv", 0
    draw = np.random.default_rng(7)
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADER + "\n")
        while file.tell() < size:
            pieces, cents = draw.integers(1, 9, CHUNK), draw.integers(100, 99_999, CHUNK)
            breaks = draw.random(CHUNK) < quoted
            lines = []
            for place in range(CHUNK):
                number, price = records + place, int(cents[place])
                at = f"2025-{1 + price % 12:02}-{1 + price % 28:02} 10:{price % 60:02}"
                product = f'"P{price % 977},\nred"' if breaks[place] else f"P{price % 977}"
                lines.append(
                    f"I{number},O{number // 3},{product},{pieces[place]},{price / 100:.2f},0.00,"
                    f"{at}:00,{at}:30\n"
                )
            file.writelines(lines)
            records += CHUNK
    with duckdb.connect() as connection:
        connection.execute("set enable_progress_bar = false")  # it would go to stdout
        connection.execute(
            f"copy (from read_csv('{path}', header = true, all_varchar = true, delim = ',',"
            f" quote = '\"')) to '{parquet}/order_items.parquet' (format parquet)"
        )
    return records


def _show(found: list[dict[str, Any]], facts: dict[str, Any]) -> None:
    table = Table(
        title=f"{facts['records']:,} records, {facts['gigabytes']} GB of CSV;"
        f" {facts['cores']} cores, {facts['memory_gib']} GiB",
        title_justify="left",
    )
    for column in ("file", "way", "seconds", "CPU seconds", "records/s", "peak MB", "load"):
        table.add_column(column, justify="left" if column in ("file", "way") else "right")
    for each in found:
        figures = (
            f"{value:,}" if isinstance(value, int) else str(value) for value in each.values()
        )
        table.add_row(*figures)
    show(table)
