"""The command line: `python -m bench`, a table of figures and then one JSON line."""

from pathlib import Path
from typing import Annotated

import typer

from bench.numerosity import numerosity
from ml.console import write_error, write_json
from scoring.errors import NumerosityError, UsageError, exit_code, one_line

__all__ = ["app", "main"]

app = typer.Typer(
    help="Measured figures, peers side by side in one run.",
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


@app.callback()
def benches() -> None:
    """Measured figures, peers side by side in one run."""


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
        str | None, typer.Option(help="Build once more within so much memory, like 2GiB.")
    ] = None,
    peers: Annotated[bool, typer.Option(help="Measure pandas and polars, too.")] = True,
) -> None:
    """What features cost: dbt, plain SQL, one more day, pandas and polars."""
    from bench.build import build as measure

    write_json(measure(customers or [10_000], dates, folder, memory_limit, peers))


app.command()(numerosity)


def main() -> int:
    """Run a bench; returns the exit code of its error, if there is one."""
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
