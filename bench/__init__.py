"""Measured figures: one module a table, peers side by side in one run."""
