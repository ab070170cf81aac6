"""What ml and scoring share: settings, DuckDB, the manifest, the feature tables, the console."""
