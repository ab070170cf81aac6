"""What a second implementation does not know is said, and fails nothing: people add features."""

import warnings
from collections.abc import Iterable

__all__ = ["say_unknown"]


def say_unknown(who: str, names: Iterable[str]) -> None:
    """Name in pytest's summary what `who` leaves unchecked; nothing where that is nothing."""
    if unknown := sorted(names):
        warnings.warn(f"{who} does not know: {', '.join(unknown)}", stacklevel=2)
