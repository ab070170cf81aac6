"""The statistics written as SQL macros, run in DuckDB without dbt."""

from functools import cache
from typing import Any

import duckdb
import jinja2
import pandas as pd
import yaml

from tests.support.macro_files import MACROS, macro_text
from warehouse.settings import PROJECT_ROOT

__all__ = ["SEGMENT_LEVELS", "column", "on_rows", "project_vars", "render", "rendered"]


class _Returned(Exception):
    """What `return` of dbt hands out of a macro."""


def project_vars() -> dict[str, Any]:
    """The vars of dbt_project.yml."""
    project = yaml.safe_load((PROJECT_ROOT / "dbt_project.yml").read_text(encoding="utf-8"))
    found: dict[str, Any] = project["vars"]
    return found


@cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    environment.globals["var"] = project_vars().__getitem__
    environment.globals["return"] = str
    return environment


@cache
def _statistics() -> str:
    return macro_text(*sorted(file.stem for file in (MACROS / "statistics").glob("*.sql")))


def render(text: str, **names: Any) -> str:
    """A text with Jinja in it, where the macros of macros/statistics are known."""
    return _environment().from_string(_statistics() + text).render(**names).strip()


def rendered(call: str) -> str:
    """The SQL of a call of a macro of macros/statistics."""
    return render(f"{{{{ {call} }}}}")


def _segment_levels() -> list[dict[str, Any]]:
    """What the macro segment_levels returns."""

    def hand_out(value: list[dict[str, Any]]) -> None:
        raise _Returned(value)

    text = macro_text("segment_levels") + "{{ segment_levels() }}"
    try:
        jinja2.Environment().from_string(text, globals={"return": hand_out}).render()
    except _Returned as returned:
        levels: list[dict[str, Any]] = returned.args[0]
        return levels
    raise AssertionError("segment_levels returns nothing")


SEGMENT_LEVELS = _segment_levels()


def on_rows(rows: pd.DataFrame, **expressions: str) -> pd.DataFrame:
    """The rows with a column for each expression, in their order."""
    added = ", ".join(f"{expression} as {name}" for name, expression in expressions.items())
    with duckdb.connect() as connection:
        numbered = rows.reset_index(drop=True).reset_index(names="place")
        connection.register("numbered", numbered)
        found = connection.sql(f"select *, {added} from numbered order by place").df()
    return found.drop(columns="place")


def column(rows: pd.DataFrame, expression: str) -> pd.Series:
    """The value of one expression on each of the rows, as floats."""
    return on_rows(rows, value=expression)["value"].astype(float)
