"""Every real source that is present builds, and every test of its tables passes."""

from pathlib import Path

import pytest

from tests.support.project import Workspace, real_data

SOURCES = ("online_retail", "hillstrom", "cdnow", "online_shoppers", "social_network_ads")


@pytest.mark.parametrize("source", SOURCES)
def test_every_table_and_test_passes(source: str, tmp_path: Path) -> None:
    """From the raw file to monitoring, in a warehouse of its own."""
    if not (real_data() / source).is_dir():
        pytest.skip(f"no folder {real_data() / source}: set NUMEROSITY_REAL_DATA")
    workspace = Workspace(tmp_path, real_data())
    done = workspace.dbt("build", "--exclude-resource-type", "unit_test", sources=[source])
    assert done.succeeded().line_with("Done. PASS=", "ERROR=0")
