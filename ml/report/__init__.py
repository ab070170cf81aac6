"""`python -m ml report`: one HTML file about data, segments and models, which opens offline."""

from ml.report.page import write_report

__all__ = ["write_report"]
