"""The service written by hand, in BentoML: `bentoml serve bench.api_bento:Scores`.

Features and model are those of `bench.api_peer`; BentoML has no look-ups of its own.
"""

from typing import Any

import bentoml

from bench.api_peer import Peer, Session
from warehouse.settings import load_settings

__all__ = ["Scores"]


@bentoml.service(workers=1, logging={"access": {"enabled": False}})
class Scores:
    """One process, as the others are; a request is worked on in one of its threads."""

    def __init__(self) -> None:
        self.peer = Peer(load_settings())

    @bentoml.api(route="/v1/sessions/score")
    def session(self, body: Session, /) -> dict[str, Any]:
        """What a session will lead to."""
        return self.peer.score(body)
