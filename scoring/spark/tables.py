"""Spark's tables without Spark: the Parquet files of a table, for DuckDB to read."""

from pathlib import Path

from warehouse.errors import InputError

__all__ = ["parquet"]


def parquet(warehouse: Path, relation: str) -> str:
    """What DuckDB selects from for `schema.name` of the tables below `warehouse`.

    In partitions or not; what a job has not finished is left out: its folder begins with a dot or
    an underscore, as those of partitions do not. A column that was added later is null in files
    from before. Raises InputError when there is no file of it.
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
    listed = ", ".join("'" + str(file).replace("'", "''") + "'" for file in files)
    is_partitioned = str(files[0].parent != folder).lower()
    return f"read_parquet([{listed}], hive_partitioning = {is_partitioned}, union_by_name = true)"
