"""`python -m bench api`: requests per second and response times, next to a hand-written service.

The hand-written service is measured in BentoML, too, where BentoML is installed. All services
answer from the same published tables on this machine, and share its cores with the callers. After
that the serving file is replaced again and again under load, and lost requests are counted.
"""

import asyncio
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any
from urllib.request import urlopen

import duckdb
import typer
from rich.table import Table

from bench.api_load import Load, ask
from bench.machine import machine
from scoring.serve.keys import create
from warehouse.console import progress_bar, show, write_json
from warehouse.errors import InputError
from warehouse.settings import PROJECT_ROOT, Settings, load_settings

__all__ = ["api"]

DIFFERENT = 200
"""Different requests that callers send in turn."""
PATIENCE = 300.0
"""Seconds within which a service must answer."""
BETWEEN = 0.5
"""Seconds between two replacements."""
SESSION = "session score"
LOOK_UP, PROFILE = "customer look-up", "profile score"


def api(
    clients: Annotated[
        list[int] | None, typer.Option(min=1, help="Concurrent callers; repeatable.")
    ] = None,
    seconds: Annotated[float, typer.Option(min=0.5, help="Seconds of each measurement.")] = 5.0,
    publications: Annotated[
        int, typer.Option(min=0, help="Replacements of the serving file under load.")
    ] = 100,
    peer: Annotated[
        bool, typer.Option(help="Also measure the hand-written service, alone and in BentoML.")
    ] = True,
) -> None:
    """Measure the HTTP service: requests per second, p50, p99, and requests lost on a new file."""
    settings = load_settings()
    if not settings.serving.is_file():
        raise InputError(f"nothing is published at {settings.serving}: run scoring publish first")
    found: list[dict[str, Any]] = []
    with TemporaryDirectory() as temporary, progress_bar("measurements") as advance:
        own = _own(settings, Path(temporary))
        key = create(own.api_keys, "bench")
        questions = _questions(own, key)
        services = [("scoring serve", _serve(own), questions)]
        if peer:
            names = (LOOK_UP, SESSION)
            services.append(("scikit-learn + pandas", _peer(own), {n: questions[n] for n in names}))
            if find_spec("bentoml"):
                services.append(("BentoML", _bento(own), {SESSION: questions[SESSION]}))
            else:
                print("without BentoML: pip install '.[bench]'", file=sys.stderr)
        total = len(clients or (1, 8, 64)) * sum(len(asked) for _, _, asked in services)
        for name, service, asked in services:
            with service as port:
                for question, requests in asked.items():
                    for count in clients or (1, 8, 64):
                        asyncio.run(ask(port, requests, count, _within(1), Load()))
                        load = Load()
                        asyncio.run(ask(port, requests, count, _within(seconds), load))
                        found.append(_figures(name, question, count, load))
                        advance(len(found), total)
        changes = _changes(own, questions, publications) if publications else {}
    show(_table(found))
    write_json({"bench": "api", "rows": found, "publications": changes, **machine()})


def _within(seconds: float) -> Callable[[], bool]:
    """A function that is true until so many seconds have passed."""
    until = time.monotonic() + seconds
    return lambda: time.monotonic() < until


def _own(settings: Settings, folder: Path) -> Settings:
    """Settings for a copy of the serving file, which the benchmark may replace."""
    shutil.copy(settings.serving, folder / "serving.duckdb")
    return settings.model_copy(
        update={"serving": folder / "serving.duckdb", "api_keys": folder / "api_keys"}
    )


def _questions(settings: Settings, key: str) -> dict[str, list[bytes]]:
    """Requests by question, made from stored rows."""
    with duckdb.connect(str(settings.serving), read_only=True) as connection:
        people = connection.sql(
            f"select customer_id from predictions.customer_cards using sample {DIFFERENT} rows"
        ).fetchall()
        sessions = connection.sql(
            "select strftime(started_at, '%Y-%m-%dT%H:%M:%SZ') as started_at,"
            " * exclude (session_id, source_name, started_at, known_at, has_purchase)"
            " replace (page_value::double as page_value, special_day::double as special_day,"
            " bounce_rate::double as bounce_rate, exit_rate::double as exit_rate,"
            " administrative_seconds::double as administrative_seconds,"
            " informational_seconds::double as informational_seconds,"
            " product_seconds::double as product_seconds)"
            f" from marts.sessions where customer_id is not null using sample {DIFFERENT} rows"
        )
        bodies = [dict(zip(sessions.columns, row, strict=True)) for row in sessions.fetchall()]
        ((region,),) = connection.sql(
            "select region from marts.customers where region is not null"
            " group by region order by count(*) desc limit 1"
        ).fetchall() or [(None,)]
    profile = {"registered_at": "2026-01-01T10:00:00Z", "region": region, "gender": "female"}
    profile |= {"birth_date": "1990-05-17", "annual_salary": 42_000, "has_marketing_consent": True}
    return {
        LOOK_UP: [_request("GET", f"/v1/customers/{row[0]}", key) for row in people],
        SESSION: [_request("POST", "/v1/sessions/score", key, body) for body in bodies],
        PROFILE: [_request("POST", "/v1/customers/score", key, profile)],
    }


