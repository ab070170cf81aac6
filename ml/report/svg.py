"""Charts as inline SVG with the page's colours, so that they follow its light and dark theme."""

import re
from typing import Any

import vl_convert
from markupsafe import Markup, escape

__all__ = ["ACCENT", "INK", "LINE", "MUTED", "PAPER", "SECOND", "SOFT", "WARN", "draw"]

# Placeholders that no chart uses itself; each becomes a variable of the page's style sheet.
INK, MUTED, LINE, ACCENT = "#010101", "#020202", "#030303", "#040404"
SECOND, WARN, SOFT, PAPER = "#050505", "#060606", "#070707", "#080808"
_VARIABLES = {
    INK: "ink",
    MUTED: "muted",
    LINE: "line",
    ACCENT: "accent",
    SECOND: "second",
    WARN: "warn",
    SOFT: "soft",
    PAPER: "paper",
}

WIDTH, HEIGHT = 310, 220
"""Pixels. A chart is as narrow as a phone, so that its text has the same size on all screens."""


def draw(chart: Any, description: str) -> Markup:
    """The chart as an SVG element; screen readers read `description` instead."""
    width = chart.width if isinstance(chart.width, int) else WIDTH
    height = chart.height if isinstance(chart.height, int) else HEIGHT
    specification: dict[str, Any] = (
        chart.properties(width=width, height=height)
        .configure(background="transparent", padding=4)
        .configure_view(stroke=None)
        .configure_axis(
            domainColor=LINE,
            gridColor=LINE,
            gridOpacity=0.6,
            tickColor=LINE,
            labelColor=MUTED,
            titleColor=MUTED,
            labelFontSize=12,
            titleFontSize=12,
            titleFontWeight="normal",
            titlePadding=8,
            tickCount=5,
        )
        .configure_text(color=INK, fontSize=12)
        .to_dict()
    )
    return _inline(vl_convert.vegalite_to_svg(specification), description)


def _inline(svg: str, description: str) -> Markup:
    """The SVG without fixed size, fonts, namespaces and the labels of single marks."""
    width, height = re.findall(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', svg)[0]
    body = svg[svg.index(">") + 1 :]
    body = re.sub(r' (?:font-family|role|aria-[a-z]+|class|pointer-events)="[^"]*"', "", body)
    body = re.sub(r'="[^"]*"', lambda found: re.sub(r"(\.\d\d)\d+", r"\1", found[0]), body)
    for colour, name in _VARIABLES.items():
        body = re.sub(colour, f"var(--{name})", body, flags=re.IGNORECASE)
    head = (
        f'<svg viewBox="0 0 {width} {height}" style="max-width:{1.15 * float(width):.0f}px"'
        f' role="img" aria-label="{escape(description)}">'
    )
    return Markup(head + body)
