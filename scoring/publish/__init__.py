"""Publishing: the public tables as one file for BI and the HTTP service, replaced atomically."""

from scoring.publish.commands import KEEP, Published, publish, restore

__all__ = ["KEEP", "Published", "publish", "restore"]
