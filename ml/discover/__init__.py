"""Find segments nobody thought of: `python -m ml discover`.

windows   which rows propose, which confirm
propose   shallow trees (trees), readable bounds (snap), what the rows say (evidence)
confirm   exact tests on the other window, the number of tests paid for
store     the rules and their statistics as rows of the registry
run       from the warehouse to the warehouse
"""

from ml.discover.command import discover

__all__ = ["discover"]
