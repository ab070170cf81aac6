"""The command line: `python -m bench`, a table of figures and then one JSON line."""

from typing import Annotated

import typer

from ml.console import write_json

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


@app.command()
def discover(
    runs: Annotated[
        int, typer.Option(min=1, help="Runs on noise; a twentieth of them planted.")
    ] = 100,
    customers: Annotated[int, typer.Option(min=200, help="Customers in a run on noise.")] = 500,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same figures.")] = 0,
) -> None:
    """What discovery of segments finds where the truth is known, or is noise."""
    from bench.discover import discover as measure

    write_json(measure(runs, customers, seed))
