"""Learning: train and evaluate models on the feature tables of the warehouse.

dbt's manifest declares the feature tables and the tasks. A trained model is exported as a bundle
(`model.onnx` and `model.json`), which `scoring` runs without this package.
"""

__all__: list[str] = []
