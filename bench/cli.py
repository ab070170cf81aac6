"""The command line: `python -m bench`, a table of figures and then one JSON line."""

import typer

from bench.numerosity import numerosity

__all__ = ["app"]

app = typer.Typer(
    help="Measured figures, peers side by side in one run.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def main() -> None:
    """Measured figures, peers side by side in one run."""


app.command()(numerosity)
