"""The server process: a listening socket, uvicorn, and a graceful shutdown."""

import signal
import socket
from collections.abc import Callable

import structlog
import uvicorn

from scoring.serve.app import create_app
from scoring.serve.keys import Keys
from warehouse.errors import UsageError
from warehouse.settings import Settings

__all__ = ["run"]

log = structlog.get_logger()


def run(
    settings: Settings,
    host: str,
    port: int,
    per_second: float,
    started: Callable[[str], None] = lambda _: None,
) -> None:
    """Serve until SIGINT or SIGTERM; requests in progress are answered before the end.

    `per_second` is the rate limit of each API key in requests per second. Port 0 takes a free port.
    `started` is called with the address.

    Raises UsageError (the port cannot be opened), InputError (no key, nothing published) or
    IntegrityError (a bundle is not the published one).
    """
    keys = Keys(settings.api_keys)
    try:
        listening = socket.create_server((host, port), reuse_port=False, backlog=2048)
    except (OSError, OverflowError) as error:
        raise UsageError(
            f"cannot listen on {host}:{port} ({error}): choose another --host or --port"
        ) from None
    with listening:
        app = create_app(settings, keys, per_second)
        address = f"http://{host}:{listening.getsockname()[1]}"
        log.info("serving", address=address)
        started(address)
        config = uvicorn.Config(
            app,
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=10,
        )
        # uvicorn raises the signal again after a shutdown; ignored, so that the exit code is 0.
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, lambda *_: None)
        uvicorn.Server(config).run(sockets=[listening])
