"""The responses to the live page, described for OpenAPI.

The class names are the component names in the OpenAPI description, which clients may use.
"""

from datetime import date, datetime

from pydantic import BaseModel, Field

from scoring.serve.bodies import Publication

__all__ = ["Audience", "Audiences", "Checks", "Publication", "Segment", "Segments", "Tasks"]


class Counts(BaseModel):
    """The number of checks with each status."""

    fail: int
    warn: int
    ok: int
    not_applicable: int = Field(description="Checks that have too few events to be computed.")


class Quantile(BaseModel):
    """A quantile: this share of the rows has at most this probability."""

    share: float
    probability: float


class Scored(BaseModel):
    """The totals of the newest scores of a task."""

    task: str
    as_of_date: date
    rows: int
    expected: float = Field(description="The sum of the probabilities.")
    scored_at: datetime
    quantiles: list[Quantile]


class Performance(BaseModel):
    """How good the scores of one as-of date were, for a date that the model was not trained on."""

    as_of_date: date
    model_version: str
    is_champion: bool
    row_count: int
    buyers: int
    predicted_buyers: float
    auc: float | None
    auc_low: float | None = Field(description="Lower end of the 95 % interval.")
    auc_high: float | None = Field(description="Upper end of the 95 % interval.")
    brier: float


class Training(BaseModel):
    """The training data of a model."""

    model_config = {"populate_by_name": True}

    rows: int
    buyers: int
    first: date = Field(alias="from")
    last: date = Field(alias="to")
    drawn: str | None = Field(None, description="How the rows were sampled, if they were.")


class Task(BaseModel):
    """A task and its champion."""

    task: str
    title: str = Field(description="What is predicted, in words.")
    entity: str = Field(description="What the prediction is about: customer or session.")
    outcome: str | None = Field(description="The label column in the feature table.")
    is_headline: bool = Field(description="Whether its outcome is the one to show first.")
    model_version: str
    candidate: str | None = Field(description="The kind of model.")
    candidate_title: str | None = Field(description="The kind of model in words.")
    training: Training | None
    protocol: str | None = Field(description="How the model was evaluated after training.")
    promised: dict[str, float] = Field(description="The metrics of that evaluation.")
    scored: Scored | None = Field(description="Null if the model has no scores yet.")
    performance: list[Performance] = Field(description="By date, with earlier champions.")
    checks: Counts = Field(description="Checks of its scores.")
    segment_checks: Counts = Field(description="Checks of its scores in single micro-segments.")
    feature_checks: Counts = Field(description="Checks of its feature table.")


class Tasks(BaseModel):
    """All tasks with a champion."""

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
    """The checks of the newest run, worst first."""

    as_of_date: date | None
    counts: Counts
    counts_of_segments: Counts = Field(
        description="Checks of single micro-segments, which are not listed."
    )
    checks: list[Check]
    publication: Publication


class Lift(BaseModel):
    """The effect of a campaign, compared with the holdout of the audience."""

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
    """An audience and its size."""

    audience: str
    title: str
    description: str
    priority: str = Field(description="The figure that its members are ordered by.")
    customers: int
    held_out: int = Field(description="The customers among them who are not contacted.")
    as_of_date: date | None
    lift: list[Lift] = Field(description="Empty until an outcome has matured.")


class Member(BaseModel):
    """A customer in an audience."""

    customer_id: str
    priority: float | None
    reason: str | None
    is_holdout: bool


class Audiences(BaseModel):
    """All audiences."""

    audiences: list[AudienceFacts]
    publication: Publication


class Audience(BaseModel):
    """An audience, and its first hundred members by priority."""

    audience: AudienceFacts
    members: list[Member]
    publication: Publication


class Place(BaseModel):
    """An outcome and a date."""

    outcome: str
    title: str
    as_of_date: date


class Choice(BaseModel):
    """An outcome with its dates, newest first."""

    outcome: str
    title: str
    is_headline: bool = Field(description="Whether it is the outcome to show first.")
    as_of_dates: list[date]


class SegmentFacts(BaseModel):
    """A micro-segment that may be shown, with the columns of `public_micro_segments`."""

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
        description="Rank among the reliable segments by the lower end of the interval, else null."
    )
    customers_share: float
    buyers_share: float
    customers_scored: int
    predicted_rate: float | None
    observed_minus_predicted: float | None
    observed_minus_predicted_low: float | None
    observed_minus_predicted_high: float | None


class SegmentCounts(BaseModel):
    """The number of segments that may be shown, by verdict; level 0 (everyone) is not counted."""

    segments: int
    reliable: int
    borderline: int
    too_few: int


class SegmentDate(BaseModel):
    """The figures of a micro-segment at one date."""

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
    counts: SegmentCounts | None = Field(description="Counts of all levels, not only of `level`.")
    segments: list[SegmentFacts]
    publication: Publication


class Segment(BaseModel):
    """A micro-segment, with its parent and its parts."""

    place: Place
    segment: SegmentFacts
    parent: SegmentFacts | None
    instead: SegmentFacts | None = Field(description="The segment whose rate to use instead.")
    parts: list[SegmentFacts]
    dates: list[SegmentDate]
    publication: Publication
