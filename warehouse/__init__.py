"""What ml and scoring share: settings, the DuckDB connection, the manifest, the console."""
