"""Generate the sample shop: customers, orders, sessions, campaigns, with planted truth and dirt.

The shop is generated in chunks of customers. Each chunk has its own random streams and is written
at once, so memory does not grow with the shop. The first customers of a large shop are the same as
in a small shop with the same seed.
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

SOURCE = "sample"  # the source's folder in the output folder
MAX_CUSTOMERS = 8_000_000  # higher numbers are used for planted customers


def synthesize(
    customers: int,
    seed: int,
    out: Path,
    progress: Callable[[int, int], None] | None = None,
    change_at: date | None = None,
) -> dict[str, int]:
    """Write the raw tables of a shop to `out`/sample, or to `out` itself if its name is sample.

    The truth is written to the subfolder truth/. The same customers and seed give the same files,
    which appear when all are complete. `progress` is called with the chunks done and their total.
    Returns the number of rows of each raw table, including dirt. Raises UsageError for arguments
    out of range.

    From `change_at` on customers behave differently. Those who bought most buy least; age, salary
    and region have the opposite effect; visits no longer precede orders. The total of purchases
    stays the same, but a model of the time before becomes wrong.
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
        raise UsageError(f"{folder} is a file: give a folder to write the sample shop into")

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
