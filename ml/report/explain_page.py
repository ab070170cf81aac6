"""The page with the charts of a glass box: one HTML file without other files."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

__all__ = ["Picture", "page"]


@dataclass(frozen=True)
class Picture:
    """The chart of one term."""

    title: str
    importance: float
    """Mean absolute contribution of the term, in log-odds."""
    svg: str


def page(title: str, about: str, base: float, entities: str, pictures: Sequence[Picture]) -> str:
    """The HTML page; `base` is the probability at mean log-odds, `entities` the noun for rows."""
    most = max(picture.importance for picture in pictures) or 1.0
    contents = "\n".join(
        f'<tr><td><a href="#term-{number}">{escape(picture.title)}</a></td>'
        f'<td class="bar"><i style="width:{100 * picture.importance / most:.1f}%"></i></td>'
        f"<td>{picture.importance:.3f}</td></tr>"
        for number, picture in enumerate(pictures, start=1)
    )
    drawn = "\n".join(
        f'<section id="term-{number}"><h2>{number}. {escape(picture.title)}</h2>'
        f"{picture.svg}</section>"
        for number, picture in enumerate(pictures, start=1)
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<h1>{escape(title)}</h1>
<p>{escape(about)}</p>
<p>These charts are the whole model and not a summary. The mean of its log-odds corresponds to a
probability of {base:.1%}. To score one of the {escape(entities)}, find its cell in each chart and
add up the log-odds. A value above zero raises the probability, a value below zero lowers it. A
step of 0.7 doubles the odds. Bars and blue maps show how many {escape(entities)} are in each cell:
a step with many is more reliable. A map shows only the joint effect of its two features, beyond
the effects in their own charts.</p>
<table>
<thead><tr><th>term</th><th>mean absolute effect</th><th>log-odds</th></tr></thead>
<tbody>
{contents}
</tbody>
</table>
{drawn}
</main>
</body>
</html>
"""


STYLE = """
:root { color-scheme: light dark; --line: #c9ccd3; --bar: #3b7dd8; }
@media (prefers-color-scheme: dark) { :root { --line: #4a4f5a; --bar: #6ea3ee; } }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; }
main { max-width: 56rem; margin: 0 auto; padding: 2rem 1rem; }
h1 { font-size: 1.6rem; } h2 { font-size: 1.1rem; margin: 2.5rem 0 .5rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
th { text-align: left; font-weight: 600; }
td, th { padding: .15rem .6rem .15rem 0; border-bottom: 1px solid var(--line); }
.bar { width: 40%; } .bar i { display: block; height: .7rem; background: var(--bar); }
a { color: inherit; } svg { max-width: 100%; height: auto; }
"""
