"""Learning: what the features in the warehouse say about who will buy.

The feature tables and the things to predict come from dbt's own manifest; what is learned leaves as
a bundle (`model.onnx` and `model.json`) that `scoring` runs without this package.
"""

__all__: list[str] = []
