"""`make check`: format, style and types of the project, and the tests of what has changed.

What has changed is what differs from the last commit; in a clean checkout, what the last commit
changed. A test file is run when it has changed, or imports a module that has changed, directly or
through other modules. A changed model is linted, and its unit tests run. Tests that need a built
shop are left to `make test`; how many they are is said.
"""

import ast
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
PACKAGES = ("ml", "scoring", "warehouse", "bench", "tests")
LINTED = ("models/", "tests/dbt/", "warehouse/tables/")
WAREHOUSE = ROOT / "data" / "check" / "warehouse.duckdb"


def changed_files() -> list[str]:
    """What differs from the last commit, else what the last commit changed; deleted files not."""
    asked = (
        ("diff", "--name-only", "HEAD"),
        ("ls-files", "--others", "--exclude-standard"),
    )
    found = {name for words in asked for name in _git(*words)}
    if not found:
        found = set(_git("diff", "--name-only", "HEAD~1", "HEAD"))
    return sorted(name for name in found if (ROOT / name).is_file())


def tests_of(changed: Iterable[str]) -> list[str]:
    """The test files that have changed, or import what has changed."""
    modules = {_module(name) for name in changed if name.endswith(".py")}
    tests = sorted(path.relative_to(ROOT).as_posix() for path in _sources() if _is_test(path))
    return [name for name in tests if _reach(_module(name)) & modules]


@cache
def _sources() -> tuple[Path, ...]:
    return tuple(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))


def _is_test(path: Path) -> bool:
    return path.name.startswith("test_")


def _module(name: str) -> str:
    return name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


@cache
def _imports() -> dict[str, set[str]]:
    """By module of ours, the modules of ours that it imports."""
    known = {_module(path.relative_to(ROOT).as_posix()): path for path in _sources()}
    found = {}
    for module, path in known.items():
        names: set[str] = set()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        found[module] = names & known.keys()
    return found


def _reach(start: str) -> set[str]:
    """A module and all that it imports, directly or through others."""
    reached, waiting = set(), [start]
    while waiting:
        module = waiting.pop()
        if module not in reached:
            reached.add(module)
            waiting += _imports().get(module, set())
    return reached


def _git(*words: str) -> list[str]:
    done = subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True)
    return done.stdout.splitlines()


def _step(what: str, *command: str) -> bool:
    """Run a command and say its time; what it printed is shown where it fails."""
    start = time.monotonic()
    places = {"DBT_PROFILES_DIR": str(ROOT / "profiles"), "NUMEROSITY_WAREHOUSE": str(WAREHOUSE)}
    done = subprocess.run(
        [str(BIN / command[0]), *command[1:]],
        cwd=ROOT,
        env=os.environ | places,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    seconds = time.monotonic() - start
    last = done.stdout.splitlines()[-1:] if command[0] == "pytest" else []
    print(f"{what:<44}{seconds:6.1f} s  {'' if done.returncode == 0 else 'failed'}", *last)
    if done.returncode:
        print("\n".join(done.stdout.splitlines()[-60:]))
    return done.returncode == 0


def main() -> int:
    """Every step, also after one that fails; 1 where one has failed."""
    changed = changed_files()
    print(f"{len(changed)} changed files")
    passed = [
        _step("Check the format of Python", "ruff", "format", "--check", *PACKAGES, "bi"),
        _step("Check the style of Python", "ruff", "check", *PACKAGES, "bi"),
        _step("Check types", "mypy", *PACKAGES[:-1]),
    ]
    sql = [name for name in changed if name.endswith(".sql") and name.startswith(LINTED)]
    if sql:
        WAREHOUSE.parent.mkdir(parents=True, exist_ok=True)
        passed.append(_step("Check the style of changed SQL", "sqlfluff", "lint", *sql))
    passed += _unit_tests([name for name in changed if name.startswith("models/")])
    if tests := tests_of(changed):
        quick = ("-q", "-n", "2", "--dist", "loadfile", "-m", "not whole and not shop")
        passed.append(_step("Run the tests of what changed", "pytest", *quick, *tests))
    return 0 if all(passed) else 1


def _unit_tests(files: Sequence[str]) -> list[bool]:
    """The unit tests of changed models, on empty tables of what they read."""
    models = sorted({Path(name).stem for name in files if name.endswith((".sql", ".yml"))})
    if not models:
        return []
    WAREHOUSE.parent.mkdir(parents=True, exist_ok=True)
    where = ("--target-path", str(WAREHOUSE.parent / "target"), "--quiet", "--indirect-selection")
    empty = ("--empty", *where[:-1], "--select", *(f"+{name}" for name in models))
    tests = (*where, "eager", "--select", *(f"{name},test_type:unit" for name in models))
    return [
        _step("Build empty tables of changed models", "dbt", "run", *empty)
        and _step("Run the unit tests of changed models", "dbt", "test", *tests)
    ]


if __name__ == "__main__":
    sys.exit(main())
