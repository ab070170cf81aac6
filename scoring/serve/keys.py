"""API keys: only their SHA-256 is kept, one line `name hash` each."""

import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path

from warehouse.errors import InputError, UsageError

__all__ = ["Keys", "create"]


def create(file: Path, name: str) -> str:
    """Make a key, keep its hash, and return it; it cannot be seen again.

    A key is 256 random bits, so one round of SHA-256 is as good as many. Raises UsageError when
    the name is taken or is none.
    """
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", name):
        raise UsageError(f"--name {name!r}: letters, digits, '.', '-' and '_' only")
    if name in _read(file):
        raise UsageError(f"{file} has a key {name}: take its line out to make a new one")
    key = secrets.token_urlsafe(32)
    file.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as lines:
        lines.write(f"{name} {_hash(key)}\n")
    return key


class Keys:
    """The keys of a file, read again when it changes: a key is revoked by taking its line out."""

    def __init__(self, file: Path) -> None:
        """Raises InputError when there is no key, or the file cannot be read as keys."""
        self.file = file
        self._hashes = _read(file)
        self._seen = _state(file)
        if not self._hashes:
            raise InputError(f"no API key in {file}: make one with python -m scoring api-key")

    def reload(self) -> None:
        """Take the file as it is now; InputError leaves what was."""
        if (state := _state(self.file)) != self._seen:
            self._hashes, self._seen = _read(self.file), state

    def owner(self, key: str) -> str | None:
        """Whose key it is. Each hash is compared, and each compare takes the same time."""
        given, found = _hash(key), None
        for name, kept in self._hashes.items():
            if hmac.compare_digest(given, kept):
                found = name
        return found


def _hash(key: str) -> str:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).hexdigest()


def _state(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _read(file: Path) -> dict[str, str]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"cannot read the API keys of {file}: {error}") from None
    hashes = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, _, kept = line.strip().partition(" ")
        if not re.fullmatch(r"[0-9a-f]{64}", kept):
            raise InputError(f"line {number} of {file} is no API key: write `name sha256`")
        hashes[name] = kept
    return hashes
