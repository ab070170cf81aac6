"""The machine that figures were measured on."""

import os

__all__ = ["machine"]


def machine() -> dict[str, float]:
    """Cores and memory."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {"cores": os.cpu_count() or 1, "memory_gib": round(memory, 1)}
