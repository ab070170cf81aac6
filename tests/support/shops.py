"""Shops that several tests look at, and how each is built."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ml.synthesize import synthesize
from tests.support.planted import plant_unknowable_rows
from tests.support.project import Done, House

CUSTOMERS, SEED = 400, 7
FIRST, BETWEEN, SECOND = "2025-06-19", "2025-07-03", "2025-07-17"
FEATURES = ("--select", "+customer_features", "+session_features")
BEFORE_SCORES = ("+marts", "+features")
TABLES_ONLY = ("--resource-type", "model", "--resource-type", "seed")


@dataclass(frozen=True)
class Shop:
    """A sample shop from raw files to predictions, and scoring.predictions after each run."""

    house: House
    truth: Path
    scored: House  # after the first run
    scored_again: House  # after the second run; the house itself was scored by force


@dataclass(frozen=True)
class Increments:
    """A feature store grown date by date, at its stages."""

    back_filled: House  # FIRST, SECOND, BETWEEN
    repeated: House  # … and SECOND again
    refreshed: House  # … and every date anew, at once


@dataclass(frozen=True)
class BrokenShop:
    """A small shop that was built well once, and then from broken files."""

    house: House
    good: Done
    before: Mapping[str, str]  # the tables after the good build
    bad: Done


def _copy(house: House, name: str) -> House:
    """The warehouse as it is now."""
    folder = house.folder / name
    folder.mkdir()
    shutil.copy(house.warehouse, folder)
    return House(folder, house.raw)


def _build_shop(folder: Path) -> Shop:
    synthesize(CUSTOMERS, SEED, folder / "raw")
    house = House(folder, folder / "raw")
    house.dbt("build").succeeded()
    house.python("ml", "train")
    copies = []
    for name, force in [("scored", []), ("scored_again", []), ("", ["--force"])]:
        house.python("scoring", "run", "--json-logs", *force)
        copies += [_copy(house, name)] if name else []
    house.dbt("build", "--select", "predictions", "activation").succeeded()
    return Shop(house, folder / "raw" / "sample" / "truth", *copies)


def _build_canary(folder: Path) -> House:
    synthesize(CUSTOMERS, SEED, folder / "raw")
    plant_unknowable_rows(folder / "raw" / "sample")
    house = House(folder, folder / "raw")
    house.dbt("build", *TABLES_ONLY, *FEATURES).succeeded()
    return house


def _build_increments(folder: Path) -> Increments:
    synthesize(150, SEED, folder / "raw")
    house = House(folder, folder / "raw")
    for date in (FIRST, SECOND, BETWEEN):
        house.dbt("build", *TABLES_ONLY, *FEATURES, as_of_date=date).succeeded()
    back_filled = _copy(house, "back_filled")
    house.dbt("build", *TABLES_ONLY, *FEATURES, as_of_date=SECOND).succeeded()
    repeated = _copy(house, "repeated")
    house.dbt("build", *TABLES_ONLY, *FEATURES, "--full-refresh", as_of_date=SECOND).succeeded()
    return Increments(back_filled, repeated, house)


def _build_broken_shop(folder: Path) -> BrokenShop:
    raw, ads = folder / "raw" / "sample", folder / "raw" / "social_network_ads"
    synthesize(60, SEED, raw)
    ads.mkdir()
    ad_file = ads / "Social_Network_Ads.csv"
    ad_file.write_text("User ID,Gender,Age,EstimatedSalary,Purchased\n1,Male,19,19000,0\n")
    house = House(folder, folder / "raw")
    sources = ["sample", "social_network_ads", "online_shoppers"]
    good = house.dbt("build", *TABLES_ONLY, *FEATURES, sources=sources).succeeded()
    before = house.contents("marts", "features")

    (raw / "customers.parquet").write_text("this is no Parquet")
    sessions = (raw / "web_sessions.parquet").read_bytes()
    (raw / "web_sessions.parquet").write_bytes(sessions[: len(sessions) // 2])
    (raw / "social_engagements.parquet").write_bytes(b"")
    (raw / "orders.parquet").unlink()
    (raw / "orders.csv").write_bytes(b"")
    (raw / "order_items.parquet").unlink()
    (raw / "order_items.csv").write_text("order_item_id,order_id\nI1,O1\n")
    ad_file.write_text("UserID,Gender,Age,EstimatedSalary,Purchased\n1,Male,19,19000,Purchased\n")
    bad = house.dbt("build", *TABLES_ONLY, *FEATURES, sources=sources)
    return BrokenShop(house, good, before, bad)


BUILDERS: Mapping[str, Callable[[Path], object]] = {
    "shop": _build_shop,
    "increments": _build_increments,
    "canary": _build_canary,
    "broken_shop": _build_broken_shop,
}
