"""Where an audience goes: a CSV or Parquet file, or an address that takes JSON."""

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
import pyarrow.csv as pc
import pyarrow.parquet as pq
import structlog

from scoring.forget.replace import replace_file
from warehouse.errors import InputError, UsageError

__all__ = ["FILES", "check", "post", "shown", "write_file"]

FILES = ("csv", "parquet")
PART = 500
"""Customers in one request."""
ATTEMPTS = 5
FIRST_PAUSE = 0.5
"""Seconds before the second attempt; twice as long before each further one."""
LONGEST_PAUSE = 60.0
TIMEOUT = 30.0
"""Seconds for one request."""
AGAIN = (408, 425, 429, 500, 502, 503, 504)
"""Answers after which the same request may succeed."""

log = structlog.get_logger()


class _Stay(urllib.request.HTTPRedirectHandler):
    """Customers go to the address that was given, and to no other."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


_open = urllib.request.build_opener(_Stay).open


def check(destination: str) -> None:
    """Raise UsageError unless it is csv, parquet or an http(s) address without a password."""
    address = urllib.parse.urlsplit(destination)
    if destination in FILES or (address.scheme in ("http", "https") and address.hostname):
        if address.password is None:
            return
        raise UsageError("--to has a password in its address: use NUMEROSITY_ACTIVATION_TOKEN")
    raise UsageError(f"--to {destination!r}: say csv, parquet, or an address (https://…)")


def shown(destination: str) -> str:
    """The destination without what may be secret in an address: user and query."""
    address = urllib.parse.urlsplit(destination)
    host = address.netloc.rpartition("@")[2]
    return urllib.parse.urlunsplit((address.scheme, host, address.path, "", ""))


def write_file(rows: pa.Table, path: Path) -> None:
    """Write the rows as CSV or Parquet, in one step; only its owner may read the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with replace_file(path) as temporary:
        temporary.touch(mode=0o600)
        if path.suffix == ".csv":
            pc.write_csv(rows, temporary)
        else:
            pq.write_table(rows, temporary, compression="zstd")


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
    """Post the rows in parts of `PART`, each with an `Idempotency-Key` that a repetition repeats.

    `removed` names, in the first part, the customers of the last delivery who are not in this one.
    Raises InputError when the receiver refuses a part, or cannot be reached in `ATTEMPTS` attempts.
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
            if error.code not in AGAIN:
                raise InputError(
                    f"the receiver refused {what} ({problem}): nothing is noted as delivered;"
                    " mend it and run again"
                ) from None
            wait = _retry_after(error.headers, wait)
        except (OSError, urllib.error.URLError) as error:
            problem = str(getattr(error, "reason", error)) or type(error).__name__
        if attempt < ATTEMPTS:
            log.warning("again", what=what, attempt=attempt, problem=problem, seconds=wait)
            pause(wait)
    raise InputError(
        f"the receiver did not take {what} in {ATTEMPTS} attempts ({problem}): nothing is noted as"
        " delivered; run again, what it took already has the same Idempotency-Key"
    )


def _retry_after(headers: Message, otherwise: float) -> float:
    try:
        return min(LONGEST_PAUSE, max(0.0, float(headers.get("Retry-After", otherwise))))
    except ValueError:  # a date
        return otherwise
