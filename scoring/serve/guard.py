"""Middleware for every route: API keys, rate limits, request size, and request metrics."""

import asyncio
import json
import math
import time
from typing import Any

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from scoring.serve.keys import Keys
from scoring.serve.limits import Limits
from scoring.serve.metrics import Metrics
from warehouse.errors import InputError, one_line

__all__ = ["LARGEST_BODY", "Guard", "watch_keys"]

LARGEST_BODY = 16_384
"""Bytes."""
DROPPED = 1_048_576
"""Bytes read and dropped before a too large request is refused; more is refused at once."""
SLOWEST_BODY = 10.0
"""Seconds in which the complete request must arrive."""
GUARDED = "/v1/"

log = structlog.get_logger()


class _Refused(Exception):
    def __init__(self, status: int, error: str, **headers: str) -> None:
        self.status, self.error, self.headers = status, error, headers


class Guard:
    """ASGI middleware that reads the complete request before it passes it on."""

    def __init__(self, app: ASGIApp, keys: Keys, limits: Limits, metrics: Metrics) -> None:
        self._app, self._keys, self._limits, self._metrics = app, keys, limits, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse the request, or pass it to the application; count it either way."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 0

        async def noting(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            if scope["path"].startswith(GUARDED):
                self._admit(scope)
            body = await _body(scope, receive)
            await self._app(scope, _replayed(body, receive), noting)
        except _Refused as refused:
            await _refuse(refused, noting)
        except Exception:
            if not status:  # otherwise the 500 response was sent and logged already
                raise
        finally:
            route = getattr(scope.get("route"), "path", "other")
            self._metrics.requests.labels(route, status or 500).inc()
            self._metrics.seconds.labels(route).observe(time.perf_counter() - started)

    def _admit(self, scope: Scope) -> None:
        """Raise _Refused unless the caller has a valid key and is below the rate limit."""
        host = (scope.get("client") or ("unknown",))[0]
        headers = dict(scope["headers"])
        kind, _, key = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
        owner = self._keys.owner(key.strip()) if kind.lower() == "bearer" else None
        wait = self._limits.wait(f"key {owner}" if owner else f"host {host}")
        if wait:
            raise _Refused(
                429,
                f"more than {self._limits.per_second:g} requests per second:"
                f" try again in {wait:.3f} s",
                **{"retry-after": str(math.ceil(wait))},
            )
        if owner is None:
            raise _Refused(
                401,
                "an API key is needed: send the header Authorization: Bearer KEY",
                **{"www-authenticate": "Bearer"},
            )


async def watch_keys(keys: Keys, pause: float = 1.0) -> None:
    """Reload the keys every `pause` seconds, until cancelled."""
    logged = ""
    while True:
        await asyncio.sleep(pause)
        try:
            keys.reload()
        except InputError as error:
            if logged != (logged := one_line(error)):
                log.warning("keys_unreadable", reason=logged)


async def _body(scope: Scope, receive: Receive) -> bytes:
    """The complete body; a too large one is read and dropped, so that the client gets the answer.

    Raises _Refused when it is too large or too slow.
    """
    declared = dict(scope["headers"]).get(b"content-length", b"0")
    too_large = _Refused(413, f"the request is larger than {LARGEST_BODY} bytes")
    if declared.isdigit() and int(declared) > DROPPED:
        raise too_large
    body, size = b"", 0
    try:
        async with asyncio.timeout(SLOWEST_BODY):
            while True:
                message = await receive()
                part = message.get("body", b"")
                size += len(part)
                body = body + part if size <= LARGEST_BODY else b""
                if size > DROPPED or (size > LARGEST_BODY and not message.get("more_body")):
                    raise too_large
                if not message.get("more_body"):
                    return body
    except TimeoutError:
        late = f"the request did not arrive within {SLOWEST_BODY:g} s"
        raise _Refused(408, late, connection="close") from None


def _replayed(body: bytes, receive: Receive) -> Receive:
    first: list[dict[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> Message:
        return first.pop() if first else await receive()

    return replay


async def _refuse(refused: _Refused, send: Send) -> None:
    body = json.dumps({"error": refused.error, "problems": []}).encode()
    headers = {
        "content-type": "application/json",
        "content-length": str(len(body)),
        **refused.headers,
    }
    await send(
        {
            "type": "http.response.start",
            "status": refused.status,
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }
    )
    await send({"type": "http.response.body", "body": body})
