"""`python -m ml discover`: from labelled rows to confirmed segments in the registry."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table

from ml.data.dataset import Dataset, read_dataset
from ml.discover.confirm import Discovery, confirm
from ml.discover.propose import propose
from ml.discover.rules import Rule
from ml.discover.sentence import sentence, words
from ml.discover.store import TABLES, store
from ml.discover.windows import Windows, split
from warehouse.connection import connect, require_tables
from warehouse.console import progress_bar, say, show
from warehouse.feature_tables import find_task, load_feature_tables
from warehouse.settings import Settings

__all__ = ["discover"]


def discover(settings: Settings, task: str, seed: int = 0) -> dict[str, Any]:
    """Discover the segments of `task`; replace them in the registry, print and return them.

    Raises UsageError (unknown task), InputError (data that breaks its contract, too few customers)
    or LockedError. In these cases nothing is written.
    """
    table, found = find_task(load_feature_tables(settings.manifest), task)
    with connect(settings.warehouse, read_only=True, timeout=settings.lock_timeout) as connection:
        require_tables(connection, *TABLES)
        data = read_dataset(connection, table, found, None, settings, seed)
    if data.sampling:
        say(f"{task}: {data.sampling}")
    windows = split(data, seed)
    with progress_bar(f"{task}: growing trees") as advance:
        proposals = propose(data, windows, seed, advance)
    discoveries = confirm(data, proposals, windows.proposed, windows.confirming)
    wordings = words(table.features_for(found), data.matrix)
    names = {one.rule: sentence(one.rule, wordings) for one in discoveries}
    with connect(settings.warehouse, timeout=settings.lock_timeout) as connection:
        store(connection, data, windows, discoveries, names)
    confirmed = [one for one in discoveries if one.is_confirmed]
    show(_table(data, windows, confirmed, names))
    say(
        f"{task}: {len(confirmed)} segments confirmed of {len(discoveries)} rules tested;"
        f" dbt build --select discovered_segment_members+ lists their members"
    )
    return {
        "task": task,
        "drawn": data.sampling,
        "tested": len(discoveries),
        "confirmed": len(confirmed),
        "proposing": _window(data, windows.proposing, windows.proposed),
        "confirming": _window(data, windows.confirming, windows.confirming),
        "segments": [_facts(one, names) for one in confirmed],
    }


def _window(data: Dataset, rows: Any, once: Any) -> dict[str, Any]:
    dates = data.as_of[rows]
    return {"from": str(dates.min()), "to": str(dates.max()), "customers": len(once)}


def _facts(found: Discovery, names: Mapping[Rule, str]) -> dict[str, Any]:
    counts = found.confirmed
    return {
        "segment_id": found.rule.segment_id,
        "segment_name": names[found.rule],
        "customers": counts.customers,
        "buyers": counts.buyers,
        "rate": counts.rate,
        "wilson_low": counts.wilson[0],
        "wilson_high": counts.wilson[1],
        "lift": counts.lift,
        "p_value": found.test.p_value,
        "p_holm": found.p_holm,
        "q_value": found.q_value,
    }


def _table(
    data: Dataset, windows: Windows, confirmed: Sequence[Discovery], names: Mapping[Rule, str]
) -> Table:
    """The confirmed segments, the clearest first. The last row is everyone."""
    after = data.as_of[windows.confirming]
    table = Table(
        title=f"{data.task.name}: {data.task.title}, confirmed as of {after.max()} by"
        f" {len(after):,} customers who did not propose them",
        title_justify="left",
    )
    table.add_column("segment")
    for heading in ("proposed at", "customers", "buyers", "rate", "95 % interval", "lift", "p"):
        table.add_column(heading, justify="right")
    for one in confirmed:
        counts = one.confirmed
        low, high = counts.wilson
        table.add_row(
            names[one.rule],
            f"{one.proposed.rate:.1%}",
            f"{counts.customers:,}",
            f"{counts.buyers:,}",
            f"{counts.rate:.1%}",
            f"{low:.1%} to {high:.1%}",
            "" if counts.lift is None else f"{counts.lift:.1f}",
            f"{one.p_holm:.2g}",
        )
    everyone = data.labels[windows.confirming]
    before = data.labels[windows.proposed]
    table.add_section()
    table.add_row(
        "everyone",
        f"{before.mean():.1%}",
        f"{len(everyone):,}",
        f"{int(everyone.sum()):,}",
        f"{everyone.mean():.1%}",
        "",
        "1.0",
        "",
    )
    return table
