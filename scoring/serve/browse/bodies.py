"""What is answered to the live page, described for OpenAPI."""

from datetime import date, datetime

from pydantic import BaseModel, Field

from scoring.serve.bodies import Publication

__all__ = ["Audience", "Audiences", "Checks", "Publication", "Segment", "Segments", "Tasks"]


class Counts(BaseModel):
    """How many checks have each status."""

    fail: int
    warn: int
    ok: int


class Quantile(BaseModel):
    """So large a share has at most this probability."""

    share: float
    probability: float


class Scored(BaseModel):
    """What the newest scoring says of all together."""

    task: str
    as_of_date: date
    rows: int
    expected: float = Field(description="Sum of the probabilities.")
    scored_at: datetime
    quantiles: list[Quantile]


class Performance(BaseModel):
    """How good a model's scores of one date were, which it had not learned from."""

    as_of_date: date
    model_version: str
    is_champion: bool
    row_count: int
    buyers: int
    predicted_buyers: float
    auc: float | None
    auc_low: float | None = Field(description="Of its 95 % interval.")
    auc_high: float | None
    brier: float


class Training(BaseModel):
    """What a model learned from."""

    model_config = {"populate_by_name": True}

    rows: int
    buyers: int
    first: date = Field(alias="from")
    last: date = Field(alias="to")
    drawn: str | None = Field(None, description="Which rows these are of more there were.")


class Task(BaseModel):
    """A task and its champion."""

    task: str
    title: str = Field(description="What is predicted, in words.")
    entity: str = Field(description="Of what: customer, session.")
    outcome: str | None = Field(description="The label, as in the feature table.")
    is_headline: bool = Field(description="Whether its outcome is the one to show first.")
    model_version: str
    candidate: str | None = Field(description="What kind of model it is.")
    candidate_title: str | None = Field(description="The same in words.")
    training: Training | None
    protocol: str | None = Field(description="How it was measured before it was used.")
    promised: dict[str, float] = Field(description="Its figures by then.")
    scored: Scored | None = Field(description="None where it has scored nothing.")
    performance: list[Performance] = Field(description="By date, also of champions before.")
    checks: Counts = Field(description="Of its scores.")
    segment_checks: Counts = Field(description="Of its scores in single micro-segments.")
    feature_checks: Counts = Field(description="Of the table of its features.")


class Tasks(BaseModel):
    """Every task with a champion."""

    tasks: list[Task]
    publication: Publication


class Check(BaseModel):
    """One monitoring check."""

    status: str
    check_name: str
    check_title: str | None = Field(description="The check in words.")
    subject_type: str
    subject: str
    observed_date: date | None
    value: float | None
    expected_low: float | None
    expected_high: float | None
    message: str = Field(description="What was found, and what to do.")


class Checks(BaseModel):
    """The checks of the newest run, the worst first."""

    as_of_date: date | None
    counts: Counts
    counts_of_segments: Counts = Field(description="Those of single micro-segments, not listed.")
    checks: list[Check]
    publication: Publication


class Lift(BaseModel):
    """What a campaign added, by those it was kept from."""

    outcome: str
    title: str
    contacted: int
    contacted_rate: float
    held_out: int
    held_out_rate: float
    effect: float
    effect_low: float
    effect_high: float
    added_responders: float
    added_low: float
    added_high: float
    verdict: str


class AudienceFacts(BaseModel):
    """An audience, and how many are in it."""

    audience: str
    title: str
    description: str
    priority: str = Field(description="What its members are ordered by.")
    customers: int
    held_out: int = Field(description="Of them, those who are never contacted.")
    as_of_date: date | None
    lift: list[Lift] = Field(description="Empty until an outcome has matured.")


class Member(BaseModel):
    """A customer of an audience."""

    customer_id: str
    priority: float | None
    reason: str | None
    is_holdout: bool


class Audiences(BaseModel):
    """All audiences."""

    audiences: list[AudienceFacts]
    publication: Publication


class Audience(BaseModel):
    """An audience, and the hundred who come first in it."""

    audience: AudienceFacts
    members: list[Member]
    publication: Publication


class Place(BaseModel):
    """An outcome and a date."""

    outcome: str
    title: str
    as_of_date: date


class Choice(BaseModel):
    """An outcome, and the dates there are, the newest first."""

    outcome: str
    title: str
    is_headline: bool = Field(description="Whether it is the one to show first.")
    as_of_dates: list[date]


class SegmentFacts(BaseModel):
    """A micro-segment that may be shown; its columns are those of `public_micro_segments`."""

    segment_id: str
    segment_name: str
    level: int
    level_title: str = Field(description="The level in words.")
    parent_segment_id: str
    customers: int
    buyers: int
    rate: float
    wilson_low: float
    wilson_high: float
    eb_rate: float
    eb_low: float
    eb_high: float
    lift: float
    p_value: float
    q_value: float
    customers_needed: int
    verdict: str
    rolled_up_to: str
    reliable_rank: int | None = Field(
        description="Place among the reliable by the lower end of the interval; None without one."
    )
    customers_share: float
    buyers_share: float
    customers_scored: int
    predicted_rate: float | None
    observed_minus_predicted: float | None
    observed_minus_predicted_low: float | None
    observed_minus_predicted_high: float | None


class SegmentCounts(BaseModel):
    """How many segments may be shown, all levels below everyone, by verdict."""

    segments: int
    reliable: int
    borderline: int
    too_few: int


class SegmentDate(BaseModel):
    """What it was at a date."""

    as_of_date: date
    customers: int
    buyers: int
    rate: float
    wilson_low: float
    wilson_high: float
    verdict: str


class Segments(BaseModel):
    """The micro-segments of an outcome at a date."""

    place: Place | None
    choices: list[Choice]
    counts: SegmentCounts | None = Field(description="Of the place, whatever the level asked for.")
    segments: list[SegmentFacts]
    publication: Publication


class Segment(BaseModel):
    """One of them, and those around it."""

    place: Place
    segment: SegmentFacts
    parent: SegmentFacts | None
    instead: SegmentFacts | None = Field(description="Whose rate to use.")
    parts: list[SegmentFacts]
    dates: list[SegmentDate]
    publication: Publication
