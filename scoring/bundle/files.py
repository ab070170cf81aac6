"""Read, verify and write a bundle: `model.onnx` and `model.json`.

model.json holds three hashes: the SHA-256 of model.onnx, the hash of the feature names in their
order, and the SHA-256 of its own content. Loading a bundle verifies all three.
"""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import onnxruntime

from scoring.bundle.graph import find_fault, open_session
from warehouse.errors import InputError, IntegrityError
from warehouse.steps import step

__all__ = [
    "FORMAT_VERSION",
    "MANIFEST_FILE",
    "MODEL_FILE",
    "Bundle",
    "feature_schema_hash",
    "load_bundle",
    "model_version",
    "session",
    "write_bundle",
]

FORMAT_VERSION = 1
MODEL_FILE = "model.onnx"
MANIFEST_FILE = "model.json"


@dataclass(frozen=True)
class Bundle:
    """A verified model. It holds only bytes and text, so it can be sent to another process."""

    folder: Path
    onnx: bytes = field(repr=False)
    facts: Mapping[str, Any] = field(repr=False)
    """The content of model.json."""
    task: str
    model_version: str
    entity_key: str
    as_of_column: str
    relation: str
    features: tuple[str, ...]
    """Feature names, in the order of the model's input."""
    reasons: tuple[str, ...]
    """Names that the graph's reason indices refer to: features, or `one × another`."""
    feature_schema_hash: str
    onnx_sha256: str
    bundle_sha256: str


_TEXTS = (
    "task",
    "model_version",
    "entity_key",
    "as_of_column",
    "relation",
    "feature_schema_hash",
    "onnx_sha256",
    "bundle_sha256",
)


def feature_schema_hash(names: Iterable[str]) -> str:
    """SHA-256 (hex) of the feature names and their type, in order: it identifies the input."""
    return hashlib.sha256("\n".join(f"{name}:float" for name in names).encode()).hexdigest()


def model_version(newest_training_date: date, onnx: bytes) -> str:
    """The version of a model, `YYYYMMDD-<8 hex digits of the SHA-256 of onnx>`."""
    return f"{newest_training_date:%Y%m%d}-{hashlib.sha256(onnx).hexdigest()[:8]}"


def session(bundle: Bundle, threads: int = 0) -> onnxruntime.InferenceSession:
    """An onnxruntime session for the bundle; with `threads` 0, onnxruntime chooses their number."""
    return open_session(bundle.onnx, threads)


def load_bundle(folder: Path) -> Bundle:
    """Read and verify the bundle in `folder`.

    Raises InputError when the folder does not exist, IntegrityError when a file is missing, was
    changed, or is not a bundle's.
    """
    if not folder.is_dir():
        raise InputError(f"no model bundle at {folder}: run python -m ml train")
    for name in (MODEL_FILE, MANIFEST_FILE):
        if not (folder / name).is_file():
            raise _broken(folder, f"it has no {name}")
    facts = _read_facts(folder)
    onnx = (folder / MODEL_FILE).read_bytes()
    features = facts["features"]
    if hashlib.sha256(onnx).hexdigest() != facts["onnx_sha256"]:
        raise _broken(folder, f"{MODEL_FILE} is not the file that was written")
    if feature_schema_hash(features) != facts["feature_schema_hash"]:
        raise _broken(folder, "its features do not match its feature_schema_hash")
    fault = find_fault(onnx, len(features))
    if fault:
        raise _broken(folder, f"{MODEL_FILE} {fault}")
    return Bundle(
        folder=folder,
        onnx=onnx,
        facts=facts,
        features=tuple(features),
        reasons=tuple(facts.get("reasons", features)),
        **{name: facts[name] for name in _TEXTS},
    )


def write_bundle(folder: Path, onnx: bytes, facts: Mapping[str, Any]) -> Bundle:
    """Write a bundle to `folder` (`<task>/<model_version>`) atomically, and load it back.

    `facts` is model.json without the format version and the hashes, which are added here. The
    bundle is verified before it is moved to `folder`. If the same bundle exists there, nothing
    changes. If the folder holds other facts or damaged files, its files are replaced one by one,
    the model first, so that a crash in between leaves a pair that does not verify.

    Raises IntegrityError when the graph or the facts are not valid for a bundle.
    """
    document = _with_hashes(onnx, facts)
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        temporary.chmod(0o755)
        _write(temporary / MODEL_FILE, onnx)
        _write(temporary / MANIFEST_FILE, document.encode())
        load_bundle(temporary)
        step("bundle written")
        if not folder.exists():
            os.replace(temporary, folder)
        elif not _same(folder, document):
            os.replace(temporary / MODEL_FILE, folder / MODEL_FILE)
            step("bundle half replaced")
            os.replace(temporary / MANIFEST_FILE, folder / MANIFEST_FILE)
        step("bundle placed")
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return load_bundle(folder)


def _same(folder: Path, document: str) -> bool:
    try:
        return load_bundle(folder).bundle_sha256 == str(json.loads(document)["bundle_sha256"])
    except IntegrityError:
        return False


def _with_hashes(onnx: bytes, facts: Mapping[str, Any]) -> str:
    """The text of model.json."""
    document = {
        **facts,
        "format_version": FORMAT_VERSION,
        "feature_schema_hash": feature_schema_hash(facts["features"]),
        "onnx_sha256": hashlib.sha256(onnx).hexdigest(),
    }
    document["bundle_sha256"] = _content_hash(document)
    return json.dumps(document, indent=2, sort_keys=True, allow_nan=False) + "\n"


def _content_hash(facts: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON of everything but the hash itself."""
    content = {key: value for key, value in facts.items() if key != "bundle_sha256"}
    text = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _read_facts(folder: Path) -> dict[str, Any]:
    try:
        facts = json.loads((folder / MANIFEST_FILE).read_bytes())
        content_hash = _content_hash(facts)
    except (ValueError, AttributeError, RecursionError):
        raise _broken(folder, f"{MANIFEST_FILE} is not a JSON object") from None
    if facts.get("bundle_sha256") != content_hash:
        raise _broken(folder, f"{MANIFEST_FILE} is not the file that was written")
    if facts.get("format_version") != FORMAT_VERSION:
        raise _broken(folder, f"its format_version is {facts.get('format_version')!r}, not 1")
    for name in _TEXTS:
        if not isinstance(facts.get(name), str):
            raise _broken(folder, f"{MANIFEST_FILE} has no text {name}")
    features = facts.get("features")
    if not (isinstance(features, list) and features and all(isinstance(f, str) for f in features)):
        raise _broken(folder, f"{MANIFEST_FILE} lists no features")
    if len(set(features)) < len(features):
        raise _broken(folder, f"{MANIFEST_FILE} lists a feature twice")
    reasons = facts.get("reasons", features)
    if not (isinstance(reasons, list) and reasons and all(isinstance(r, str) for r in reasons)):
        raise _broken(folder, f"{MANIFEST_FILE} lists no reasons")
    return dict(facts)


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _broken(folder: Path, what: str) -> IntegrityError:
    return IntegrityError(f"the model bundle {folder} cannot be trusted: {what}; train it again")
