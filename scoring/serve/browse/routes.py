"""What the live page asks, open to every program: read-only, from the published tables."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

from fastapi import FastAPI, Path, Query, Response
from starlette.exceptions import HTTPException

from scoring.serve.bodies import Refusal
from scoring.serve.browse.bodies import (
    Audience,
    Audiences,
    Checks,
    Publication,
    Segment,
    Segments,
    Tasks,
)
from scoring.serve.browse.tables import Question
from scoring.serve.live import Live

__all__ = ["add_browsing"]

Outcome = Annotated[
    str | None,
    Query(
        max_length=200,
        description="Without it the headline outcome, which is shown first.",
        examples=["has_purchase_30d"],
    ),
]
AsOf = Annotated[
    date | None, Query(alias="as_of_date", description="Without it the newest that is known.")
]
Level = Annotated[int | None, Query(ge=0, le=99, description="0 is everyone; without it all.")]
Name = Annotated[str, Path(max_length=200, examples=["likely_buyers"])]
SegmentId = Annotated[str, Path(max_length=200, examples=["active"])]


def add_browsing(app: FastAPI, live: Live, shared: Mapping[str, Any]) -> None:
    """Add the routes; `shared` is what all that need a key have in common."""

    def nothing(what: str) -> dict[str, Any]:
        refusals = shared["responses"] | {404: {"model": Refusal, "description": what}}
        return {**shared, "responses": refusals, "tags": ["tables"]}

    async def answered(otherwise: str, name: str, *about: Any) -> Response:
        with live.lend() as current:
            found = await current.asked.answer(Question(name, about))
        if found is None:
            raise HTTPException(404, otherwise)
        return Response(found, media_type="application/json")

    many = {**shared, "tags": ["tables"]}

    @app.get(
        "/v1/publication",
        summary="Which version of the tables is served",
        response_model=Publication,
        **many,
    )
    async def publication() -> Response:
        facts = live.open.publication.facts
        return Response(json.dumps(facts), media_type="application/json")

    @app.get("/v1/tasks", summary="The models, and how good they are", response_model=Tasks, **many)
    async def tasks() -> Response:
        return await answered("", "tasks")

    @app.get(
        "/v1/checks",
        summary="What the newest monitoring checks found, the worst first",
        response_model=Checks,
        **many,
    )
    async def checks() -> Response:
        return await answered("", "checks")

    @app.get(
        "/v1/audiences",
        summary="The audiences, their sizes, and what campaigns added",
        response_model=Audiences,
        **many,
    )
    async def audiences() -> Response:
        return await answered("", "audiences")

    @app.get(
        "/v1/audiences/{audience}",
        summary="An audience, and who comes first in it",
        response_model=Audience,
        **nothing("No audience of this name."),
    )
    async def audience(audience: Name) -> Response:
        return await answered("no audience of this name is published", "audience", audience)

    @app.get(
        "/v1/segments",
        summary="Micro-segments that may be shown, with their numerosity",
        response_model=Segments,
        **nothing("No micro-segments of this outcome and date."),
    )
    async def segments(
        outcome: Outcome = None, as_of_date: AsOf = None, level: Level = None
    ) -> Response:
        return await answered(
            "no micro-segments of this outcome and date are published",
            *("segments", outcome, as_of_date, level),
        )

    @app.get(
        "/v1/segments/{segment_id:path}",
        summary="A micro-segment, what is around it, and how it changed",
        response_model=Segment,
        **nothing("No micro-segment that may be shown has this id, outcome and date."),
    )
    async def segment(
        segment_id: SegmentId, outcome: Outcome = None, as_of_date: AsOf = None
    ) -> Response:
        return await answered(
            "no micro-segment that may be shown has this id, outcome and date",
            *("segment", segment_id, outcome, as_of_date),
        )
