"""Land the raw files of a source and bring the index up to date."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from warehouse.landing.deliveries import Delivery, Source, every_delivery, land_source
from warehouse.landing.erasures import KEYS, apply_erasures, list_key
from warehouse.landing.index import index_file, write_index

__all__ = ["land", "rules_of", "source_of"]


def rules_of(people: Mapping[str, Any]) -> tuple[Any, ...]:
    """The rules of `people` in source_catalog, whatever table they are of."""
    return tuple(
        rule
        for rules in people.values()
        for rule in (rules if isinstance(rules, list) else [rules])
    )


def source_of(name: str, entry: Mapping[str, Any], raw: Path, landing: Path) -> Source:
    """A source as `source_catalog` describes it."""
    return Source(
        name, raw, landing, entry.get("dialect") or {}, rules_of(entry.get("people") or {})
    )


def land(source: Source, raw: str, erasure_list: Path) -> tuple[Path, Sequence[Delivery]]:
    """Land what is new, without erased customers; the index, and the files there are now.

    `raw` is the raw folder as NUMEROSITY_RAW names it. Where the erasure list was changed by hand,
    files with erased records land anew: somebody may have been taken off it.
    """
    current = list_key(erasure_list, source.people)
    for each in every_delivery(source.folder):
        if each.erased and each.erasures.partition("-")[0] != current:
            each.facts_file.unlink()
            (source.folder / KEYS).unlink(missing_ok=True)
    present = land_source(source)
    apply_erasures(source.folder, present, source.people, erasure_list)
    index = index_file(source.landing, raw)
    write_index(index, source.name, present, every_delivery(source.folder))
    return index, present
