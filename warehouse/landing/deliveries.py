"""Which files were delivered, what was found in them, and where they have landed.

`<landing>/<source>/<path of the file>/<SHA-256>.parquet` holds the records of one content of a
file, and `<SHA-256>.json` what is known of it. A file whose size and time of change are those of
the last time is not read again, and a content that has landed is not landed again.
"""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from warehouse.errors import InputError, NumerosityError, one_line
from warehouse.landing.dialect import find_dialect, stated_for
from warehouse.landing.duckdb_files import land_table, tables
from warehouse.landing.parquet_files import land_parquet
from warehouse.landing.parts import Part
from warehouse.landing.text_files import land_text

__all__ = ["Delivery", "Source", "every_delivery", "land_source", "write_json"]

FORMAT = 1
"""Raised when landing comes to read files in another way: they land anew."""
TEXT, DATABASE = {".csv", ".tsv", ".txt"}, {".duckdb", ".db"}
KINDS = {*TEXT, *DATABASE, ".parquet"}
KEPT = 2
"""Contents of a file that are kept: that of now, and the one that an older view may read."""
_failed: dict[tuple[str, int, int, str], str] = {}
"""Errors of files in this process, that a file is not read again for each table."""


@dataclass(frozen=True)
class Source:
    """A source's folder of raw files, and what `source_catalog` says of it."""

    name: str
    raw: Path
    landing: Path
    dialects: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    people: tuple[Any, ...] = ()
    """The rules by which its files name customers."""

    @property
    def folder(self) -> Path:
        """Where its files land."""
        return self.landing / self.name


@dataclass
class Delivery:
    """One content of a delivered file (or of one table of a DuckDB file)."""

    source: str
    path: str
    """Below the source's folder."""
    size: int
    sha256: str
    settings: str
    """What it was landed with: of a file that was landed otherwise, it lands anew."""
    format: str = ""
    dialect: dict[str, Any] = field(default_factory=dict)
    newline: str = ""
    counted: int = 0
    """Records by the second count."""
    landed: int = 0
    ragged: int = 0
    blank_lines: int = 0
    headers: int = 0
    erased: int = 0
    erasures: str = ""
    """The erasure list that was applied."""
    parts: list[Part] = field(default_factory=list)
    first_seen_at: str = ""
    landed_at: str = ""
    error: str = ""
    """Why it could not be landed: one line."""

    @property
    def facts_file(self) -> Path:
        """Where this is kept."""
        return Path(self.parts[0].path).with_name(f"{self.sha256}.json")


def land_source(source: Source) -> list[Delivery]:
    """Land what is new in a source's folder; every file that is there now, in order of its path.

    A file that cannot be landed is there with its `error`; the others land all the same.
    """
    folder = source.raw / source.name
    known = _Seen(source)
    found: list[Delivery] = []
    for path in _files(folder):
        found += _land_file(source, path, path.relative_to(folder).as_posix(), known)
    known.keep({each.path for each in found})
    _prune(source, found)
    return found


def every_delivery(folder: Path) -> list[Delivery]:
    """Every content of every file that has landed in a source's folder."""
    return [_read(path) for path in sorted(folder.rglob("*.json")) if path.name[:1] != "."]


def write_json(path: Path, facts: Any) -> None:
    """Write a file in one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    temporary.replace(path)


def save(delivery: Delivery) -> None:
    """Keep what is known of a delivery beside its records."""
    write_json(delivery.facts_file, asdict(delivery))


class _Seen:
    """The size, time of change and SHA-256 of the files of a raw folder when last looked at."""

    def __init__(self, source: Source) -> None:
        name = hashlib.md5(str(source.raw.resolve()).encode()).hexdigest()[:8]
        self.file = source.folder / f".seen-{name}.json"
        self.before: dict[str, list[Any]] = {}
        if self.file.is_file():
            self.before = json.loads(self.file.read_text(encoding="utf-8"))
        self.now: dict[str, list[Any]] = {}

    def sha256(self, path: Path, name: str) -> str:
        """Of the file's content; computed only where its size or time has changed."""
        status = path.stat()
        known = self.before.get(name, [])
        log = path.with_name(f"{path.name}.wal")
        stamp = [status.st_size, status.st_mtime_ns, log.stat().st_mtime_ns if log.exists() else 0]
        if known[:3] != stamp:
            known = [*stamp, _sha256(path, log)]
        self.now[name] = known
        return str(known[3])

    def keep(self, paths: set[str]) -> None:
        if self.now != self.before:
            write_json(self.file, self.now)


