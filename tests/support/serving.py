"""A shop that is published, and a service that answers from it, in a process of its own."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.shops import Shop
from warehouse.settings import PROJECT_ROOT, Settings

__all__ = ["published", "running"]

GIVEN = ("warehouse", "serving", "artifacts", "api_keys")


def published(shop: Shop, folder: Path) -> Settings:
    """Publish the shop; the serving copy and the keys of the settings are in `folder`."""
    shop.workspace.python("scoring", "publish")
    serving = folder / "serving.duckdb"
    if folder != shop.workspace.folder:
        shutil.copy(shop.workspace.folder / serving.name, serving)
    return Settings(
        warehouse=shop.workspace.warehouse,
        serving=serving,
        artifacts=shop.workspace.folder / "artifacts",
        api_keys=folder / "api_keys",
    )


@contextmanager
def running(settings: Settings) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """`python -m scoring serve` on a free port, and its address; ended when that is done with."""
    given = {f"NUMEROSITY_{name.upper()}": str(getattr(settings, name)) for name in GIVEN}
    with subprocess.Popen(
        [sys.executable, "-m", "scoring", "serve", "--port", "0", "--json-logs"],
        cwd=PROJECT_ROOT,
        env=os.environ | given,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        try:
            yield process, json.loads(process.stderr.readline())["address"]
        finally:
            process.send_signal(signal.SIGTERM)
