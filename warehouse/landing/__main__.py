"""`python -m warehouse.landing`: land raw files by hand, and before dbt on Spark."""

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from warehouse.console import run_command, say, write_json
from warehouse.errors import UsageError
from warehouse.landing.catalog import read_catalog, sources_on
from warehouse.landing.land import land, source_of
from warehouse.settings import load_settings

__all__ = ["main"]

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


@app.command()
def command(
    source: Annotated[
        list[str] | None, typer.Option(help="A source; repeatable. Default: the var sources.")
    ] = None,
) -> None:
    """Land what is new in the raw folder, and say what cannot be read.

    dbt does the same on DuckDB, as a part of `dbt build`.
    """
    settings, catalog = load_settings(), read_catalog()
    files, records, problems = 0, 0, []
    for name in source or sources_on():
        if name not in catalog:
            raise UsageError(
                f"unknown source '{name}': known are {', '.join(catalog)} (source_catalog in"
                " dbt_project.yml)"
            )
        one = source_of(name, catalog[name], settings.raw, settings.landing_folder)
        raw = os.environ.get("NUMEROSITY_RAW") or "data/raw"
        _, present = land(one, raw, settings.erasure_list)
        files += len(present)
        records += sum(each.landed for each in present)
        problems += [each.error for each in present if each.error]
    for problem in problems:
        say(problem)
    write_json({"command": "landing", "files": files, "records": records, "problems": problems})


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit code."""
    return run_command(app, arguments, "python -m warehouse.landing")


if __name__ == "__main__":
    sys.exit(main())
