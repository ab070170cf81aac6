"""The SQL of a model as dbt compiles it, to be run on rows of one's own."""

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from warehouse.errors import NumerosityError
from warehouse.feature_tables import FeatureTable, load_feature_tables
from warehouse.settings import PROJECT_ROOT

__all__ = ["compiled_models", "compiled_project"]


def compiled_models(*names: str) -> dict[str, str]:
    """The SQL of each model; other relations are named "warehouse"."<schema>"."<name>" in it.

    Starts dbt once, in a warehouse of its own. Raises NumerosityError with dbt's last line when the
    project does not compile.
    """
    return compiled_project(*names)[0]


def compiled_project(*names: str) -> tuple[dict[str, str], tuple[FeatureTable, ...]]:
    """The same, and the feature tables that the project declares."""
    with TemporaryDirectory() as folder:
        done = subprocess.run(
            [
                str(Path(sys.executable).with_name("dbt")),
                "--no-use-colors",
                "compile",
                *("--select", *names),
                *("--target-path", f"{folder}/target", "--log-path", f"{folder}/logs"),
            ],
            cwd=PROJECT_ROOT,
            env={
                **os.environ,
                "DBT_PROFILES_DIR": str(PROJECT_ROOT / "profiles"),
                "NUMEROSITY_WAREHOUSE": f"{folder}/warehouse.duckdb",
            },
            capture_output=True,
            text=True,
        )
        if done.returncode:
            last = (done.stdout.strip() or done.stderr.strip()).splitlines()[-1]
            raise NumerosityError(f"dbt does not compile {', '.join(names)}: {last}")
        files = Path(folder, "target", "compiled").rglob("*.sql")
        # Below the name of a YAML file is what a unit test gives in place of a model.
        found = {path.stem: path for path in files if path.parent.suffix != ".yml"}
        sql = {name: found[name].read_text(encoding="utf-8") for name in names}
        return sql, load_feature_tables(Path(folder, "target", "manifest.json"))
