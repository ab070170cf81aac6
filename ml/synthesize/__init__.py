"""The sample shop: customers, orders, sessions and campaigns with planted truth and planted dirt.

The shop is drawn in chunks of customers, each from its own random streams, and written as it is
drawn: memory does not grow with the shop, and the first customers of a large shop are those of a
small one with the same seed.
"""

from collections.abc import Callable
from datetime import date
from pathlib import Path

from ml.synthesize.dirt import Counts, report, soil
from ml.synthesize.draw import CHUNK_CUSTOMERS, streams
from ml.synthesize.history import END, HISTORY_DAYS, START
from ml.synthesize.shop import draw_catalogue, draw_chunk
from ml.synthesize.truth import SegmentRates, driver_list, probability_table, write_json
from ml.synthesize.write import publishing
from warehouse.errors import UsageError

__all__ = ["synthesize"]

SOURCE = "sample"  # the source's folder below the output folder
MAX_CUSTOMERS = 8_000_000  # higher numbers are taken by planted customers


def synthesize(
    customers: int,
    seed: int,
    out: Path,
    progress: Callable[[int, int], None] | None = None,
    change_at: date | None = None,
) -> dict[str, int]:
    """Write the raw tables of a shop to `out`/sample, or to `out` itself if that is its name.

    The truth goes to its subfolder truth/. The same customers and seed give the same files, which
    appear when all are whole. `progress` is called with the chunks done and their total. Returns
    the rows of every raw table, dirt included. Raises UsageError for arguments out of range.

    From `change_at` on customers behave differently: who bought most buys least, age, salary and
    region act the other way round, and visits no longer announce orders. As much is bought in all,
    but what a model learned before is wrong.
    """
    if not 1 <= customers <= MAX_CUSTOMERS:
        raise UsageError(f"customers must be between 1 and {MAX_CUSTOMERS}, not {customers}")
    if seed < 0:
        raise UsageError(f"seed must be 0 or more, not {seed}")
    change_day = None if change_at is None else (change_at - START.item()).days
    if change_day is not None and not 0 < change_day < HISTORY_DAYS:
        raise UsageError(f"--change-at must lie between {START} and {END}, not {change_at}")
    folder = out if out.name == SOURCE else out / SOURCE
    if folder.exists() and not folder.is_dir():
        raise UsageError(f"{folder} is a file: name a folder to write the sample shop into")

    chunks = -(-customers // CHUNK_CUSTOMERS)
    planted: Counts = Counts()
    segments = SegmentRates()
    products, catalogue = draw_catalogue(seed)
    with publishing(folder) as files:
        for number in range(chunks):
            size = min(CHUNK_CUSTOMERS, customers - number * CHUNK_CUSTOMERS)
            chunk = draw_chunk(seed, number, size, products, change_day)
            dirt = streams(seed, number).dirt
            clean = {"products": catalogue} | chunk.tables if number == 0 else chunk.tables
            for name, table in clean.items():
                dirty, counts = soil(dirt, name, table, number)
                planted.update(counts)
                files.append(name, dirty)
            files.append("truth/purchase_probability", probability_table(chunk))
            segments.add(chunk)
            if progress:
                progress(number + 1, chunks)
        truth = files.folder / "truth"
        write_json(truth / "dirt.json", report(planted))
        write_json(truth / "drivers.json", driver_list())
        (truth / "segments.csv").write_text(segments.csv(), encoding="utf-8")
    return {name: rows for name, rows in files.rows.items() if not name.startswith("truth/")}
