"""The glass box: a boosted model with terms of at most two features, collapsed without loss.

`docs/glass-box.md` describes the whole algorithm, with the proof that nothing is lost.
"""

from ml.glassbox.collapse import collapse
from ml.glassbox.pairs import rank_pairs
from ml.glassbox.purify import purify
from ml.glassbox.terms import GlassBox, Term
from ml.glassbox.weigh import weighed_tree

__all__ = ["GlassBox", "Term", "collapse", "purify", "rank_pairs", "weighed_tree"]
