"""Shops that several tests look at. Each is built once, two at a time, from the start on."""

import shutil
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor

import hypothesis
import pytest

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

# How long an example takes says how busy the machine is: time is measured in bench/.
hypothesis.settings.register_profile("numerosity", deadline=None)
hypothesis.settings.load_profile("numerosity")


@pytest.fixture(scope="session")
def at_once(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, Future[object]]]:
    """Starts building what the collected tests need, so that tests and builds share the cores."""
    wanted = {name for item in request.session.items for name in getattr(item, "fixturenames", ())}
    pool = ThreadPoolExecutor(2)
    yield {
        name: pool.submit(build, tmp_path_factory.mktemp(name))
        for name, build in BUILDERS.items()
        if name in wanted
    }
    pool.shutdown(cancel_futures=True)


@pytest.fixture(scope="session")
def shop(at_once: Mapping[str, Future[Shop]]) -> Shop:
    """A sample shop, built, learned, scored and published to customer_predictions."""
    return at_once["shop"].result()


@pytest.fixture(scope="session")
def canary(at_once: Mapping[str, Future[Workspace]]) -> Workspace:
    """The features of the same shop with rows that no as-of date could know."""
    return at_once["canary"].result()


@pytest.fixture(scope="session")
def increments(at_once: Mapping[str, Future[Increments]]) -> Increments:
    """A small shop's features, grown date by date."""
    return at_once["increments"].result()


@pytest.fixture(scope="session")
def broken_shop(at_once: Mapping[str, Future[BrokenShop]]) -> BrokenShop:
    """A small shop after a build from broken files."""
    return at_once["broken_shop"].result()


@pytest.fixture(scope="session")
def spark(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> SparkWorkspace:
    """A copy of the sample shop, on both engines from raw files to features and scores."""
    folder = tmp_path_factory.mktemp("spark")
    shutil.copy(shop.workspace.warehouse, folder)
    for name in ("target", "artifacts"):
        shutil.copytree(shop.workspace.folder / name, folder / name)
    workspace = SparkWorkspace(Workspace(folder, shop.workspace.raw))
    workspace.dbt("build", *TABLES_ONLY, "--select", *BEFORE_SCORES).succeeded()
    workspace.python("-m", "scoring", "run", "--engine", "spark", "--json-logs").succeeded()
    return workspace


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
