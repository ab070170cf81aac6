"""The models and their figures in the warehouse schema `registry`; the champions, and why."""
