"""The routes of the live page, which other programs can use as well; they only read."""

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
        description="The outcome; default: the headline outcome.",
        examples=["has_purchase_30d"],
    ),
]
AsOf = Annotated[
    date | None, Query(alias="as_of_date", description="The date; default: the newest one.")
]
Level = Annotated[
    int | None, Query(ge=0, le=99, description="The level; 0 is everyone. Default: all levels.")
]
Name = Annotated[str, Path(max_length=200, examples=["likely_buyers"])]
SegmentId = Annotated[str, Path(max_length=200, examples=["active"])]


def add_browsing(app: FastAPI, live: Live, shared: Mapping[str, Any]) -> None:
    """Add the routes; `shared` has the arguments common to all routes that need an API key."""
    always = {**shared, "tags": ["tables"]}

    def or_404(description: str) -> dict[str, Any]:
        responses = shared["responses"] | {404: {"model": Refusal, "description": description}}
        return {**always, "responses": responses}

    async def answer(missing: str, name: str, *arguments: Any) -> Response:
        with live.lend() as current:
            found = await current.tables.answer(Question(name, arguments))
        if found is None:
            raise HTTPException(404, missing)
        return Response(found, media_type="application/json")

    @app.get(
        "/v1/publication",
        summary="The served version of the tables",
        response_model=Publication,
        **always,
    )
    async def publication() -> Response:
        facts = live.current.publication.facts
        return Response(json.dumps(facts), media_type="application/json")

    @app.get("/v1/tasks", summary="The models and their quality", response_model=Tasks, **always)
    async def tasks() -> Response:
        return await answer("", "tasks")

    @app.get(
        "/v1/checks",
        summary="The newest monitoring checks, worst first",
        response_model=Checks,
        **always,
    )
    async def checks() -> Response:
        return await answer("", "checks")

    @app.get(
        "/v1/audiences",
        summary="The audiences, their sizes, and the effect of campaigns",
        response_model=Audiences,
        **always,
    )
    async def audiences() -> Response:
        return await answer("", "audiences")

    @app.get(
        "/v1/audiences/{audience}",
        summary="An audience and its first members",
        response_model=Audience,
        **or_404("No audience with this name is published."),
    )
    async def audience(audience: Name) -> Response:
        return await answer("no audience with this name is published", "audience", audience)

    @app.get(
        "/v1/segments",
        summary="Micro-segments that may be shown, with their numerosity",
        response_model=Segments,
        **or_404("No micro-segments with this outcome and date are published."),
    )
    async def segments(
        outcome: Outcome = None, as_of_date: AsOf = None, level: Level = None
    ) -> Response:
        return await answer(
            "no micro-segments with this outcome and date are published",
            *("segments", outcome, as_of_date, level),
        )

    @app.get(
        "/v1/segments/{segment_id:path}",
        summary="A micro-segment, its parent and parts, and its figures at other dates",
        response_model=Segment,
        **or_404("No micro-segment that may be shown has this id, outcome and date."),
    )
    async def segment(
        segment_id: SegmentId, outcome: Outcome = None, as_of_date: AsOf = None
    ) -> Response:
        return await answer(
            "no micro-segment that may be shown has this id, outcome and date",
            *("segment", segment_id, outcome, as_of_date),
        )
