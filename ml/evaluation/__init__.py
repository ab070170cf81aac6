"""How good a model is on rows that it did not learn from, and how precise each figure is."""
