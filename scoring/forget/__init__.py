"""Erasing customers from every table, copy and delivered file, with a receipt.

First the customer is added to the erasure list. Staging applies that list, so later builds exclude
the customer. Then the customer's rows are traced through the warehouse, and every file with such
rows is rewritten without them and replaced atomically. A run that was killed can be run again.
"""

from scoring.forget.erase import ErasureRequest, forget

__all__ = ["ErasureRequest", "forget"]
