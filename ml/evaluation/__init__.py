"""How good a model is on rows it has not learned from, and how far each figure can be trusted."""
