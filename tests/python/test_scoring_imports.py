"""What runs at night is small."""

import subprocess
import sys

from scoring.settings import PROJECT_ROOT

HEAVY = {"ml", "sklearn", "skl2onnx", "onnx", "pandas", "scipy", "dbt"}


def test_scoring_imports_nothing_of_learning() -> None:
    """Neither ours (ml) nor a library that only training needs."""
    code = (
        "import pkgutil, sys, scoring, scoring.cli\n"
        "names = [m.name for m in pkgutil.iter_modules(scoring.__path__) if m.name != '__main__']\n"
        "for name in names: __import__('scoring.' + name)\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True
    )
    assert not HEAVY & set(done.stdout.split())
