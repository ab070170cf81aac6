"""`python -m scoring activate`: deliver one audience, and record its members."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import structlog

from scoring.activate.destinations import FILES, check, post, shown, write_file
from scoring.activate.members import (
    AudienceChange,
    AudienceSnapshot,
    difference,
    known_audiences,
    read,
)
from warehouse.connection import connect, fetch, qualified, require_tables, storage, transaction
from warehouse.console import row_progress_bar
from warehouse.errors import UsageError
from warehouse.settings import Settings
from warehouse.tables import insert

__all__ = ["DeliveryOutcome", "DeliveryRequest", "activate"]

TABLES = ("scoring.deliveries", "scoring.delivery_members")

log = structlog.get_logger()


@dataclass(frozen=True)
class DeliveryRequest:
    """Which audience to deliver, and the destination: `csv`, `parquet` or a URL."""

    audience: str | None
    destination: str = "csv"
    dry_run: bool = False
    force: bool = False
    progress: bool = True


@dataclass(frozen=True)
class DeliveryOutcome:
    """What was delivered, and the changes since the last delivery of the audience, in customers."""

    audience: str
    status: str
    """`done`, `already_done`, `dry_run`, or `empty` for an audience without members."""
    destination: str
    delivery_id: str | None = None
    as_of_date: str | None = None
    delivered: int = 0
    held_out: int = 0
    added: int = 0
    removed: int = 0
    changed: int = 0


def activate(settings: Settings, request: DeliveryRequest) -> DeliveryOutcome:
    """Deliver the audience, unless the same content was delivered to this destination before.

    The delivery is recorded after the file is written, or after the receiver accepted all parts.
    A run that was killed before that delivers the same again, under the same file name and
    idempotency keys. The warehouse is locked meanwhile, so that no customer can be erased between
    the reading and the recording.

    Raises UsageError (no or an unknown audience, a wrong destination), InputError (a table is
    missing, or the receiver refused a part), LockedError or StorageError.
    """
    check(request.destination)
    with connect(settings.warehouse, request.dry_run, settings.lock_timeout) as connection:
        require_tables(connection, *TABLES)
        name = request.audience
        if name is None:
            known = ", ".join(known_audiences(connection))
            raise UsageError(f"no audience given: add --audience with one of {known}")
        audience = read(connection, name)
        if audience is None:
            log.warning("the audience is empty", audience=name)
            return DeliveryOutcome(name, "empty", shown(request.destination))
        delivery_id = audience.delivery_id(request.destination)
        path = _path(settings, audience, delivery_id, request.destination)
        destination = str(path or shown(request.destination))
        changes = difference(connection, audience)
        status = "dry_run" if request.dry_run else "done"
        if not request.dry_run and not request.force and _is_recorded(connection, delivery_id):
            status = "already_done" if path is None or path.is_file() else "done"
        if status == "done":
            if path:
                with storage(path):
                    write_file(audience.rows, path)
            else:
                _post(settings, request, audience, delivery_id, changes)
            _record(connection, audience, delivery_id, destination, changes)
    outcome = DeliveryOutcome(
        name,
        status,
        destination,
        delivery_id,
        str(audience.as_of_date),
        audience.rows.num_rows,
        audience.held_out,
        changes.added,
        changes.removed,
        changes.changed,
    )
    log.info(status, audience=name, delivered=outcome.delivered, held_out=outcome.held_out)
    return outcome


def _path(
    settings: Settings, audience: AudienceSnapshot, delivery_id: str, kind: str
) -> Path | None:
    if kind not in FILES:
        return None
    folder = settings.activation / audience.name
    return folder / f"{audience.as_of_date}-{delivery_id}.{kind}"


def _post(
    settings: Settings,
    request: DeliveryRequest,
    audience: AudienceSnapshot,
    delivery_id: str,
    changes: AudienceChange,
) -> None:
    token = settings.activation_token.get_secret_value() if settings.activation_token else None
    with row_progress_bar(audience.name, audience.rows.num_rows, request.progress) as advance:
        post(
            request.destination,
            audience.name,
            audience.as_of_date,
            delivery_id,
            audience.rows,
            changes.removed_ids,
            token,
            advance,
        )


def _is_recorded(connection: duckdb.DuckDBPyConnection, delivery_id: str) -> bool:
    deliveries = qualified(connection, TABLES[0])
    return bool(
        fetch(connection, f"select 1 from {deliveries} where delivery_id = ?", [delivery_id])
    )


def _record(
    connection: duckdb.DuckDBPyConnection,
    audience: AudienceSnapshot,
    delivery_id: str,
    destination: str,
    changes: AudienceChange,
) -> None:
    """Write the delivery and all its members, held out or not, in one transaction."""
    delivery = {
        "delivery_id": delivery_id,
        "audience": audience.name,
        "as_of_date": audience.as_of_date,
    }
    counts = {
        "destination": destination,
        "rows_delivered": audience.rows.num_rows,
        "rows_held_out": audience.held_out,
        "rows_added": changes.added,
        "rows_removed": changes.removed,
        "rows_changed": changes.changed,
        "delivered_at": datetime.now(UTC).replace(tzinfo=None),
    }
    members = audience.members  # noqa: F841 - DuckDB reads it by its name
    with transaction(connection):
        for table in TABLES:
            fetch(
                connection,
                f"delete from {qualified(connection, table)} where delivery_id = ?",
                [delivery_id],
            )
        insert(connection, qualified(connection, TABLES[0]), [delivery | counts])
        connection.execute(
            f"insert into {qualified(connection, TABLES[1])} by name select"
            " $delivery_id as delivery_id, $audience as audience, $as_of_date as as_of_date,"
            " customer_id, is_holdout, content_hash from members",
            delivery,
        ).fetchall()
