"""The bundle on disk: whole, verified, reproducible."""

import hashlib
import json
import pickle
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scoring.bundle import (
    INPUT,
    MANIFEST_FILE,
    MODEL_FILE,
    feature_schema_hash,
    load_bundle,
    model_version,
    session,
    write_bundle,
)
from tests.support import factory
from warehouse.errors import InputError, IntegrityError


def test_a_bundle_comes_back_as_it_was_written(tmp_path: Path) -> None:
    """Names, order, hashes and the model's bytes survive, and onnxruntime can use them."""
    model = factory.onnx_model()
    bundle = factory.bundle(tmp_path, model)
    assert bundle == load_bundle(bundle.folder)
    assert bundle.features == factory.FEATURES
    assert bundle.onnx == model
    assert bundle.onnx_sha256 == hashlib.sha256(model).hexdigest()
    assert bundle.feature_schema_hash == feature_schema_hash(factory.FEATURES)
    assert bundle.facts["metrics"] == {"roc_auc": 0.75}
    ones = np.ones((2, 4), np.float32)
    assert session(bundle, threads=1).run(["score"], {INPUT: ones})[0].shape == (2,)


def test_the_hashes_are_the_documented_ones(tmp_path: Path) -> None:
    """Another program can check a bundle with sha256 and canonical JSON alone."""
    bundle = factory.bundle(tmp_path)
    facts = json.loads((bundle.folder / MANIFEST_FILE).read_text())
    stated = facts.pop("bundle_sha256")
    canonical = json.dumps(facts, sort_keys=True, separators=(",", ":"))
    assert stated == bundle.bundle_sha256 == hashlib.sha256(canonical.encode()).hexdigest()
    text = "\n".join(f"{name}:float" for name in factory.FEATURES)
    assert facts["feature_schema_hash"] == hashlib.sha256(text.encode()).hexdigest()


def test_the_version_says_the_date_and_the_model() -> None:
    """The same model and data have the same version, another model another."""
    assert model_version(date(2026, 4, 1), b"a") == "20260401-ca978112"
    assert model_version(date(2026, 4, 1), b"b") != "20260401-ca978112"


def test_writing_the_same_bundle_twice_changes_nothing(tmp_path: Path) -> None:
    """Training again with the same seed leaves the files alone."""
    first = factory.bundle(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in first.folder.iterdir()}
    assert factory.bundle(tmp_path) == first
    assert {path: path.stat().st_mtime_ns for path in first.folder.iterdir()} == before
    assert [path.name for path in first.folder.parent.iterdir()] == [first.model_version]


def test_writing_again_mends_a_damaged_bundle(tmp_path: Path) -> None:
    """A file lost or cut short is replaced by the whole one."""
    bundle = factory.bundle(tmp_path)
    (bundle.folder / MODEL_FILE).write_bytes(b"half")
    assert factory.bundle(tmp_path) == bundle
    (bundle.folder / MANIFEST_FILE).unlink()
    assert factory.bundle(tmp_path) == bundle


def test_the_same_model_with_other_facts_replaces_them(tmp_path: Path) -> None:
    """A new evaluation of the same model is kept, under the same version."""
    first = factory.bundle(tmp_path)
    second = factory.bundle(tmp_path, metrics={"roc_auc": 0.8})
    assert second.folder == first.folder
    assert load_bundle(first.folder).facts["metrics"] == {"roc_auc": 0.8}
    assert second.bundle_sha256 != first.bundle_sha256


def test_a_bundle_can_be_sent_to_another_process(tmp_path: Path) -> None:
    """Spark pickles it into its tasks; the folder need not be there."""
    bundle = factory.bundle(tmp_path)
    assert pickle.loads(pickle.dumps(bundle)) == bundle


def test_a_model_that_is_no_bundle_is_not_written(tmp_path: Path) -> None:
    """Neither the folder nor a temporary one is left behind."""
    with pytest.raises(IntegrityError, match="does not load into onnxruntime"):
        factory.bundle(tmp_path, b"no model")
    with pytest.raises(IntegrityError, match="its features need"):
        factory.bundle(tmp_path, factory.onnx_model([1.0, 2.0]))
    with pytest.raises(IntegrityError, match="twice"):
        factory.bundle(tmp_path, features=["a", "b", "c", "a"])
    with pytest.raises(IntegrityError, match="no text relation"):
        factory.bundle(tmp_path, relation=None)
    assert not list((tmp_path / factory.TASK).iterdir())


@pytest.mark.parametrize("name", [MODEL_FILE, MANIFEST_FILE])
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1, exclude_max=True), bits=st.integers(1, 255))
def test_one_corrupt_byte_is_found(tmp_path: Path, name: str, place: float, bits: int) -> None:
    """Wherever it is: an error, or (a space in the JSON) exactly the same content."""
    bundle = factory.bundle(tmp_path)
    path = bundle.folder / name
    content = bytearray(path.read_bytes())
    content[int(place * len(content))] ^= bits
    path.write_bytes(content)
    try:
        assert load_bundle(bundle.folder).facts == bundle.facts
        assert name == MANIFEST_FILE
    except IntegrityError:
        pass


def test_reordered_features_are_found(tmp_path: Path) -> None:
    """By the content hash, and where someone has recomputed that, by the schema hash."""
    bundle = factory.bundle(tmp_path)
    path = bundle.folder / MANIFEST_FILE
    facts = json.loads(path.read_text())
    facts["features"].reverse()
    path.write_text(json.dumps(facts))
    with pytest.raises(IntegrityError, match=r"model\.json is not the file"):
        load_bundle(bundle.folder)
    del facts["bundle_sha256"]
    canonical = json.dumps(facts, sort_keys=True, separators=(",", ":"))
    facts["bundle_sha256"] = hashlib.sha256(canonical.encode()).hexdigest()
    path.write_text(json.dumps(facts))
    with pytest.raises(IntegrityError, match="feature_schema_hash"):
        load_bundle(bundle.folder)


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    """No folder is the user's mistake, a folder without its files is a damaged bundle."""
    with pytest.raises(InputError, match="python -m ml train"):
        load_bundle(tmp_path / "nowhere")
    bundle = factory.bundle(tmp_path)
    (bundle.folder / MODEL_FILE).unlink()
    with pytest.raises(IntegrityError, match=r"no model\.onnx"):
        load_bundle(bundle.folder)


def test_facts_must_be_finite(tmp_path: Path) -> None:
    """NaN is not JSON: a metric that does not exist is null."""
    with pytest.raises(ValueError, match="JSON compliant"):
        write_bundle(tmp_path / "b", factory.onnx_model(), {"features": ["a"], "m": float("nan")})
