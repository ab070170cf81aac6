"""What runs at night needs nothing of learning."""

import subprocess
import sys

from warehouse.settings import PROJECT_ROOT

HEAVY = {"ml", "sklearn", "skl2onnx", "onnx", "pandas", "scipy", "dbt"}


def test_scoring_imports_nothing_of_learning() -> None:
    """Neither ours (ml) nor a library that only training needs."""
    code = (
        "import importlib, pkgutil, sys, scoring, warehouse\n"
        "for package in (scoring, warehouse):\n"
        "    for found in pkgutil.walk_packages(package.__path__, package.__name__ + '.'):\n"
        "        if not found.name.endswith(('__main__', 'landing.plugin')):\n"  # dbt's
        "            importlib.import_module(found.name)\n"
        "print(*sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True
    )
    assert not HEAVY & set(done.stdout.split())
