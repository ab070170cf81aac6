"""Shops that several tests look at, and how each is built."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ml.synthesize import synthesize
from tests.support.planted import plant_unknowable_rows
from tests.support.project import Done, Workspace

CUSTOMERS, SEED = 400, 7
FIRST, BETWEEN, SECOND = "2025-06-19", "2025-07-03", "2025-07-17"
FEATURES = ("--select", "+customer_features", "+session_features")
BEFORE_SCORES = ("+marts", "+features")
TABLES_ONLY = ("--resource-type", "model", "--resource-type", "seed")


@dataclass(frozen=True)
class Shop:
    """A sample shop from raw files to predictions, and scoring.predictions after each run."""

    workspace: Workspace
    truth: Path
    scored: Workspace  # after the first run
    scored_again: Workspace  # after the second run; the workspace itself was scored by force


@dataclass(frozen=True)
class Increments:
    """A feature store grown date by date, at its stages."""

    back_filled: Workspace  # FIRST, SECOND, BETWEEN
    repeated: Workspace  # … and SECOND again
    refreshed: Workspace  # … and every date anew, at once


@dataclass(frozen=True)
class BrokenShop:
    """A small shop that was built well once, and then from broken files."""

    workspace: Workspace
    good: Done
    before: Mapping[str, str]  # the tables after the good build
    bad: Done


def _copy(workspace: Workspace, name: str) -> Workspace:
    """The warehouse as it is now."""
    folder = workspace.folder / name
    folder.mkdir()
    shutil.copy(workspace.warehouse, folder)
    return Workspace(folder, workspace.raw)


def _build_shop(folder: Path) -> Shop:
    synthesize(CUSTOMERS, SEED, folder / "raw")
    workspace = Workspace(folder, folder / "raw")
    workspace.dbt_command("build").succeeded()
    workspace.python("ml", "train")
    copies = []
    for name, force in [("scored", []), ("scored_again", []), ("", ["--force"])]:
        workspace.python("scoring", "run", "--json-logs", *force)
        copies += [_copy(workspace, name)] if name else []
    workspace.dbt("build", "--select", "predictions", "activation").succeeded()
    return Shop(workspace, folder / "raw" / "sample" / "truth", *copies)


def _build_canary(folder: Path) -> Workspace:
    synthesize(CUSTOMERS, SEED, folder / "raw")
    plant_unknowable_rows(folder / "raw" / "sample")
    workspace = Workspace(folder, folder / "raw")
    workspace.dbt("build", *TABLES_ONLY, *FEATURES).succeeded()
    return workspace


def _build_increments(folder: Path) -> Increments:
    synthesize(150, SEED, folder / "raw")
    workspace = Workspace(folder, folder / "raw")
    for date in (FIRST, SECOND, BETWEEN):
        workspace.dbt("build", *TABLES_ONLY, *FEATURES, as_of_date=date).succeeded()
    back_filled = _copy(workspace, "back_filled")
    workspace.dbt("build", *TABLES_ONLY, *FEATURES, as_of_date=SECOND).succeeded()
    repeated = _copy(workspace, "repeated")
    workspace.dbt("build", *TABLES_ONLY, *FEATURES, "--full-refresh", as_of_date=SECOND).succeeded()
    return Increments(back_filled, repeated, workspace)


def _build_broken_shop(folder: Path) -> BrokenShop:
    raw, ads = folder / "raw" / "sample", folder / "raw" / "social_network_ads"
    synthesize(60, SEED, raw)
    ads.mkdir()
    ad_file = ads / "Social_Network_Ads.csv"
    ad_file.write_text("User ID,Gender,Age,EstimatedSalary,Purchased\n1,Male,19,19000,0\n")
    workspace = Workspace(folder, folder / "raw")
    sources = ["sample", "social_network_ads", "online_shoppers"]
    good = workspace.dbt("build", *TABLES_ONLY, *FEATURES, sources=sources).succeeded()
    before = workspace.contents("marts", "features")

    (raw / "customers.parquet").write_text("this is no Parquet")
    sessions = (raw / "web_sessions.parquet").read_bytes()
    (raw / "web_sessions.parquet").write_bytes(sessions[: len(sessions) // 2])
    (raw / "social_engagements.parquet").write_bytes(b"")
    (raw / "orders.parquet").unlink()
    (raw / "orders.csv").write_bytes(b"")
    (raw / "order_items.parquet").unlink()
    (raw / "order_items.csv").write_text("order_item_id,order_id\nI1,O1\n")
    ad_file.write_text("UserID,Gender,Age,EstimatedSalary,Purchased\n1,Male,19,19000,Purchased\n")
    bad = workspace.dbt("build", *TABLES_ONLY, *FEATURES, sources=sources)
    return BrokenShop(workspace, good, before, bad)


BUILDERS: Mapping[str, Callable[[Path], object]] = {
    "shop": _build_shop,
    "increments": _build_increments,
    "canary": _build_canary,
    "broken_shop": _build_broken_shop,
}
