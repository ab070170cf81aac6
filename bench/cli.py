"""The command line `python -m bench`: each command prints a table and then one JSON line."""

from pathlib import Path
from typing import Annotated

import typer

from bench.api import api
from bench.door import door
from bench.draw import draw
from bench.feedback import feedback
from bench.monitoring import monitoring
from bench.numerosity import numerosity
from bench.spark import spark
from warehouse.console import write_error, write_json
from warehouse.errors import NumerosityError, UsageError, exit_code, one_line

__all__ = ["app", "main"]

app = typer.Typer(
    help="Benchmarks, with comparable tools measured in the same run.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def benches() -> None:
    """Benchmarks, with comparable tools measured in the same run."""


@app.command()
def build(
    customers: Annotated[
        list[int] | None, typer.Option(min=100, help="Customers of the sample shop; repeatable.")
    ] = None,
    dates: Annotated[int, typer.Option(min=1, help="Weekly as-of dates of the cold build.")] = 52,
    folder: Annotated[
        Path, typer.Option(resolve_path=True, help="Where shops and warehouses are built.")
    ] = Path("data/bench/build"),
    memory_limit: Annotated[
        str | None, typer.Option(help="Build once more within this memory, for example 2GiB.")
    ] = None,
    peers: Annotated[bool, typer.Option(help="Also measure pandas and polars.")] = True,
) -> None:
    """Measure what features cost: dbt, plain SQL, one more day, pandas and polars."""
    from bench.build import build as measure

    write_json(measure(customers or [10_000], dates, folder, memory_limit, peers))


@app.command()
def segments(
    customers: Annotated[
        list[int] | None, typer.Option(min=100, help="Customers of the sample shop; repeatable.")
    ] = None,
    folder: Annotated[
        Path, typer.Option(resolve_path=True, help="Where shops and warehouses are built.")
    ] = Path("data/bench/build"),
) -> None:
    """Measure what micro-segments and their statistics cost."""
    from bench.segments import segments as measure

    write_json(measure(customers or [10_000], folder))


@app.command("models")
def models_command(
    data: Annotated[str, typer.Option(help="online_shoppers, online_retail, ...")] = "sample",
    real: Annotated[Path | None, typer.Option(help="The raw folder of real data.")] = None,
    rows: Annotated[int, typer.Option(min=1_000, help="Rows to score.")] = 200_000,
    seed: Annotated[int, typer.Option(min=0)] = 0,
) -> None:
    """Measure rows scored per second: the collapsed glass box, skl2onnx and scikit-learn."""
    from bench.datasets import labelled_rows
    from bench.models import models

    write_json({"bench": "models", "data": data, **models(labelled_rows(data, real), rows, seed)})


@app.command("reasons")
def reasons_command(
    data: Annotated[str, typer.Option(help="online_shoppers, online_retail, ...")] = "sample",
    real: Annotated[Path | None, typer.Option(help="The raw folder of real data.")] = None,
    rows: Annotated[int, typer.Option(min=100, help="Held-out rows to explain.")] = 2_000,
    seed: Annotated[int, typer.Option(min=0)] = 0,
) -> None:
    """Measure how often our first reason is also TreeSHAP's."""
    from bench.datasets import labelled_rows
    from bench.reasons import reasons

    write_json({"bench": "reasons", "data": data, **reasons(labelled_rows(data, real), rows, seed)})


@app.command("forward")
def forward_command(
    real: Annotated[Path | None, typer.Option(help="The raw folder of real data.")] = None,
    seed: Annotated[int, typer.Option(min=0)] = 0,
) -> None:
    """Train on the months of online_shoppers before November, and test on the later ones."""
    from bench.datasets import labelled_rows
    from bench.forward import forward

    write_json({"bench": "forward", **forward(labelled_rows("online_shoppers", real), seed)})


@app.command("quality")
def quality_command(
    data: Annotated[str, typer.Option(help="online_shoppers, online_retail, ...")] = "sample",
    real: Annotated[Path | None, typer.Option(help="The raw folder of real data.")] = None,
    trials: Annotated[int, typer.Option(min=0, help="Settings to search for each model.")] = 10,
    repeats: Annotated[
        int | None, typer.Option(min=1, help="How often rows are split into folds.")
    ] = None,
    automl_seconds: Annotated[int, typer.Option(min=1, help="Seconds per fold for FLAML.")] = 60,
    seed: Annotated[int, typer.Option(min=0)] = 0,
) -> None:
    """Compare our models with others on the same folds, with default settings and tuned."""
    from bench.datasets import labelled_rows
    from bench.quality import quality

    found = quality(labelled_rows(data, real), trials, repeats, automl_seconds, seed)
    write_json({"bench": "quality", "data": data, **found})


@app.command()
def discover(
    runs: Annotated[
        int, typer.Option(min=1, help="Runs on noise; a twentieth as many have planted segments.")
    ] = 100,
    customers: Annotated[int, typer.Option(min=200, help="Customers in a run on noise.")] = 500,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same figures.")] = 0,
) -> None:
    """Measure what discovery finds in noise, and in data with planted segments."""
    from bench.discover import discover as measure

    write_json(measure(runs, customers, seed))


@app.command("scoring")
def scoring_command(
    rows: Annotated[int, typer.Option(min=1_000, help="Rows of the feature table.")] = 1_000_000,
    data: Annotated[str, typer.Option(help="sample, online_shoppers, ...")] = "sample",
    real: Annotated[Path | None, typer.Option(help="The raw folder of real data.")] = None,
    only: Annotated[
        str | None, typer.Option(help="Measure only methods whose name contains this.")
    ] = None,
) -> None:
    """Measure rows scored per second from table to table, and compare with other methods."""
    from bench.datasets import labelled_rows
    from bench.scoring import scoring

    write_json({"bench": "scoring", "data": data, **scoring(labelled_rows(data, real), rows, only)})


app.command()(api)
app.command()(door)
app.command()(draw)
app.command()(feedback)
app.command()(monitoring)
app.command()(numerosity)
app.command()(spark)


def main() -> int:
    """Run a benchmark. Returns the exit code: 0, or that of the error."""
    try:
        app(prog_name="python -m bench", standalone_mode=False)
    except NumerosityError as error:
        write_error(one_line(error))
        return exit_code(error)
    except Exception as error:
        if not hasattr(error, "format_message"):  # click's own: an unknown option, a missing value
            raise
        write_error(f"{error.format_message().rstrip('.')}: see python -m bench --help")
        return UsageError.exit_code
    return 0
