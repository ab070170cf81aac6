"""The files of macros/, found by name whatever folder they are in."""

from pathlib import Path

from warehouse.settings import PROJECT_ROOT

__all__ = ["MACROS", "macro_file", "macro_text"]

MACROS = PROJECT_ROOT / "macros"


def macro_file(name: str) -> Path:
    """The file `name`.sql."""
    (path,) = MACROS.rglob(f"{name}.sql")
    return path


def macro_text(*names: str) -> str:
    """The text of these files, one after the other."""
    return "".join(macro_file(name).read_text(encoding="utf-8") for name in names)
