"""What an erasure cannot reach, for the receipt: other files, receivers of audiences, sources."""

import mmap
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb

from warehouse.connection import columns, fetch, qualified
from warehouse.landing.catalog import read_catalog
from warehouse.settings import PROJECT_ROOT, Settings

__all__ = ["delivered_to", "emails", "not_kept_out", "still_found"]

SHORTEST = 6
"""Characters. A shorter word would be found by chance in unrelated files."""


def emails(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The customers' e-mail addresses, to search files for."""
    if "email" not in columns(connection, "marts.customers"):
        return []
    rows = fetch(
        connection,
        f"select email from {qualified(connection, 'marts.customers')} where email is not null"
        " and customer_id in (select id from temp.traced_keys where key = 'customer_id')",
    )
    return [email for (email,) in rows]


def delivered_to(connection: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """URLs that an audience with the customers was posted to: their owners must erase them too."""
    if not columns(connection, "scoring.delivery_members"):
        return []
    rows = fetch(
        connection,
        "select deliveries.destination, max(deliveries.delivered_at)"
        f" from {qualified(connection, 'scoring.delivery_members')} as members"
        f" inner join {qualified(connection, 'scoring.deliveries')} as deliveries"
        " using (delivery_id)"
        " where not members.is_holdout and members.customer_id in"
        " (select id from temp.traced_keys where key = 'customer_id')"
        " and deliveries.destination like 'http%' group by 1 order by 1",
    )
    return [{"address": address, "last": str(at)} for address, at in rows]


def not_kept_out(connection: duckdb.DuckDBPyConnection) -> list[str]:
    """The customers' sources whose files do not name customers: a build from these adds them again.

    The erasure list cannot be applied to such a source.
    """
    if not columns(connection, "marts.customers"):
        return []
    rows = fetch(
        connection,
        f"select distinct source_name from {qualified(connection, 'marts.customers')}"
        " where customer_id in (select id from temp.traced_keys where key = 'customer_id')"
        " order by 1",
    )
    catalog = read_catalog()
    return [source for (source,) in rows if not catalog.get(source, {}).get("people")]


def still_found(settings: Settings, words: Iterable[str]) -> list[str]:
    """Other files that still contain an id or e-mail address.

    Searched are the folders of the warehouse, of the models, of dbt's target and of the logs, but
    not the raw files.
    """
    long = [word.encode() for word in words if len(word) >= SHORTEST]
    dbt = settings.manifest.parent, PROJECT_ROOT / "logs"
    folders = settings.warehouse.parent, settings.artifacts, *dbt
    paths = {path for folder in folders for path in folder.rglob("*") if path.is_file()}
    others = (path for path in paths if not path.is_relative_to(settings.raw))
    return sorted(str(path) for path in others if _holds(path, long))


def _holds(path: Path, words: list[bytes]) -> bool:
    """Whether the file contains one of the words, without a letter or digit on either side."""
    if not path.stat().st_size:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        for word in words:
            at = content.find(word)
            while at >= 0:
                around = content[max(at - 1, 0) : at] + content[at + len(word) : at + len(word) + 1]
                if not re.search(rb"[0-9A-Za-z]", around):
                    return True
                at = content.find(word, at + 1)
    return False
