"""`python -m bench numerosity`: do the figures of micro_segment_numerosity keep their promises?

Many shops with known true rates are generated. The SQL of the model, as dbt compiles it, runs on
their counts in DuckDB. So the benchmark measures the SQL that is shipped.
"""

from dataclasses import asdict, dataclass
from typing import Annotated

import duckdb
import numpy as np
import pandas as pd
import typer
from rich.table import Table

from bench.machine import machine
from bench.planted_segments import draw_shops
from tests.support.compiled_sql import compiled_models
from warehouse.console import say, show, write_json

__all__ = ["Goal", "figures", "goals", "measured", "numerosity"]

MODEL = "micro_segment_numerosity"
KEYS = ["strength", "as_of_date", "level", "segment_id"]
SMALL = 50
SIZES = {"1-2": (1, 3), "3-9": (3, 10), "10-49": (10, 50), "50-199": (50, 200), "200+": (200, None)}
TITLES = {
    "wilson_coverage": "Wilson covers",
    "eb_coverage": "EB covers",
    "wilson_width": "Wilson width",
    "eb_width": "EB width",
    "small_error_ratio": "EB error / raw",
    "families_flagged": "levels flagged",
    "shops_flagged": "shops flagged",
}
ALPHA = 0.05
CLEAR = 0.10


@dataclass(frozen=True)
class Goal:
    """A promise, the measured value, and whether the promise is kept."""

    goal: str
    measured: float
    reached: bool


def measured(counts: pd.DataFrame, sql: str) -> pd.DataFrame:
    """The rows of micro_segment_numerosity for these counts, joined with the true rates.

    `counts` has the columns of micro_segment_counts, `strength` and `true_rate`. `sql` is the
    compiled model. Rows of level 0 are left out.
    """
    with duckdb.connect() as connection:
        connection.sql("attach ':memory:' as warehouse")
        connection.sql("create schema warehouse.segments")
        columns = ", ".join(set(counts.columns) - {"strength", "true_rate"})
        connection.sql(
            f"create table warehouse.segments.micro_segment_counts as select {columns} from counts"
        )
        rows = connection.sql(sql).df()
    truth = counts[[*KEYS, "true_rate"]].assign(as_of_date=pd.to_datetime(counts["as_of_date"]))
    rows["as_of_date"] = pd.to_datetime(rows["as_of_date"])
    merged = rows[rows["level"] > 0].merge(truth, on=KEYS[1:], validate="one_to_one")
    truth_of = merged["true_rate"]
    slack = 1e-12  # bounds of 0 and 1 are meant to cover rates that are 0 and 1 but for rounding
    for name in ("wilson", "eb"):
        low, high = merged[f"{name}_low"] - slack, merged[f"{name}_high"] + slack
        merged[f"{name}_covers"] = (low <= truth_of) & (truth_of <= high)
        merged[f"{name}_width"] = merged[f"{name}_high"] - merged[f"{name}_low"]
    merged["raw_error"] = (merged["rate"] - truth_of) ** 2
    merged["eb_error"] = (merged["eb_rate"] - truth_of) ** 2
    merged["is_flagged"] = merged["q_value"] <= ALPHA
    return merged


def figures(rows: pd.DataFrame) -> dict[str, float]:
    """The figures over these rows; nan where no row contributes to a figure."""
    small = rows[rows["customers"] < SMALL]
    return {
        "segments": len(rows),
        "wilson_coverage": rows["wilson_covers"].mean(),
        "eb_coverage": rows["eb_covers"].mean(),
        "wilson_width": rows["wilson_width"].mean(),
        "eb_width": rows["eb_width"].mean(),
        "small_error_ratio": small["eb_error"].mean() / small["raw_error"].mean(),
        "families_flagged": rows.groupby(["as_of_date", "level"])["is_flagged"].any().mean(),
        "shops_flagged": rows.groupby("as_of_date")["is_flagged"].any().mean(),
        "power": _power(rows),
    }


