"""Discover segments from data: `python -m ml discover`.

windows   which rows propose rules, and which confirm them
propose   rules from shallow trees (tree_rules), readable bounds (snap), their strength (evidence)
confirm   exact tests on the other window, corrected for their number
sentence  a rule in words
store     the rules and their statistics as rows of the registry
command   the whole run, from the warehouse to the warehouse
"""

from ml.discover.command import discover

__all__ = ["discover"]
