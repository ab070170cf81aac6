"""Shops that several tests look at; each is built once for all processes that run tests."""

import json
import pickle
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import hypothesis
import pytest
from filelock import FileLock
from xdist.scheduler import LoadScopeScheduling

from tests.support.engines import SparkWorkspace
from tests.support.project import Workspace
from tests.support.shops import (
    BEFORE_SCORES,
    BUILDERS,
    TABLES_ONLY,
    BrokenShop,
    Increments,
    Shop,
)
from tests.support.spark_server import SparkServer
from tests.support.sql_macros import project_vars

# How long an example takes says how busy the machine is: time is measured in bench/.
hypothesis.settings.register_profile("numerosity", deadline=None)
hypothesis.settings.load_profile("numerosity")

FIRST = (
    *("spark", "test_page.py", "test_real_sources.py", "test_own_view.py", "test_forget.py"),
    *("test_documented_additions.py", "test_bring_your_data.py", "test_publish.py"),
    "test_small_shop.py",
)
"""Files and folders whose tests take longest: they start first."""
BUILT = {*BUILDERS, "spark"}
"""Fixtures that build a whole shop."""


class ByFile(LoadScopeScheduling):
    """One process runs the tests of a file, and all of those on Spark."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "spark" if "/spark/" in file else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByFile:
    """Hand out files, not tests: what a file's tests share is then built once."""
    return ByFile(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start with the longest, and mark what needs a built shop."""
    items.sort(key=_place)
    for item in items:
        if BUILT & set(getattr(item, "fixturenames", ())) or _place(item) < len(FIRST):
            item.add_marker(pytest.mark.shop)


def _place(item: pytest.Item) -> int:
    parts = (item.path.parent.name, item.path.name)
    return next((rank for rank, name in enumerate(FIRST) if name in parts), len(FIRST))


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Callable[[str], object]:
    """What a builder of BUILDERS has built; the first process that asks builds, the others wait."""
    base = tmp_path_factory.getbasetemp()
    shared = (base if worker_id == "master" else base.parent) / "built"
    shared.mkdir(exist_ok=True)

    def get(name: str) -> object:
        folder, answer = shared / name, shared / f"{name}.pickle"
        with FileLock(shared / f"{name}.lock"):
            if not answer.exists():
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                answer.write_bytes(pickle.dumps(BUILDERS[name](folder)))
            return pickle.loads(answer.read_bytes())

    return get


@pytest.fixture(scope="session")
def shop(built: Callable[[str], Shop]) -> Shop:
    """A sample shop, built, learned, scored and published to customer_predictions."""
    return built("shop")


@pytest.fixture(scope="session")
def canary(built: Callable[[str], Workspace]) -> Workspace:
    """The features of the same shop with rows that no as-of date could know."""
    return built("canary")


@pytest.fixture(scope="session")
def increments(built: Callable[[str], Increments]) -> Increments:
    """A small shop's features, grown date by date."""
    return built("increments")


@pytest.fixture(scope="session")
def broken_shop(built: Callable[[str], BrokenShop]) -> BrokenShop:
    """A small shop after a build from broken files."""
    return built("broken_shop")


@pytest.fixture(scope="session")
def spark(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SparkWorkspace]:
    """A copy of the sample shop, on both engines from raw files to features and scores."""
    folder = tmp_path_factory.mktemp("spark")
    shutil.copy(shop.workspace.warehouse, folder)
    for name in ("target", "artifacts"):
        shutil.copytree(shop.workspace.folder / name, folder / name)
    server = SparkServer(folder / "spark.log")
    workspace = SparkWorkspace(Workspace(folder, shop.workspace.raw), server=server)
    workspace.workspace.python("warehouse.landing")
    only = json.dumps({"source_catalog": {"sample": project_vars()["source_catalog"]["sample"]}})
    workspace.dbt("build", *TABLES_ONLY, "--select", *BEFORE_SCORES, "--vars", only).succeeded()
    workspace.python("-m", "scoring", "run", "--engine", "spark", "--json-logs").succeeded()
    yield workspace
    server.stop()


@pytest.fixture(scope="session")
def spark_whole(spark: SparkWorkspace) -> SparkWorkspace:
    """The same with every other model, and all tests of what is before scores."""
    before = ("resource_type:seed", "staging", "intermediate", "marts", "features")
    later = ("segments", "predictions", "activation", "monitoring")
    spark.dbt("build", *TABLES_ONLY, "--select", *before, "--exclude", *BEFORE_SCORES).succeeded()
    tests = ("--exclude-resource-type", "unit_test", "--indirect-selection", "cautious")
    spark.dbt("test", *tests, "--select", *before).succeeded()
    spark.workspace.dbt("run", "--select", *later).succeeded()
    spark.dbt("run", "--select", *later).succeeded()
    return spark
