"""The command line: `python -m bench`, a table of figures and then one JSON line."""

from pathlib import Path
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


@app.command("models")
def models_command(
    data: Annotated[str, typer.Option(help="online_shoppers, online_retail, ...")] = "sample",
    real: Annotated[Path | None, typer.Option(help="The raw folder of real data.")] = None,
    rows: Annotated[int, typer.Option(min=1_000, help="Rows to score.")] = 200_000,
    seed: Annotated[int, typer.Option(min=0)] = 0,
) -> None:
    """Rows scored a second: the collapsed glass box beside skl2onnx and scikit-learn."""
    from bench.datasets import labelled_rows
    from bench.models import models

    write_json({"bench": "models", "data": data, **models(labelled_rows(data, real), rows, seed)})


@app.command("quality")
def quality_command(
    data: Annotated[str, typer.Option(help="online_shoppers, online_retail, ...")] = "sample",
    real: Annotated[Path | None, typer.Option(help="The raw folder of real data.")] = None,
    trials: Annotated[int, typer.Option(min=0, help="Settings to search for each model.")] = 10,
    repeats: Annotated[int | None, typer.Option(min=1, help="Deals into folds.")] = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
) -> None:
    """Our models and their peers on the same folds, by default and tuned."""
    from bench.datasets import labelled_rows
    from bench.quality import quality

    found = quality(labelled_rows(data, real), trials, repeats, seed)
    write_json({"bench": "quality", "data": data, **found})