def _sha256(*paths: Path) -> str:
    digest = hashlib.sha256()
    for path in paths:
        if path.exists():
            with path.open("rb") as file:
                while block := file.read(1 << 22):
                    digest.update(block)
    return digest.hexdigest()


def _files(folder: Path) -> Iterator[Path]:
    """The files that are data by their names, not hidden, in order of their paths."""
    for path in sorted(folder.rglob("*")):
        parts = path.relative_to(folder).parts
        if kind_of(path) in KINDS and path.is_file() and not any(p.startswith(".") for p in parts):
            yield path


def kind_of(path: Path) -> str:
    """The ending of a file's name, that of its packing aside."""
    name = path.name.lower().removesuffix(".gz").removesuffix(".zst")
    return Path(name).suffix


def _land_file(source: Source, path: Path, name: str, seen: _Seen) -> list[Delivery]:
    """A file, or each table of a DuckDB file as `shop.duckdb/orders`."""
    stated = stated_for(source.dialects, name)
    settings = hashlib.sha256(json.dumps([FORMAT, stated], sort_keys=True).encode()).hexdigest()[
        :16
    ]
    size = path.stat().st_size
    new = Delivery(source.name, name, size, "", settings, kind_of(path).removeprefix("."))
    key = (str(path), size, path.stat().st_mtime_ns, settings)
    if key in _failed:
        new.error = _failed[key]
        return [new]
    try:
        if size == 0:
            raise InputError(
                f"raw file {source.name}/{name} is empty (0 bytes): export it again with its header"
                " line, or remove it"
            )
        new.sha256 = seen.sha256(path, name)
        if kind_of(path) not in DATABASE:
            return [_landed(source, path, new, stated)]
        deliveries = []
        for table in tables(path, f"{source.name}/{name}"):
            one = Delivery(**{**vars(new), "path": f"{name}/{table}"})
            deliveries.append(_landed(source, path, one, stated, table))
        return deliveries
    except (NumerosityError, OSError) as error:
        new.error = _failed[key] = one_line(error)
        return [new]


def _landed(
    source: Source, path: Path, new: Delivery, stated: Mapping[str, Any], table: str = ""
) -> Delivery:
    """What is known of this content, from before where it has landed before."""
    name = f"{source.name}/{new.path}"
    target = source.folder / new.path / new.sha256
    facts_file = target.with_name(f"{new.sha256}.json")
    if facts_file.is_file():
        old = _read(facts_file)
        is_whole = all(Path(part.path).is_file() for part in old.parts)
        if old.settings == new.settings and is_whole:
            return old
        new.first_seen_at = old.first_seen_at
    new.landed_at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
    new.first_seen_at = new.first_seen_at or new.landed_at
    new.parts, new.erased, new.erasures = [], 0, ""
    if table:
        part, new.counted = land_table(path, table, name, target)
        new.parts = [part]
    elif kind_of(path) == ".parquet":
        part, new.counted = land_parquet(path, name, target)
        new.parts = [part]
    else:
        facts = land_text(path, name, target, find_dialect(path, stated))
        new.dialect = facts.dialect.facts() | {"newline": facts.newline}
        new.counted, new.ragged = facts.counted, facts.ragged
        new.blank_lines, new.headers = facts.blank_lines, facts.headers
        new.parts = facts.parts
    new.landed = sum(part.rows for part in new.parts)
    if new.landed != new.counted:
        raise InputError(
            f"raw file {name} holds {new.counted} records, and {new.landed} were read: export it"
            " again"
        )
    save(new)
    return new


def _read(path: Path) -> Delivery:
    facts = json.loads(path.read_text(encoding="utf-8"))
    parts = [Part(**part) for part in facts.pop("parts")]
    for part in parts:  # the landing folder may have moved
        part.path = str(path.with_name(Path(part.path).name))
    return Delivery(**facts, parts=parts)


def _prune(source: Source, present: list[Delivery]) -> None:
    """Remove the records of contents that were replaced; what is known of them stays."""
    now = {(each.path, each.sha256) for each in present}
    by_path: dict[str, list[Delivery]] = {}
    for each in every_delivery(source.folder):
        by_path.setdefault(each.path, []).append(each)
    for contents in by_path.values():
        contents.sort(key=lambda each: ((each.path, each.sha256) in now, each.landed_at))
        for old in contents[:-KEPT]:
            for part in old.parts:
                Path(part.path).unlink(missing_ok=True)
