"""Scoring: apply trained models to feature tables, and publish, deliver and serve the predictions.

The package needs DuckDB, Arrow, NumPy and onnxruntime. It imports neither scikit-learn nor `ml`, so
that the nightly job stays small. `ml` imports `scoring.bundle`, and both use `warehouse`.
"""

__version__ = "0.1.0"

__all__ = ["__version__"]
