"""The hand-written service in BentoML: `bentoml serve bench.api_bento:Scores`.

Features and model are those of `bench.api_peer`. It scores sessions only, since BentoML offers
nothing for look-ups.
"""

from typing import Any

import bentoml

from bench.api_peer import Peer, Session
from warehouse.settings import load_settings

__all__ = ["Scores"]


@bentoml.service(workers=1, logging={"access": {"enabled": False}})
class Scores:
    """One process, like the other services; each request runs in one of its threads."""

    def __init__(self) -> None:
        self.peer = Peer(load_settings())

    @bentoml.api(route="/v1/sessions/score")
    def session(self, body: Session, /) -> dict[str, Any]:
        """The probability of a purchase in a session."""
        return self.peer.score(body)
