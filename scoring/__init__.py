"""Scoring: a trained bundle and a feature table in, predictions with their reasons out.

What runs at night is small on purpose: this package needs DuckDB, Arrow, NumPy and onnxruntime, and
neither scikit-learn nor the learning side (`ml`). `ml` itself uses `scoring.bundle`, `errors`,
`settings` and `warehouse`.
"""

__version__ = "0.1.0"

__all__ = ["__version__"]
