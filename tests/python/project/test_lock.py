"""The lock file installs anywhere, the same everywhere; nothing of one machine is committed."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from warehouse.settings import PROJECT_ROOT

LOCK = (PROJECT_ROOT / "requirements.lock").read_text(encoding="utf-8")
THIS_MACHINE = "/" + "work/"  # in two parts, so that this file does not find itself


def entries() -> list[str]:
    """One string a requirement, its hashes included, comments left out."""
    lines = [line for line in LOCK.splitlines() if not line.lstrip().startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [line.strip() for line in joined.splitlines() if line.strip()]


def requirement(entry: str) -> Requirement:
    """The requirement of an entry, without its hashes."""
    return Requirement(entry.partition(" --hash")[0].strip())


def committed() -> list[Path]:
    """The files git knows."""
    done = subprocess.run(
        ["git", "ls-files", "-z"], cwd=PROJECT_ROOT, capture_output=True, text=True
    )
    if done.returncode:
        pytest.skip("not a git checkout")
    found = [PROJECT_ROOT / name for name in done.stdout.split("\0") if name]
    return [path for path in found if path.is_file()]


def test_the_lock_names_no_address() -> None:
    """Packages come from whichever index the machine is set up with."""
    options = r"https?:|file:|git\+|--(extra-)?index-url|--find-links|--trusted-host|^-[a-z] "
    assert re.findall(options, LOCK, re.MULTILINE) == []


def test_every_package_is_locked_to_one_version_and_its_hashes() -> None:
    """`==` and at least one SHA-256 for every entry, and nothing else in the file."""
    assert len(entries()) > 50
    for entry in entries():
        assert re.fullmatch(
            r"[\w.\[\],-]+==[\w.!+]+( *;[^#]+?)?( +--hash=sha256:[0-9a-f]{64})+", entry
        ), entry


def test_the_lock_holds_what_the_project_asks_for() -> None:
    """Every dependency of pyproject.toml is locked, at a version it allows."""
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8"))[
        "project"
    ]
    extras = project["optional-dependencies"]
    asked = [*project["dependencies"]]
    for text in extras["dev"]:
        one = Requirement(text)
        # An extra of the project's own stands for what is in it.
        asked += extras[next(iter(one.extras))] if one.name == project["name"] else [text]
    locked: dict[str, list[Requirement]] = {}
    for entry in entries():
        one = requirement(entry)
        locked.setdefault(canonicalize_name(one.name), []).append(one)
    for text in asked:
        wanted = Requirement(text)
        found = locked.get(canonicalize_name(wanted.name))
        assert found, f"{wanted.name} is not locked: make lock"
        for one in found:
            (pin,) = one.specifier
            assert wanted.specifier.contains(pin.version, prereleases=True), f"{one} for {wanted}"


def test_no_committed_file_names_a_folder_of_this_machine() -> None:
    """Whoever clones the project finds no path that only existed where it was written."""
    own = re.compile(rf"(?<![\w.]){re.escape(THIS_MACHINE)}|{re.escape(str(PROJECT_ROOT))}/")
    found = [
        str(path.relative_to(PROJECT_ROOT))
        for path in committed()
        if own.search(path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert found == []


def test_there_is_no_second_lock_file() -> None:
    """uv.lock holds download addresses; requirements.lock is the only lock."""
    assert {path.name for path in committed()} & {"uv.lock", "poetry.lock", "Pipfile.lock"} == set()
    assert not (PROJECT_ROOT / "uv.lock").exists()


def test_both_engines_score_with_one_onnxruntime() -> None:
    """A bundle runs on the version it was checked with, beside DuckDB and beside Spark."""
    spark = (PROJECT_ROOT / "requirements-spark.lock").read_text(encoding="utf-8")
    versions = [re.findall(r"^onnxruntime==\S+", lock, re.MULTILINE) for lock in (LOCK, spark)]
    assert versions[0] == versions[1] != []
