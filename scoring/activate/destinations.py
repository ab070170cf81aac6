"""Destinations of an audience: a CSV or Parquet file, or a URL that accepts JSON."""

import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Sequence
from datetime import date
from email.message import Message
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
import structlog

from scoring.forget.replace import replace_file
from warehouse.errors import InputError, UsageError

__all__ = ["FILES", "check", "post", "shown", "write_file"]

FILES = ("csv", "parquet")
COMPUTED = r"^[=+\-@\t\r]"
NUMBER = r"^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?$"
PART = 500
"""Customers per request."""
ATTEMPTS = 5
FIRST_PAUSE = 0.5
"""Seconds before the second attempt; doubled before each further one."""
LONGEST_PAUSE = 60.0
"""Seconds, also where the receiver asks for more in `Retry-After`."""
TIMEOUT = 30.0
"""Seconds per request."""
RETRIED = (408, 425, 429, 500, 502, 503, 504)
"""HTTP status codes after which the same request is sent again."""

log = structlog.get_logger()


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Follows no redirect, so that customers are sent only to the given address."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


_open = urllib.request.build_opener(_NoRedirects).open


def check(destination: str) -> None:
    """Raise UsageError unless the destination is csv, parquet or a URL without a password."""
    address = urllib.parse.urlsplit(destination)
    if destination in FILES or (address.scheme in ("http", "https") and address.hostname):
        if address.password is None:
            return
        raise UsageError("--to has a password in its URL: use NUMEROSITY_ACTIVATION_TOKEN instead")
    raise UsageError(
        f"--to {destination!r} is not a destination: give csv, parquet or a URL (https://…)"
    )


def shown(destination: str) -> str:
    """The destination without the parts of a URL that may be secret: user and query."""
    address = urllib.parse.urlsplit(destination)
    host = address.netloc.rpartition("@")[2]
    return urllib.parse.urlunsplit((address.scheme, host, address.path, "", ""))


def write_file(rows: pa.Table, path: Path) -> None:
    """Write the rows as CSV or Parquet, atomically; only the owner can read the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replace_file(path) as temporary:
        temporary.touch(mode=0o600)
        if path.suffix == ".csv":
            pyarrow.csv.write_csv(_as_text(rows), temporary)
        else:
            pq.write_table(rows, temporary, compression="zstd")


def _as_text(rows: pa.Table) -> pa.Table:
    """The rows with an apostrophe before each text that a spreadsheet would compute.

    A text that is a number stays one. The rule is that of OWASP against CSV injection.
    """
    for place, column in enumerate(rows.columns):
        if not pa.types.is_string(column.type) and not pa.types.is_large_string(column.type):
            continue
        computed = pc.and_(
            pc.match_substring_regex(column, COMPUTED),
            pc.invert(pc.match_substring_regex(column, NUMBER)),
        )
        marked = pc.if_else(computed, pc.binary_join_element_wise("'", column, ""), column)
        rows = rows.set_column(place, rows.field(place), marked)
    return rows


def post(
    address: str,
    audience: str,
    as_of: date,
    delivery_id: str,
    rows: pa.Table,
    removed: Sequence[str],
    token: str | None,
    advance: Callable[[int], None] = lambda _: None,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Post the rows in parts of `PART` customers, each with an `Idempotency-Key`.

    A repeated delivery has the same keys. The first part lists in `removed` the customers of the
    last delivery who are not in this one. `advance` is called with the customers of each part,
    `pause` with the seconds to wait before a further attempt.

    Raises InputError when the receiver refuses a part, or does not accept it in `ATTEMPTS`
    attempts.
    """
    parts = max(1, -(-rows.num_rows // PART))
    for number in range(parts):
        members = rows.slice(number * PART, PART).to_pylist()
        body = {
            "audience": audience,
            "as_of_date": str(as_of),
            "delivery_id": delivery_id,
            "part": number + 1,
            "parts": parts,
            "customers": members,
            "removed": list(removed) if number == 0 else [],
        }
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": f"{delivery_id}-{number + 1}",
            **({"Authorization": f"Bearer {token}"} if token else {}),
        }
        content = json.dumps(body, default=str, allow_nan=False).encode()
        _send(address, content, headers, f"part {number + 1} of {parts}", pause)
        advance(len(members))


def _send(
    address: str,
    content: bytes,
    headers: dict[str, str],
    what: str,
    pause: Callable[[float], None],
) -> None:
    request = urllib.request.Request(address, content, headers, method="POST")
    for attempt in range(1, ATTEMPTS + 1):
        wait = FIRST_PAUSE * 2 ** (attempt - 1)
        try:
            with _open(request, timeout=TIMEOUT):
                return
        except urllib.error.HTTPError as error:
            problem = f"answered {error.code} {error.reason}"
            if error.code not in RETRIED:
                raise InputError(
                    f"the receiver refused {what} ({problem}), the delivery was not recorded:"
                    " correct the request or the receiver, then run again"
                ) from None
            wait = _retry_after(error.headers, wait)
        except (OSError, urllib.error.URLError) as error:
            problem = str(getattr(error, "reason", error)) or type(error).__name__
        if attempt < ATTEMPTS:
            log.warning("retrying", what=what, attempt=attempt, problem=problem, seconds=wait)
            pause(wait)
    raise InputError(
        f"the receiver did not accept {what} in {ATTEMPTS} attempts ({problem}), the delivery was"
        " not recorded: run again, each part keeps its Idempotency-Key"
    )


def _retry_after(headers: Message, otherwise: float) -> float:
    try:
        return min(LONGEST_PAUSE, max(0.0, float(headers.get("Retry-After", otherwise))))
    except ValueError:  # the header may hold a date
        return otherwise
