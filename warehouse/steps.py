"""Where a process may be killed, by name: the promise is that every one of these places is safe.

Nothing happens at a step unless a test names it in `NUMEROSITY_KILL_AT`.
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
    """Say that a step of `STEPS` is reached: the process ends here if a test wants it to."""
    if os.environ.get("NUMEROSITY_KILL_AT") == name:
        os.kill(os.getpid(), signal.SIGKILL)
