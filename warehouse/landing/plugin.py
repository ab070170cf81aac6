"""dbt-duckdb's plugin: the SQL function by which dbt has the files of a source landed."""

import json
from pathlib import Path
from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin
from duckdb import DuckDBPyConnection

__all__ = ["Plugin"]


class Plugin(BasePlugin):
    """Registers `numerosity_land(request)`, both JSON (macros/raw/landed_parts.sql)."""

    def configure_connection(self, conn: DuckDBPyConnection) -> None:
        """Once for each process of dbt."""
        conn.create_function("numerosity_land", answer, ["VARCHAR"], "VARCHAR", side_effects=True)


def answer(request: str) -> str:
    """Land a source's files: `index` is where they are listed, or `error` says why not.

    Errors of single files are in the index: the table that reads such a file names it.
    """
    from warehouse.errors import NumerosityError, one_line
    from warehouse.landing.land import land, source_of

    asked: dict[str, Any] = json.loads(request)
    raw, landing = Path(asked["raw"]).resolve(), Path(asked["landing"]).resolve()
    try:
        source = source_of(asked["source"], asked["entry"], raw, landing)
        index, _ = land(source, asked["raw"], Path(asked["erasure_list"]))
        return json.dumps({"index": str(index)})
    except (NumerosityError, OSError) as error:
        return json.dumps({"error": one_line(error)})
