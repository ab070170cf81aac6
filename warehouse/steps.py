"""Named steps at which tests kill the process, to prove that a crash there loses nothing.

A step does nothing unless a test names it in `NUMEROSITY_KILL_AT`.
"""

import os
import signal

__all__ = ["STEPS", "step"]

STEPS = (
    "transaction begun",
    "old scores deleted",
    "batch written",
    "transaction ready",
    "transaction committed",
    "bundle written",
    "bundle half replaced",
    "bundle placed",
    "version begun",
    "tables copied",
    "version checked",
    "version kept",
    "serving linked",
    "serving replaced",
    "parquet written",
    "parquet replaced",
    "old versions removed",
)


def step(name: str) -> None:
    """Kill this process if `NUMEROSITY_KILL_AT` is `name`, which is one of `STEPS`."""
    if os.environ.get("NUMEROSITY_KILL_AT") == name:
        os.kill(os.getpid(), signal.SIGKILL)
