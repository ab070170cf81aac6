"""The charts of the report.

Each function takes rows as dictionaries and a description for screen readers, and returns an SVG
element.
"""

from collections.abc import Sequence
from typing import Any

import altair as alt
from markupsafe import Markup

from ml.report.svg import ACCENT, INK, LINE, MUTED, SECOND, WARN, draw

__all__ = [
    "distribution",
    "gain",
    "learning",
    "precision_recall",
    "reliability",
    "roc",
    "scores",
    "segment_calibration",
    "segments",
    "term",
]

Rows = Sequence[dict[str, Any]]

PERCENT = ".0%"
DIAGONAL = [{"x": 0.0, "y": 0.0}, {"x": 1.0, "y": 1.0}]
VERDICTS = ["reliable", "borderline", "too_few"]


def gain(points: Rows, description: str, top: float, at_top: float) -> Markup:
    """Share of buyers reached by share of rows contacted, with the point (`top`, `at_top`)."""
    dot = [{"x": top, "y": at_top}]
    axes = "share contacted, likeliest first", "share of buyers reached"
    layers = [
        _line(DIAGONAL, *axes, chance=True),
        _line(points, *axes),
        _base(dot).mark_rule(color=SECOND, strokeDash=[2, 2]).encode(x="x:Q"),
        _base(dot)
        .mark_point(size=70, color=SECOND, filled=True, opacity=1)
        .encode(x="x:Q", y="y:Q"),
        _base(dot)
        .mark_text(align="left", dx=10, dy=15, text=f"{at_top:.0%} of buyers", color=INK)
        .encode(x="x:Q", y="y:Q"),
    ]
    return draw(alt.layer(*layers), description)


def roc(points: Rows, description: str) -> Markup:
    """True positive rate by false positive rate."""
    axes = "others selected (false positive rate)", "buyers selected (recall)"
    return draw(alt.layer(_line(DIAGONAL, *axes, chance=True), _line(points, *axes)), description)


def precision_recall(points: Rows, description: str, base_rate: float) -> Markup:
    """Precision by recall, and the base rate, which is the precision without a model."""
    axes = "buyers selected (recall)", "share of buyers (precision)"
    flat = [{"x": 0.0, "y": base_rate}, {"x": 1.0, "y": base_rate}]
    return draw(alt.layer(_line(flat, *axes, chance=True), _line(points, *axes)), description)


def reliability(points: Rows, description: str) -> Markup:
    """Observed rate with its interval by mean probability, for tenths of the rows."""
    most = max(max(point["high"], point["x"]) for point in points)
    ends = [{"x": 0.0, "y": 0.0}, {"x": most, "y": most}]
    axes = "mean predicted probability", "observed share of buyers"
    place = _axes(*axes)
    layers = [
        _line(ends, *axes, chance=True),
        _base(points)
        .mark_rule(color=ACCENT, opacity=0.5, strokeWidth=2)
        .encode(x=place["x"], y=alt.Y("low:Q", title=axes[1]), y2="high:Q"),
        _base(points).mark_point(filled=True, size=45, color=ACCENT, opacity=1).encode(**place),
    ]
    return draw(alt.layer(*layers), description)


def scores(bins: Rows, description: str, threshold: float) -> Markup:
    """The distribution of probabilities of buyers and of others, and the threshold."""
    colours = alt.Scale(domain=["bought", "did not"], range=[SECOND, LINE])
    bars = (
        _base(_stacked(bins))
        .mark_bar(binSpacing=1)
        .encode(
            x=alt.X("low:Q", title="predicted probability", axis=alt.Axis(format=PERCENT)),
            x2="high:Q",
            y=alt.Y("from:Q", title="rows"),
            y2="to:Q",
            color=alt.Color("group:N", scale=colours, legend=None),
        )
    )
    rule = _base([{"x": threshold}]).mark_rule(color=INK, strokeDash=[4, 3]).encode(x="x:Q")
    return draw(alt.layer(bars, rule), description)


def learning(points: Rows, description: str) -> Markup:
    """Average precision by number of training rows."""
    encoding = {
        "x": alt.X(
            "x:Q",
            title="rows learned from",
            axis=alt.Axis(format="~s"),
            scale=alt.Scale(domainMin=0),
        ),
        "y": alt.Y(
            "y:Q",
            title="average precision",
            axis=alt.Axis(format=".3f"),
            scale=alt.Scale(zero=False, padding=12),
        ),
    }
    line = _base(points).mark_line(color=ACCENT, strokeWidth=2.5).encode(**encoding)
    dots = _base(points).mark_point(filled=True, size=55, color=ACCENT, opacity=1)
    return draw(alt.layer(line, dots.encode(**encoding)), description)


