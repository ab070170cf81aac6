"""Erasing customers: out of every table, every copy and every delivered file, with a receipt.

A customer is put on the erasure list first, which staging applies, so that no build brings them
back; then what is known of them is traced through the warehouse and every file that holds a row is
written anew without it and put in place in one step. A run that was killed is simply run again.
"""

from scoring.forget.erase import ErasureRequest, forget

__all__ = ["ErasureRequest", "forget"]