def _power(rows: pd.DataFrame) -> float:
    """Power: the share flagged among segments with at least 50 customers that truly differ.

    A segment truly differs when its true rate is at least 10 points from its parent's.
    """
    parents = rows[["as_of_date", "segment_id", "true_rate"]]
    both = rows.merge(
        parents,
        left_on=["as_of_date", "parent_segment_id"],
        right_on=["as_of_date", "segment_id"],
        suffixes=("", "_of_parent"),
    )
    gap = (both["true_rate"] - both["true_rate_of_parent"]).abs()
    return float(both.loc[(both["customers"] >= SMALL) & (gap >= CLEAR), "is_flagged"].mean())


def goals(rows: pd.DataFrame) -> list[Goal]:
    """Each promise, measured on shops whose segments differ or on shops whose segments do not."""
    differ, alike = rows[rows["strength"] != "none"], rows[rows["strength"] == "none"]
    found = figures(differ)
    nothing = figures(alike)
    promised = [
        *(
            Goal(f"{title} 95 % intervals cover 93 to 97 %", found[key], 0.93 <= found[key] <= 0.97)
            for title, key in (("Wilson", "wilson_coverage"), ("credible", "eb_coverage"))
        ),
        Goal(
            f"squared error of eb_rate at most half the raw rate's, under {SMALL} customers",
            found["small_error_ratio"],
            found["small_error_ratio"] <= 0.5,
        ),
        Goal(
            "no difference planted: shops with any segment of any level at q <= 0.05",
            nothing["shops_flagged"],
            nothing["shops_flagged"] <= ALPHA,
        ),
    ]
    return [Goal(one.goal, round(float(one.measured), 4), bool(one.reached)) for one in promised]


def numerosity(
    shops: Annotated[int, typer.Option(min=1, help="Shops to generate of each strength.")] = 60,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same shops.")] = 0,
) -> None:
    """Measure coverage, error and false findings on shops with known true rates."""
    sql = compiled_models(MODEL)[MODEL]
    say(f"generating {shops} shops of each strength")
    rows = measured(draw_shops(np.random.default_rng(seed), shops), sql)
    cuts = {
        "all that differ": rows[rows["strength"] != "none"],
        **{str(name): part for name, part in rows.groupby("strength", sort=False)},
        **{
            f"level {level}": part
            for level, part in rows[rows["strength"] != "none"].groupby("level")
        },
        **{
            f"{name} customers": rows[
                (rows["strength"] != "none")
                & (rows["customers"] >= low)
                & (rows["customers"] < (high or np.inf))
            ]
            for name, (low, high) in SIZES.items()
        },
    }
    table = {name: figures(part) for name, part in cuts.items()}
    found = goals(rows)
    show(_page(table), _goals_page(found))
    write_json(
        {
            "command": "numerosity",
            "shops_of_each_strength": shops,
            "seed": seed,
            **machine(),
            "goals": [asdict(one) for one in found],
            "figures": {name: _plain(row) for name, row in table.items()},
        }
    )


def _page(table: dict[str, dict[str, float]]) -> Table:
    page = Table(title="Micro-segments of shops with known rates", title_justify="left")
    page.add_column("")
    columns = list(next(iter(table.values())))
    for column in columns:
        page.add_column(TITLES.get(column, column), justify="right")
    for name, row in table.items():
        page.add_row(name, *("" if np.isnan(row[one]) else f"{row[one]:.4g}" for one in columns))
    return page


def _goals_page(found: list[Goal]) -> Table:
    page = Table(title="Goals", title_justify="left")
    for column in ("goal", "measured", ""):
        page.add_column(column)
    for one in found:
        page.add_row(one.goal, f"{one.measured:.4g}", "reached" if one.reached else "not reached")
    return page


def _plain(row: dict[str, float]) -> dict[str, float | None]:
    """The figures for JSON, with null instead of nan."""
    return {key: None if np.isnan(value) else round(float(value), 4) for key, value in row.items()}