def distribution(rows: Rows, description: str) -> Markup:
    """The distribution of one feature: the share of buyers, and of others, in each band."""
    colours = alt.Scale(domain=["bought", "did not"], range=[SECOND, MUTED])
    widths = alt.Scale(domain=["bought", "did not"], range=[2.5, 1.5])
    lines = (
        _base(rows)
        .mark_line(interpolate="step-after")
        .encode(
            x=alt.X("x:Q", title=None, axis=_short(rows, "x")),
            y=alt.Y("share:Q", title=None, axis=alt.Axis(format=PERCENT, tickCount=3)),
            color=alt.Color("group:N", scale=colours, legend=None),
            strokeWidth=alt.StrokeWidth("group:N", scale=widths, legend=None),
        )
    )
    return draw(lines.properties(height=120), description)


def segments(rows: Rows, description: str) -> Markup:
    """The rate of each segment with its interval, by number of customers."""
    colours = alt.Scale(domain=VERDICTS, range=[ACCENT, SECOND, LINE])
    across = alt.X(
        "customers:Q",
        title="customers in the segment (log scale)",
        scale=alt.Scale(type="log"),
        axis=alt.Axis(format="~s", values=[1, 10, 100, 1_000, 10_000, 100_000, 1_000_000]),
    )
    colour = alt.Color("verdict:N", scale=colours, legend=None)
    up = "share that bought"
    whiskers = (
        _base(rows)
        .mark_rule(opacity=0.55)
        .encode(
            x=across,
            y=alt.Y("low:Q", title=up, axis=alt.Axis(format=PERCENT)),
            y2="high:Q",
            color=colour,
        )
    )
    dots = (
        _base(rows)
        .mark_point(filled=True, size=26, opacity=1)
        .encode(x=across, y=alt.Y("rate:Q", title=up), color=colour)
    )
    return draw(alt.layer(whiskers, dots).properties(height=250), description)


def segment_calibration(rows: Rows, description: str) -> Markup:
    """The observed rate of each segment with its interval, by predicted rate."""
    most = max(max(row["high"], row["predicted"]) for row in rows)
    ends = [{"x": 0.0, "y": 0.0}, {"x": most, "y": most}]
    axes = "mean predicted probability", "observed share of buyers"
    colours = alt.Scale(domain=[True, False], range=[ACCENT, WARN])
    colour = alt.Color("inside:N", scale=colours, legend=None)
    across = alt.X("predicted:Q", title=axes[0], axis=alt.Axis(format=PERCENT))
    layers = [
        _line(ends, *axes, chance=True),
        _base(rows)
        .mark_rule(opacity=0.5, strokeWidth=1.5)
        .encode(x=across, y=alt.Y("low:Q", title=axes[1]), y2="high:Q", color=colour),
        _base(rows)
        .mark_point(filled=True, size=32, opacity=1)
        .encode(x=across, y="observed:Q", color=colour),
    ]
    return draw(alt.layer(*layers).properties(height=250), description)


def term(rows: Rows, description: str) -> Markup:
    """What one feature adds to the score, by its value: one step per band."""
    lines = (
        _base(rows)
        .mark_line(color=ACCENT, strokeWidth=2.5, interpolate="step-after")
        .encode(
            x=alt.X("x:Q", title=None, axis=_short(rows, "x")),
            y=alt.Y("y:Q", title="log-odds", axis=alt.Axis(tickCount=4)),
        )
    )
    zero = _base([{"y": 0.0}]).mark_rule(color=MUTED, strokeDash=[4, 3]).encode(y="y:Q")
    return draw(alt.layer(zero, lines).properties(height=120), description)


def _stacked(bins: Rows) -> Rows:
    """The bars of each bin stacked, with buyers at the bottom."""
    height: dict[float, float] = {}
    found = []
    for row in sorted(bins, key=lambda each: str(each["group"])):
        start = height.get(row["low"], 0)
        height[row["low"]] = start + row["rows"]
        found.append({**row, "from": start, "to": start + row["rows"]})
    return found


def _short(rows: Rows, name: str) -> alt.Axis:
    """An axis with thousands as k and small numbers in full."""
    large = any(abs(row[name]) >= 1_000 for row in rows)
    return alt.Axis(format="~s" if large else ",.3~r", tickCount=4)


def _base(rows: Rows) -> Any:
    return alt.Chart(alt.Data(values=list(rows)))  # type: ignore[no-untyped-call]


def _axes(across: str, up: str) -> dict[str, Any]:
    shares = alt.Axis(format=PERCENT)
    return {
        "x": alt.X("x:Q", title=across, axis=shares),
        "y": alt.Y("y:Q", title=up, axis=shares),
    }


def _line(points: Rows, across: str, up: str, chance: bool = False) -> Any:
    """A line through shares; with `chance` it is thin and broken."""
    style: dict[str, Any] = {"color": ACCENT, "strokeWidth": 2.5}
    if chance:
        style = {"color": MUTED, "strokeWidth": 1.2, "strokeDash": [4, 3]}
    return _base(points).mark_line(**style).encode(**_axes(across, up))
