"""API keys: a file with one line `name sha256` per key; the keys themselves are not stored."""

import hashlib
import hmac
import os
import re
import secrets
from pathlib import Path

from warehouse.errors import InputError, UsageError

__all__ = ["Keys", "create"]


def create(file: Path, name: str) -> str:
    """Create a key, append its hash to `file`, and return the key, which cannot be shown again.

    A key has 256 random bits, so one round of SHA-256 is enough. Raises UsageError when the name is
    taken or invalid, and InputError when the file cannot be read as keys.
    """
    if not re.fullmatch(r"[A-Za-z0-9_.-]{1,64}", name):
        raise UsageError(
            f"--name {name!r} is not a name: use 1 to 64 letters, digits, '.', '-' and '_'"
        )
    if name in _read(file):
        raise UsageError(f"{file} has a key {name}: remove its line to create a new one")
    key = secrets.token_urlsafe(32)
    file.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as lines:
        lines.write(f"{name} {_hash(key)}\n")
    return key


class Keys:
    """The keys of a file. `reload` reads it again; to revoke a key, remove its line."""

    def __init__(self, file: Path) -> None:
        """Read the keys. Raises InputError when there are none, or a line is not a key."""
        self.file = file
        self._hashes = _read(file)
        self._seen = _state(file)
        if not self._hashes:
            raise InputError(f"no API key in {file}: create one with python -m scoring api-key")

    def reload(self) -> None:
        """Read the file again if it changed. Raises InputError; the old keys stay valid then."""
        if (state := _state(self.file)) != self._seen:
            self._hashes, self._seen = _read(self.file), state

    def owner(self, key: str) -> str | None:
        """The name of the key's owner; None for an unknown key. Constant time for every key."""
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
        raise InputError(
            f"cannot read the API keys in {file} ({error}): correct the file or its permissions"
        ) from None
    hashes = {}
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        name, _, kept = line.strip().partition(" ")
        if not re.fullmatch(r"[0-9a-f]{64}", kept):
            raise InputError(f"line {number} of {file} is not an API key: write `name sha256`")
        hashes[name] = kept
    return hashes
