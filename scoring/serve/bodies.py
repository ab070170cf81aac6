"""What a request may say, and what is answered: checked, and described for the OpenAPI page."""

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
    """JSON has no dates; what reads like one by chance (a number) is none."""
    pattern = re.sub("[0-9]", "[0-9]", example.removesuffix(":00Z"))

    def check(value: Any) -> Any:
        if isinstance(value, str) and re.match(pattern, value.upper().replace(" ", "T")):
            return value
        raise ValueError(f"write it as text like {example}")

    return BeforeValidator(check)


def _utc(value: datetime) -> datetime:
    """As the naive timestamps of all tables; a time without a zone is UTC already."""
    try:
        naive = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    except OverflowError:
        naive = datetime.min
    if not EARLIEST <= naive < LATEST:
        raise ValueError("it has to lie between 1970 and 2200")
    return naive


def _day(value: date) -> date:
    if not EARLIEST.date() <= value < LATEST.date():
        raise ValueError("it has to lie between 1970 and 2200")
    return value


def _is_whole(value: Any) -> bool:
    """2.0 is an integer to JSON."""
    return isinstance(value, float) and value.is_integer()


YEARS = {"pattern": "^(19[789]|2[01][0-9])[0-9]-"}
"""From 1970 to 2199, for those who read the description."""
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
    BeforeValidator(lambda value: int(value) if _is_whole(value) else value),
]
Seconds = Annotated[float, Field(strict=True, ge=0, le=1e9, allow_inf_nan=False)]
Share = Annotated[float, Field(strict=True, ge=0, le=1, allow_inf_nan=False)]
Flag = Annotated[bool, Field(strict=True)]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    def row(self) -> dict[str, Any]:
        """As a row: numbers as decimals of the digits that were sent."""
        return {
            name: Decimal(str(value)) if isinstance(value, float) else value for name, value in self
        }


class Session(_Body):
    """A web session, in progress or over: what `marts.sessions` would say of it."""

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

    started_at: Moment = Field(description="When it started; UTC where no zone is given.")
    customer_id: Code | None = Field(
        None, min_length=1, description="Who it is; none for an anonymous visitor."
    )
    administrative_pages: Count | None = Field(None, description="Account and help pages seen.")
    administrative_seconds: Seconds | None = Field(None, description="Seconds on them.")
    informational_pages: Count | None = Field(None, description="Pages about the shop seen.")
    informational_seconds: Seconds | None = Field(None, description="Seconds on them.")
    product_pages: Count | None = Field(None, description="Product pages seen.")
    product_seconds: Seconds | None = Field(None, description="Seconds on them.")
    bounce_rate: Share | None = Field(None, description="Mean bounce rate of the pages seen.")
    exit_rate: Share | None = Field(None, description="Mean exit rate of the pages seen.")
    page_value: Seconds | None = Field(None, description="Mean value of the pages seen.")
    special_day: Share | None = Field(None, description="Closeness to a gift day.")
    operating_system: Code | None = Field(None, description="Technical code.")
    browser: Code | None = Field(None, description="Technical code.")
    region: Code | None = Field(None, description="Technical code of the region.")
    traffic_source: Code | None = Field(None, description="Technical code of the way here.")
    visitor_type: Code = Field("unknown", description="`returning`, `new` or another word.")
    is_weekend: Flag | None = Field(None, description="Whether it is on a weekend.")


class Profile(_Body):
    """A customer whom the warehouse does not know yet, and who has done nothing yet."""

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

    registered_at: Moment = Field(description="When; UTC where no zone is given.")
    as_of_date: Day | None = Field(
        None, description="The day to score for; without it the day after `registered_at`."
    )
    gender: Code | None = Field(None, description="`female`, `male` or another word.")
    birth_date: Birthday | None = Field(
        None, description="Not before 1900, not after `registered_at`."
    )
    region: Code | None = Field(None, description="As in `marts.customers`.")
    annual_salary: (
        Annotated[float, Field(strict=True, ge=0, le=5_000_000, allow_inf_nan=False)] | None
    ) = Field(None, description="A year, before taxes.")
    has_marketing_consent: Flag | None = Field(None, description="Whether it was given.")

    def row(self) -> dict[str, Any]:
        """As a row, with the day to score for."""
        day = self.as_of_date or self.registered_at.date() + timedelta(days=1)
        return super().row() | {"as_of_date": day}

    @model_validator(mode="after")
    def _in_order(self) -> "Profile":
        if self.birth_date and not date(1900, 1, 1) <= self.birth_date <= self.registered_at.date():
            raise ValueError("birth_date lies before 1900 or after registered_at")
        if self.as_of_date and self.as_of_date <= self.registered_at.date():
            raise ValueError("as_of_date has to be a day after registered_at")
        return self


class Reason(BaseModel):
    """One of the three things that moved a score most."""

    reason: str = Field(description="The feature, or the pair `feature × feature`.")
    text: str | None = Field(description="In words, with its value and its direction.")
    contribution: float = Field(description="Log-odds; above 0 raises the probability.")


class MicroSegment(BaseModel):
    """The figures that may be shown for a customer, of the newest date whose outcome is known."""

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
    """What one task's champion says."""

    task: str
    title: str = Field(description="What is predicted, in words.")
    model_version: str
    probability: float
    score: float = Field(description="The same as log-odds.")
    reasons: list[Reason]
    as_of_date: date | None = Field(None, description="The date of the features.")
    scored_at: datetime | None = None
    micro_segment: MicroSegment | None = None


class Publication(BaseModel):
    """Which version of the tables the answer comes from."""

    version: str
    published_at: datetime


class Answer(BaseModel):
    """The predictions of every task's champion."""

    customer_id: str | None = None
    is_known_customer: bool | None = Field(None, description="Whether history was found.")
    predictions: list[Prediction]
    publication: Publication


class Problem(BaseModel):
    """One thing that is wrong with a request."""

    field: str
    problem: str


class Refusal(BaseModel):
    """Why there is no answer."""

    error: str
    problems: list[Problem] = []
