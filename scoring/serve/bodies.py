"""The bodies of score requests and their responses: validated, and described for OpenAPI.

The class names are the component names in the OpenAPI description, which clients may use.
"""

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    WithJsonSchema,
    model_validator,
)

__all__ = ["Answer", "Problem", "Profile", "Refusal", "Session"]

EARLIEST, LATEST = datetime(1970, 1, 1), datetime(2200, 1, 1)


def _like(example: str) -> BeforeValidator:
    """Accept only text in the form of `example`; pydantic would accept numbers as dates as well."""
    pattern = re.sub("[0-9]", "[0-9]", example.removesuffix(":00Z"))

    def check(value: Any) -> Any:
        if isinstance(value, str) and re.match(pattern, value.upper().replace(" ", "T")):
            return value
        raise ValueError(f"write it as text like {example}")

    return BeforeValidator(check)


def _utc(value: datetime) -> datetime:
    """Convert to naive UTC, like the timestamps of all tables; without a zone it is UTC already."""
    try:
        naive = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    except OverflowError:
        naive = datetime.min
    if not EARLIEST <= naive < LATEST:
        raise ValueError("it must be between 1970 and 2200")
    return naive


def _day(value: date) -> date:
    if not EARLIEST.date() <= value < LATEST.date():
        raise ValueError("it must be between 1970 and 2200")
    return value


def _is_integer(value: Any) -> bool:
    """Whether it is a float like 2.0, which JSON does not distinguish from an integer."""
    return isinstance(value, float) and value.is_integer()


YEARS = {"pattern": "^(19[789]|2[01][0-9])[0-9]-"}
"""The years 1970 to 2199, as a pattern for the OpenAPI description."""
Moment = Annotated[
    datetime,
    _like("2026-05-31T14:05:00Z"),
    AfterValidator(_utc),
    WithJsonSchema({"type": "string", "format": "date-time", **YEARS}),
]
Day = Annotated[
    date,
    _like("2026-05-31"),
    AfterValidator(_day),
    WithJsonSchema({"type": "string", "format": "date", **YEARS}),
]
Birthday = Annotated[date, _like("1990-05-17")]
Code = Annotated[str, Field(strict=True, max_length=200)]
Count = Annotated[
    int,
    Field(strict=True, ge=0, le=1_000_000),
    BeforeValidator(lambda value: int(value) if _is_integer(value) else value),
]
Seconds = Annotated[float, Field(strict=True, ge=0, le=1e9, allow_inf_nan=False)]
Share = Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)]
Flag = Annotated[bool, Field(strict=True)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    def row(self) -> dict[str, Any]:
        """The body as a row of a table; floats become decimals with the digits that were sent."""
        return {
            name: Decimal(str(value)) if isinstance(value, float) else value for name, value in self
        }


class Session(_Body):
    """A web session, in progress or finished, with columns of `marts.sessions`."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "started_at": "2026-01-01T18:30:00Z",
                    "customer_id": "C0000042",
                    "administrative_pages": 2,
                    "administrative_seconds": 40.5,
                    "product_pages": 23,
                    "product_seconds": 810.25,
                    "bounce_rate": 0.01,
                    "exit_rate": 0.02,
                    "page_value": 12.5,
                    "special_day": 0,
                    "operating_system": "2",
                    "browser": "2",
                    "region": "1",
                    "traffic_source": "3",
                    "visitor_type": "returning",
                    "is_weekend": False,
                }
            ]
        }
    )

    started_at: Moment = Field(description="Start of the session; UTC if no zone is given.")
    customer_id: Code | None = Field(
        None, min_length=1, description="The customer; null for an anonymous visitor."
    )
    administrative_pages: Count | None = Field(None, description="Account and help pages viewed.")
    administrative_seconds: Seconds | None = Field(None, description="Seconds on these pages.")
    informational_pages: Count | None = Field(None, description="Pages about the shop viewed.")
    informational_seconds: Seconds | None = Field(None, description="Seconds on these pages.")
    product_pages: Count | None = Field(None, description="Product pages viewed.")
    product_seconds: Seconds | None = Field(None, description="Seconds on these pages.")
    bounce_rate: Share | None = Field(None, description="Mean bounce rate of the viewed pages.")
    exit_rate: Share | None = Field(None, description="Mean exit rate of the viewed pages.")
    page_value: Seconds | None = Field(None, description="Mean value of the viewed pages.")
    special_day: Share | None = Field(None, description="Closeness to a gift day.")
    operating_system: Code | None = Field(None, description="Technical code.")
    browser: Code | None = Field(None, description="Technical code.")
    region: Code | None = Field(None, description="Technical code of the region.")
    traffic_source: Code | None = Field(None, description="Technical code of the way here.")
    visitor_type: Code = Field("unknown", description="`returning`, `new` or another word.")
    is_weekend: Flag | None = Field(None, description="Whether the session is on a weekend.")


class Profile(_Body):
    """A new customer, who is not in the warehouse yet and has no history."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "registered_at": "2025-12-31T10:00:00Z",
                    "gender": "female",
                    "birth_date": "1990-05-17",
                    "region": "North",
                    "annual_salary": 42000,
                    "has_marketing_consent": True,
                }
            ]
        }
    )

    registered_at: Moment = Field(description="Time of registration; UTC if no zone is given.")
    as_of_date: Day | None = Field(
        None, description="The day to score for; default: the day after `registered_at`."
    )
    gender: Code | None = Field(None, description="`female`, `male` or another word.")
    birth_date: Birthday | None = Field(
        None, description="From 1900-01-01 to the day of `registered_at`."
    )
    region: Code | None = Field(None, description="As in `marts.customers`.")
    annual_salary: (
        Annotated[float, Field(strict=True, ge=0, le=5_000_000, allow_inf_nan=False)] | None
    ) = Field(None, description="Salary per year, before taxes.")
    has_marketing_consent: Flag | None = Field(
        None, description="Whether the customer agreed to marketing."
    )

    def row(self) -> dict[str, Any]:
        """The body as a row of a table, with the day to score for."""
        day = self.as_of_date or self.registered_at.date() + timedelta(days=1)
        return super().row() | {"as_of_date": day}

    @model_validator(mode="after")
    def _in_order(self) -> "Profile":
        if self.birth_date and not date(1900, 1, 1) <= self.birth_date <= self.registered_at.date():
            raise ValueError("birth_date must be from 1900 to the day of registered_at")
        if self.as_of_date and self.as_of_date <= self.registered_at.date():
            raise ValueError("as_of_date must be later than the day of registered_at")
        return self