def _request(method: str, path: str, key: str, body: dict[str, Any] | None = None) -> bytes:
    content = json.dumps(body).encode() if body else b""
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {key}\r\n"
    if content:
        head += f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n"
    return f"{head}\r\n".encode() + content


@contextmanager
def _serve(settings: Settings) -> Iterator[int]:
    port = _free_port()
    command = ["-m", "scoring", "serve", "--port", str(port), "--rate-limit", "1e9"]
    with _running(command, settings, port):
        yield port


@contextmanager
def _peer(settings: Settings) -> Iterator[int]:
    port = _free_port()
    with _running(["-m", "bench.api_peer", str(port)], settings, port):
        yield port


@contextmanager
def _bento(settings: Settings) -> Iterator[int]:
    port = _free_port()
    command = ["-m", "bentoml", "serve", "bench.api_bento:Scores", "--port", str(port)]
    with _running(command, settings, port, "/docs.json"):
        yield port


@contextmanager
def _running(
    command: Sequence[str], settings: Settings, port: int, description: str = "/openapi.json"
) -> Iterator[None]:
    names = ("warehouse", "serving", "artifacts", "api_keys")
    given = {f"NUMEROSITY_{name.upper()}": str(getattr(settings, name)) for name in names}
    given["BENTOML_DO_NOT_TRACK"] = "True"  # otherwise it reports usage to its makers
    log = settings.serving.with_suffix(".log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=PROJECT_ROOT,
            env=os.environ | given,
            stdout=output,
            stderr=output,
        )
    try:
        deadline = time.monotonic() + PATIENCE
        while not _answers(port, description):
            if process.poll() is not None or time.monotonic() > deadline:
                lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
                raise InputError(f"{' '.join(command)} does not answer: {''.join(lines[-1:])}")
            time.sleep(0.2)
        yield
    finally:
        process.terminate()
        process.wait()


def _answers(port: int, path: str) -> bool:
    """Whether the service answers with 200. An open socket does not mean that it is ready."""
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as connection:
            connection.settimeout(5)
            connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            return connection.recv(12).endswith(b"200")
    except OSError:
        return False


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


def _changes(
    settings: Settings, questions: dict[str, list[bytes]], publications: int
) -> dict[str, Any]:
    """Replace the serving file while eight callers ask each question."""
    load, last = Load(), f"version {publications - 1:03d}"
    with _serve(settings) as port:

        def publish() -> str:
            for number in range(publications):
                _publish(settings, f"version {number:03d}")
                time.sleep(BETWEEN)
            deadline = time.monotonic() + PATIENCE
            while last not in _text(port, "ready") and time.monotonic() < deadline:
                time.sleep(BETWEEN)
            return _text(port, "metrics")

        async def work() -> str:
            publishing = asyncio.create_task(asyncio.to_thread(publish))
            callers = [
                ask(port, requests, 8, lambda: not publishing.done(), load)
                for requests in questions.values()
            ]
            await asyncio.gather(*callers)
            return await publishing

        figures = asyncio.run(work())
    ((taken,),) = [re.findall(r"^numerosity_publications_taken_total (\S+)", figures, re.MULTILINE)]
    return {
        "publications": publications,
        "taken": int(float(taken)) - 1,
        "requests": sum(load.answers.values()),
        "lost": load.lost,
        "p50_ms": load.percentile(0.5),
        "p99_ms": load.percentile(0.99),
    }


def _publish(settings: Settings, version: str) -> None:
    """Publish the same tables as another version; replace the file as `scoring publish` does."""
    copy = settings.serving.with_name("next.duckdb")
    shutil.copy(settings.serving, copy)
    with duckdb.connect(str(copy)) as connection:
        connection.execute("update publication set version = ?", [version])
    os.replace(copy, settings.serving)


def _text(port: int, path: str) -> str:
    with urlopen(f"http://127.0.0.1:{port}/{path}", timeout=60) as answer:
        return str(answer.read().decode())


def _figures(service: str, question: str, clients: int, load: Load) -> dict[str, Any]:
    return {
        "service": service,
        "question": question,
        "clients": clients,
        "requests_per_second": load.per_second,
        "p50_ms": load.percentile(0.5),
        "p99_ms": load.percentile(0.99),
        "lost": load.lost,
    }


def _table(rows: Sequence[dict[str, Any]]) -> Table:
    table = Table(title="HTTP: requests per second, and milliseconds")
    for name in rows[0]:
        words = name.replace("_", " ")
        table.add_column(words, justify="left" if name in ("service", "question") else "right")
    for row in rows:
        table.add_row(*(str(value) for value in row.values()))
    return table
