"""The labelled rows that a model learns from: found, sampled and read."""