class Reason(BaseModel):
    """One of the three largest contributions to a score."""

    reason: str = Field(description="The feature, or the pair `feature × feature`.")
    text: str | None = Field(description="The reason in words, with its value and direction.")
    contribution: float = Field(description="In log-odds; above 0 raises the probability.")


class MicroSegment(BaseModel):
    """The customer's micro-segment, with its figures for the newest date with a known outcome."""

    segment_id: str
    segment_name: str
    segment_level: int
    segment_as_of_date: date
    outcome: str
    customers: int
    buyers: int
    rate: float
    wilson_low: float
    wilson_high: float
    eb_rate: float
    eb_low: float
    eb_high: float
    verdict: str


class Prediction(BaseModel):
    """The prediction of one task's champion."""

    task: str
    title: str = Field(description="What is predicted, in words.")
    model_version: str
    probability: float
    score: float = Field(description="The probability in log-odds.")
    reasons: list[Reason]
    as_of_date: date | None = Field(None, description="The date of the features.")
    scored_at: datetime | None = None
    micro_segment: MicroSegment | None = None


class Publication(BaseModel):
    """The published version that the response comes from."""

    version: str
    published_at: datetime


class Answer(BaseModel):
    """The predictions of every task's champion."""

    customer_id: str | None = None
    is_known_customer: bool | None = Field(
        None, description="Whether the customer is in the published tables."
    )
    predictions: list[Prediction]
    publication: Publication


class Problem(BaseModel):
    """One problem of a request."""

    field: str
    problem: str


class Refusal(BaseModel):
    """The body of an error response."""

    error: str
    problems: list[Problem] = []
