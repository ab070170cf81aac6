"""The bytes of a text file, decompressed and as UTF-8, block by block."""

import codecs
import errno
import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from warehouse.errors import InputError

__all__ = ["BLOCK", "compression_of", "damaged", "sample", "utf8_blocks"]

BLOCK = 8 << 20
"""Bytes read at once."""
MAGIC = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd"}
PARTS_OF_MARK = (codecs.BOM_UTF8[:2], codecs.BOM_UTF8[:1])
PIECE, PIECES = 64 << 10, 8
"""Bytes of a piece of the sample, and how many are taken beside the head, which is four of them."""


def compression_of(path: Path) -> str | None:
    """By the first bytes of the file, whatever its name."""
    with path.open("rb") as file:
        head = file.read(4)
    return next((name for magic, name in MAGIC.items() if head.startswith(magic)), None)


@contextmanager
def _opened(path: Path, compression: str | None) -> Iterator[IO[bytes] | Any]:
    if compression == "gzip":
        with gzip.open(path) as file:
            yield file
    elif compression:
        with pa.input_stream(str(path), compression=compression) as file:
            yield file
    else:
        with path.open("rb") as file:
            yield file


@contextmanager
def damaged(path: str) -> Iterator[None]:
    """Raise InputError, naming the file, where it cannot be decompressed or read."""
    try:
        yield
    except (EOFError, zlib.error, OSError, pa.ArrowException) as error:
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise
        reason = " ".join(str(error).split())
        raise InputError(f"raw file {path} cannot be read ({reason}): export it again") from None


def sample(path: Path, compression: str | None) -> list[bytes]:
    """The head of a file, then pieces spread over the rest of it; they begin within a line.

    Only the head where the file is compressed: there is no going to a place in it.
    """
    with damaged(str(path)), _opened(path, compression) as file:
        pieces = [file.read(4 * PIECE)]
        size = path.stat().st_size
        if compression or size <= 4 * PIECE:
            return pieces
        for number in range(PIECES):
            place = 4 * PIECE + (size - 5 * PIECE) * number // (PIECES - 1)
            file.seek(place - place % 2)  # a character of UTF-16 is whole
            pieces.append(file.read(PIECE))
        return pieces


def utf8_blocks(path: Path, encoding: str, compression: str | None) -> Iterator[bytes]:
    """The file as UTF-8 without byte order marks; bytes of UTF-8 itself are not looked at.

    A mark may begin a later line, too: that of a second export put behind the first. Raises
    UnicodeDecodeError for bytes that are no character of another encoding.
    """
    begins_line, held = True, b""
    for block in _decoded(path, encoding, compression):
        block = held + block if held else block
        held = next((each for each in PARTS_OF_MARK if block.endswith(each)), b"")
        block = block[: len(block) - len(held)]
        if begins_line:
            block = block.removeprefix(codecs.BOM_UTF8)
        if codecs.BOM_UTF8 in block:
            for end in (b"\n", b"\r"):
                block = block.replace(end + codecs.BOM_UTF8, end)
        if block:
            begins_line = block.endswith((b"\n", b"\r"))
            yield block
    if held:
        yield held


def _decoded(path: Path, encoding: str, compression: str | None) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding)()
    with _opened(path, compression) as file:
        while block := file.read(BLOCK):
            yield (
                decoder.decode(block).encode("utf-8", errors="surrogatepass")
                if encoding != "utf-8"
                else block
            )
        if encoding != "utf-8" and (last := decoder.decode(b"", final=True)):
            yield last.encode()
