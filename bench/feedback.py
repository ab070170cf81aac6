"""`python -m bench feedback`: simulate a year, week by week, in which customers change behaviour.

The sample shop is generated with a planted change of behaviour. Every week the champion scores,
labels mature, the SQL of the monitoring models runs, and `ml retrain --if-needed` decides. The
first model continues to score, too: this is the result without retraining.
"""

import time
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any

import altair as alt
import numpy as np
import typer
import vl_convert
from rich.table import Table

from bench.machine import machine
from bench.simulated_year import HORIZON, LAST, MODELS, Year, build_weeks
from ml.candidates import CANDIDATES
from tests.support.compiled_sql import compiled_project
from warehouse.console import progress_bar, show, write_json

__all__ = ["chart", "feedback"]

BEFORE = 20
"""Weeks before the year. Labels of the newest weeks have not matured, so the first model learns
from about half of them."""
KINDS = ("logistic",)
"""One fast candidate, so that a year takes minutes."""


def feedback(
    customers: Annotated[int, typer.Option(min=300, help="Customers of the shop.")] = 1_000,
    weeks: Annotated[int, typer.Option(min=10, help="Weeks to simulate.")] = 52,
    change_week: Annotated[
        int, typer.Option(min=1, help="Week in which customers change behaviour.")
    ] = 16,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same year.")] = 7,
    out: Annotated[
        Path | None, typer.Option(resolve_path=True, help="Write the figure to this SVG file.")
    ] = None,
) -> None:
    """Simulate a change of behaviour: is the champion trained again, and does its AUC recover?"""
    started = time.perf_counter()
    first = LAST - timedelta(weeks=weeks)
    change_at = first + timedelta(weeks=change_week)
    sql, _ = compiled_project(*MODELS)
    with TemporaryDirectory() as temporary:
        folder = Path(temporary)
        build_weeks(folder, customers, seed, change_at, weeks + 1 + BEFORE)
        year = Year(folder, sql, [one for one in CANDIDATES if one.name in KINDS])
        year.start(first - timedelta(weeks=1))
        with progress_bar("weeks") as advance:
            for week in range(weeks + 1):
                year.run_week(first + timedelta(weeks=week))
                advance(week + 1, weeks + 1)
        rows = year.figures()
    trained = [one for one in year.decisions if one["trained"]]
    found = _found(rows, trained, change_at)
    show(_page(found), _decisions(trained))
    if out:
        out.write_text(chart(rows, change_at, _promoted(trained)), encoding="utf-8")
    write_json(
        {
            "command": "feedback",
            **machine(),
            "customers": customers,
            "seed": seed,
            "change_at": change_at,
            **found,
            "decisions": [
                {key: one[key] for key in ("as_of_date", "reason")}
                | {key: one["trained"][key] for key in ("status", "model_version")}
                for one in trained
            ],
            "weeks": rows,
            "seconds": round(time.perf_counter() - started, 1),
        }
    )


def _promoted(trained: list[dict[str, Any]]) -> list[date]:
    return [one["as_of_date"] for one in trained if one["trained"]["status"] == "champion"]


def _found(
    rows: list[dict[str, Any]], trained: list[dict[str, Any]], change_at: date
) -> dict[str, Any]:
    """The figures of the year: mean AUC before the change, after it, and in the last quarter.

    Weeks whose label windows contain the change count neither as before nor as after it.
    """
    promoted = [day for day in _promoted(trained) if day > change_at]
    end = rows[-1]["as_of_date"] - timedelta(weeks=12)
    touched = change_at - timedelta(days=HORIZON)

    def mean(name: str, low: date, high: date) -> float | None:
        part = [row[name] for row in rows if low <= row["as_of_date"] < high]
        return round(float(np.mean(part)), 4) if part else None

    until = promoted[0] if promoted else date.max
    return {
        "auc_before": mean("auc", date.min, touched),
        "auc_after_the_change": mean("auc", change_at, until),
        "auc_at_the_end": mean("auc", end, date.max),
        "auc_at_the_end_of_the_first_model": mean("first_auc", end, date.max),
        "weeks_until_trained_again": (promoted[0] - change_at).days // 7 if promoted else None,
        "trained": len(trained),
        "promoted": len(_promoted(trained)),
    }


def chart(rows: list[dict[str, Any]], change_at: date, promoted: list[date]) -> str:
    """The figure as SVG: AUC by week of the current champion and of the first model."""
    points = [
        {"day": str(row["as_of_date"]), "auc": row[name], "model": model}
        for row in rows
        for name, model in (("auc", "with retraining"), ("first_auc", "the first model"))
    ]
    marks = [{"day": str(change_at), "what": "behaviour changes"}] + [
        {"day": str(day), "what": "new champion"} for day in promoted
    ]
    colours = alt.Scale(domain=["with retraining", "the first model"], range=["#1f6f8b", "#b0b0b0"])
    line = (
        alt.Chart({"values": points})
        .mark_line(strokeWidth=2)
        .encode(
            x=alt.X("day:T", title="scored on", axis=alt.Axis(format="%b %Y", tickCount="month")),
            y=alt.Y(
                "auc:Q",
                title="AUC, once 30 days had passed",
                scale=alt.Scale(zero=False, nice=True),
            ),
            color=alt.Color("model:N", scale=colours, legend=alt.Legend(title=None, orient="top")),
        )
    )
    dashes = alt.Scale(domain=["behaviour changes", "new champion"], range=[[1, 0], [3, 3]])
    rules = (
        alt.Chart({"values": marks})
        .mark_rule(color="#8b3a1f", strokeWidth=1.2)
        .encode(
            x="day:T",
            strokeDash=alt.StrokeDash(
                "what:N", scale=dashes, legend=alt.Legend(title=None, orient="top")
            ),
        )
    )
    picture = alt.layer(rules, line).properties(width=640, height=260)
    return str(vl_convert.vegalite_to_svg(picture.configure(background="white").to_dict()))


def _page(found: dict[str, Any]) -> Table:
    page = Table(title="A year with a change of behaviour", title_justify="left")
    page.add_column("")
    page.add_column("measured", justify="right")
    for name, value in found.items():
        page.add_row(name.replace("_", " "), "-" if value is None else f"{value:g}")
    return page


def _decisions(trained: list[dict[str, Any]]) -> Table:
    page = Table(title="When and why it was trained again", title_justify="left")
    for column in ("week", "because", "became", "as"):
        page.add_column(column)
    for one in trained:
        new = one["trained"]
        page.add_row(str(one["as_of_date"]), one["reason"], new["status"], new["reason"])
    return page
