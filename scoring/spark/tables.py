"""Read Spark's tables without Spark: their Parquet files, as SQL for DuckDB."""

from pathlib import Path

from warehouse.connection import literal
from warehouse.errors import InputError

__all__ = ["parquet"]


def parquet(warehouse: Path, relation: str) -> str:
    """The table `schema.name` in the folder `warehouse`, as a table function of DuckDB.

    The table may be partitioned. Files of unfinished jobs are left out: their folders begin with a
    dot or an underscore. A column that was added later is null in older files. Raises InputError
    when the table has no files.
    """
    schema, _, name = relation.partition(".")
    folder = warehouse / "tables" / f"{schema}.db" / name
    files = [
        file
        for file in sorted(folder.rglob("*.parquet"))
        if not any(part.startswith((".", "_")) for part in file.relative_to(folder).parts)
    ]
    if not files:
        raise InputError(
            f"Spark has no rows of {relation} in {folder}: run dbt build --target spark first"
        )
    listed = ", ".join(map(literal, files))
    is_partitioned = str(files[0].parent != folder).lower()
    return f"read_parquet([{listed}], hive_partitioning = {is_partitioned}, union_by_name = true)"
