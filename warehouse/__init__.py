"""Code shared by ml and scoring: settings, DuckDB, dbt's manifest, feature tables, the console."""
