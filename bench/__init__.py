"""Benchmarks: one module per table of figures, with comparable tools measured in the same run."""
