"""The application: routes for scores and operation, and error responses."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import structlog
from fastapi import Depends, FastAPI, Path, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse
from fastapi.security import HTTPBearer
from starlette.exceptions import HTTPException

from scoring import __version__
from scoring.serve.bodies import Answer, Profile, Refusal, Session
from scoring.serve.browse.routes import add_browsing
from scoring.serve.entities import CUSTOMER, SESSION, Entity
from scoring.serve.guard import Guard, watch_keys
from scoring.serve.keys import Keys
from scoring.serve.limits import Limits
from scoring.serve.live import Live, PublicationInUse
from scoring.serve.metrics import Metrics
from scoring.serve.page import add_page
from scoring.serve.publication import Facts, Unscorable
from warehouse.errors import one_line
from warehouse.settings import Settings

__all__ = ["create_app"]

METRICS = "text/plain; version=0.0.4; charset=utf-8"
Responses = dict[int | str, dict[str, Any]]
REFUSALS: Responses = {
    code: {"model": Refusal, "description": text}
    for code, text in {
        400: "The body cannot be parsed.",
        409: "Each field is valid, but they contradict each other.",
        401: "The API key is missing or unknown.",
        408: "The request did not arrive in time.",
        413: "The request is too large.",
        422: "The request is invalid; the body lists the fields and the problems.",
        429: "Too many requests; `Retry-After` says when to try again.",
    }.items()
}
NOT_KNOWN: Responses = {
    404: {"model": Refusal, "description": "No prediction for this customer is published."}
}
NO_MODEL: Responses = {
    503: {"model": Refusal, "description": "No champion for such requests is published."}
}

NO_OBJECT = "send a JSON object, with the header Content-Type: application/json"

log = structlog.get_logger()


def create_app(settings: Settings, keys: Keys, per_second: float) -> FastAPI:
    """The HTTP application for the published tables.

    `per_second` is the number of requests allowed per second and API key. Raises as
    `OpenPublication` does.
    """
    metrics = Metrics()
    live = Live(settings, metrics)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(each) for each in (live.watch(), watch_keys(keys))]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await live.close()

    app = FastAPI(
        title="Numerosity",
        version=__version__,
        description=(
            "Who will buy, why, and how reliable the figures are. Every response names the models"
            " and the published version it comes from. Features of a request are computed by the"
            " same SQL that builds the tables."
        ),
        lifespan=lifespan,
        docs_url=None,  # these pages would load scripts from another server
        redoc_url=None,
    )
    app.add_middleware(Guard, keys=keys, limits=Limits(per_second), metrics=metrics)
    _handle_errors(app)
    _add_probes(app, live, metrics)
    key = [Depends(HTTPBearer(auto_error=False, description="An API key."))]
    _add_scores(app, live, {"dependencies": key})
    add_browsing(app, live, {"dependencies": key, "responses": REFUSALS})
    add_page(app)
    return app


def _add_scores(app: FastAPI, live: Live, keyed: dict[str, Any]) -> None:
    shared: dict[str, Any] = {
        "response_model": Answer,
        "response_model_exclude_unset": True,
        "tags": ["scores"],
        **keyed,
    }

    @app.post(
        "/v1/sessions/score",
        summary="Predictions for a web session, from its current data",
        responses=REFUSALS | NO_MODEL,
        **shared,
    )
    async def session(body: Session) -> Response:
        with live.lend() as current:
            _require(current, SESSION)
            return _response(await current.sessions.answer(body.row()))

    @app.post(
        "/v1/customers/score",
        summary="Predictions for a new customer, who is not in the warehouse yet",
        responses=REFUSALS | NO_MODEL,
        **shared,
    )
    async def profile(body: Profile) -> Response:
        with live.lend() as current:
            _require(current, CUSTOMER)
            return _response(await current.customers.answer(body.row()))

    # Declared after the route above, else `score` would match as a customer id.
    @app.get(
        "/v1/customers/{customer_id}",
        summary="A customer's latest predictions, reasons and micro-segment",
        responses=REFUSALS | NOT_KNOWN,
        **shared,
    )
    async def customer(
        customer_id: Annotated[
            str, Path(max_length=200, description="As in `marts.customers`.", examples=["C0000042"])
        ],
    ) -> Response:
        with live.lend() as current:
            found = current.publication.card(customer_id)
        if found is None:
            raise HTTPException(404, "no prediction for this customer is published")
        return Response(found, media_type="application/json")


def _add_probes(app: FastAPI, live: Live, metrics: Metrics) -> None:
    @app.get("/health", summary="Whether the process is running", tags=["operation"])
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/ready", summary="The served version and its models", tags=["operation"])
    async def ready() -> dict[str, Any]:
        publication = live.current.publication
        models = [each for entity in (SESSION, CUSTOMER) for each in publication.models(entity)]
        return {
            "status": "ready",
            "publication": publication.facts,
            "models": {each.bundle.task: each.bundle.model_version for each in models},
        }

    @app.get(
        "/metrics",
        summary="Metrics for Prometheus",
        tags=["operation"],
        response_class=PlainTextResponse,
    )
    async def prometheus() -> Response:
        return Response(metrics.text(), media_type=METRICS)


def _handle_errors(app: FastAPI) -> None:
    @app.exception_handler(RequestValidationError)
    async def invalid(_: Request, error: RequestValidationError) -> Response:
        problems = [
            {
                "field": ".".join(str(part) for part in each["loc"][1:]) or str(each["loc"][0]),
                "problem": NO_OBJECT
                if each["type"] == "model_attributes_type"
                else str(each["msg"]).removeprefix("Value error, "),
            }
            for each in error.errors()
        ]
        first = problems[0]
        is_contradiction = all(each["loc"] == ("body",) for each in error.errors())
        status = 409 if is_contradiction and error.errors()[0]["type"] == "value_error" else 422
        return _refusal(status, f"{first['field']}: {first['problem']}", problems)

    @app.exception_handler(HTTPException)
    async def refused(_: Request, error: HTTPException) -> Response:
        return _refusal(error.status_code, str(error.detail), headers=error.headers)

    @app.exception_handler(Exception)
    async def unexpected(_: Request, error: Exception) -> Response:
        log.error("request_failed", reason=one_line(error))
        log.debug("request_failed", exc_info=error)
        return _refusal(500, "the request failed: see the log of the service")


def _require(current: PublicationInUse, entity: Entity) -> None:
    if not current.publication.models(entity):
        raise HTTPException(503, f"no champion for the entity {entity.name} is published")


def _response(answer: Facts | Unscorable) -> Response:
    if isinstance(answer, Unscorable):
        raise HTTPException(422, answer.reason)
    return JSONResponse(answer)


def _refusal(
    status: int,
    error: str,
    problems: list[dict[str, str]] | None = None,
    headers: Any = None,
) -> Response:
    # Escaped to ASCII: the message may quote text that UTF-8 cannot encode (a lone surrogate).
    content = json.dumps({"error": error, "problems": problems or []})
    return Response(content, status, headers, "application/json")
