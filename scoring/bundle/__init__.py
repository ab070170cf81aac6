"""A bundle: one trained model as `model.onnx`, and its description as `model.json`."""

from scoring.bundle.files import (
    FORMAT_VERSION,
    MANIFEST_FILE,
    MODEL_FILE,
    Bundle,
    feature_schema_hash,
    load_bundle,
    model_version,
    session,
    write_bundle,
)
from scoring.bundle.graph import INPUT, OUTPUTS

__all__ = [
    "FORMAT_VERSION",
    "INPUT",
    "MANIFEST_FILE",
    "MODEL_FILE",
    "OUTPUTS",
    "Bundle",
    "feature_schema_hash",
    "load_bundle",
    "model_version",
    "session",
    "write_bundle",
]
