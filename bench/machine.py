"""The machine on which figures are measured."""

import os

__all__ = ["machine"]


def machine() -> dict[str, float]:
    """Number of cores, and memory in GiB."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {"cores": os.cpu_count() or 1, "memory_gib": round(memory, 1)}
