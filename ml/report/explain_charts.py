"""One term as a chart: a step curve or a heat map, and the number of rows in each cell.

Text and lines use the page's colours, so that a chart is readable on light and on dark background.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import altair as alt
import pandas as pd
import vl_convert

from ml.glassbox import Term
from ml.glassbox.terms import Edges

__all__ = ["bin_names", "term_chart"]

INK, LINE = "#010203", "#040506"
"""Placeholders, which are replaced by the page's own colours."""
WIDTH, HEIGHT, FLAT = 420, 150, 60
RAISES, LOWERS = "#d95f02", "#3b7dd8"
FEW_TO_MANY = ["#e3e8ef", "#274b7d"]
CURVE, BARS = "#3b7dd8", "#8a94a6"


def bin_names(edges: Edges) -> list[str]:
    """The name of each cell of a side: "up to 3", "3 to 7", "above 7", "missing"."""
    texts = [f"{edge:.4g}" for edge in edges]
    if not texts:
        return ["any value", "missing"]
    between = [f"{low} to {high}" for low, high in pairwise(texts)]
    return [f"up to {texts[0]}", *between, f"above {texts[-1]}", "missing"]


def term_chart(term: Term, names: Sequence[str], entities: str) -> str:
    """The term as SVG; `names` are the features' names, `entities` is the plural noun for rows."""
    chart = _heat_maps(term, names, entities) if len(term.features) == 2 else _curve(term, entities)
    svg: str = vl_convert.vegalite_to_svg(_styled(chart).to_dict())
    return svg.replace(INK, "currentColor").replace(LINE, "var(--line)")


def _curve(term: Term, entities: str) -> alt.VConcatChart:
    bins = bin_names(term.edges[0])
    frame = pd.DataFrame({"bin": bins, "log-odds": term.values, entities: term.rows})
    if not term.rows[-1]:
        frame = frame[:-1]
    x = alt.X("bin:O", sort=bins, title=None)
    hidden = alt.X("bin:O", sort=bins, axis=None)
    base = alt.Chart(frame).properties(width=WIDTH)
    zero = base.mark_rule(color=LINE).encode(y=alt.datum(0))
    steps = base.mark_line(interpolate="step", color=CURVE, strokeWidth=2).encode(
        x=hidden, y=alt.Y("log-odds:Q", title="log-odds")
    )
    points = base.mark_point(filled=True, size=18, color=CURVE).encode(x=hidden, y="log-odds:Q")
    counts = base.mark_bar(color=BARS).encode(x=x, y=alt.Y(f"{entities}:Q", title=entities))
    return alt.vconcat(
        (zero + steps + points).properties(height=HEIGHT), counts.properties(height=FLAT), spacing=4
    )


def _heat_maps(term: Term, names: Sequence[str], entities: str) -> alt.HConcatChart:
    rows, columns = map(bin_names, term.edges)
    one, two = (names[feature] for feature in term.features)
    frame = pd.DataFrame(
        [
            (row, column, term.values[i, j], int(term.rows[i, j]))
            for i, row in enumerate(rows)
            for j, column in enumerate(columns)
            if term.rows[i, j]
        ],
        columns=["row", "column", "log-odds", entities],
    )
    most = float(frame["log-odds"].abs().max())
    base = (
        alt.Chart(frame)
        .mark_rect(stroke=LINE, strokeWidth=0.3)
        .encode(
            x=alt.X("column:O", sort=columns, title=two),
            y=alt.Y("row:O", sort=rows[::-1], title=one),
        )
        .properties(width=WIDTH * 0.55, height=WIDTH * 0.55)
    )
    effects = alt.Scale(
        domain=[-most, 0, most], range=[LOWERS, "#f4f4f2", RAISES], interpolate="rgb"
    )
    counts = alt.Scale(type="log", domain=[1, float(frame[entities].max()) + 1], range=FEW_TO_MANY)
    both: alt.HConcatChart = alt.hconcat(
        base.encode(color=alt.Color("log-odds:Q", scale=effects)),
        base.encode(color=alt.Color(f"{entities}:Q", scale=counts)),
        spacing=28,
    ).resolve_scale(color="independent")
    return both


def _styled(chart: Any) -> Any:
    return (
        chart.configure(background="transparent", font="system-ui, sans-serif")
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=INK,
            titleColor=INK,
            domainColor=LINE,
            tickColor=LINE,
            gridColor=LINE,
            gridOpacity=0.5,
            titleFontWeight="normal",
            labelOverlap=True,
        )
        .configure_legend(labelColor=INK, titleColor=INK, titleFontWeight="normal")
    )
