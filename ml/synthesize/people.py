"""Customers: demographics, which are in the raw tables, and traits, which only the truth knows."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.random import Generator

from ml.synthesize.draw import (
    CHUNK_CUSTOMERS,
    Flags,
    Floats,
    Ints,
    customer_ids,
    prompt_arrival,
    second_of_day,
    timestamps,
    weighted,
    words,
)
from ml.synthesize.history import ALL_DAYS, DAY_SECONDS, HISTORY_DAYS, START
from ml.synthesize.names import FEMALE_NAMES, LAST_NAMES, MALE_NAMES

REGIONS = ("Capital", "North", "South", "East", "West", "Central", "Coast", "Islands")
REGION_SHARE = (0.20, 0.16, 0.14, 0.13, 0.12, 0.11, 0.09, 0.05)
REGION_SALARY = (1.22, 1.00, 0.93, 0.90, 1.02, 0.97, 1.05, 0.86)  # relative to the country
FEMALE_SHARE = 0.54
CONSENT_SHARE = 0.66  # share that agreed to marketing

SALARY_MEDIAN = 42_000.0  # per year, before the factors of age and region
SALARY_SIGMA = 0.36  # standard deviation of the logarithm
SALARY_FLOOR = 12_000.0  # the legal minimum of a part-time job
SALARY_AGES = (18, 25, 32, 45, 55, 64, 70, 90)  # ages for the factors below
SALARY_CURVE = (0.50, 0.78, 0.98, 1.14, 1.12, 0.95, 0.66, 0.60)  # factor of the salary at each age
AGE_GROUPS = ((0.33, 28, 5), (0.45, 42, 8), (0.22, 62, 8))  # share, mean, deviation at registration
ADULT_AGE = 18
OLDEST = 90

OLD_SHARE = 0.74  # share that registered before the history
OLD_DAYS = 2_191  # days before the history at most
CHANGE_SHARE = 0.05  # share with a second version: a new salary or a new region
MOVE_SHARE = 0.4  # share of these with a new region
LIFETIME_DAYS = 4_600  # mean days until a customer is lost
ONE_OFF_SHARE = 0.07  # share that is lost within weeks of registration
ONE_OFF_DAYS = 40  # mean days until then

# Standard deviation of the log order rate of customers with equal attributes: others, bulk.
PROPENSITY_SIGMA = (0.72, 0.30)
BULK_SHARE = 0.04  # share of offices and collectors, who order several times per month
ENGAGED_SHARE = (0.14, 0.40)  # share engaged with campaigns: without and with consent
DISCOUNT_LOVER_SHARE = 0.25
VISIT_SIGMA = 0.7  # standard deviation of the logarithm of a customer's browsing


@dataclass(frozen=True)
class People:
    """One chunk of customers: arrays of length n, or [n, 2] before and after `change_day`."""

    number: Ints
    is_female: Flags
    birth_day: Ints  # days since 2024-01-01, negative
    region: Ints  # [n, 2], index into REGIONS
    salary: Floats  # [n, 2], per year
    change_day: Ints  # day of the second version; ALL_DAYS without one
    has_consent: Flags
    registered: Ints  # seconds since 2024-01-01, negative for old customers
    churn_day: Ints
    propensity: Floats  # multiplier of the order rate, mean 1
    is_bulk: Flags
    is_engaged: Flags
    is_discount_lover: Flags
    browsing: Floats  # multiplier of visits, mean about 1

    @property
    def registered_day(self) -> Ints:
        """Day of registration, [n]."""
        return self.registered // DAY_SECONDS

    def age(self, day: int) -> Ints:
        """Age in completed years on a day, [n], as the feature `age_years` counts it."""
        born, today = START + self.birth_day, START + day
        months = (today.astype("datetime64[M]") - born.astype("datetime64[M]")).astype(np.int64)
        return np.asarray((months - (_day_of_month(today) < _day_of_month(born))) // 12)

    def version(self, day: int) -> tuple[Ints, Floats]:
        """Region and salary that apply on a day, [n] each."""
        now = (self.change_day <= day).astype(np.intp)
        row = np.arange(len(now))
        return self.region[row, now], self.salary[row, now]


def _day_of_month(dates: Any) -> Any:
    """Days since the first of the month, of one date or of [n]."""
    return dates - dates.astype("datetime64[M]")


def draw_people(rng: Generator, chunk: int) -> People:
    """Generate the customers of one chunk."""
    n = CHUNK_CUSTOMERS
    is_female = rng.random(n) < FEMALE_SHARE
    old = rng.random(n) < OLD_SHARE
    joined = np.where(old, rng.integers(-OLD_DAYS, 0, n), rng.integers(0, HISTORY_DAYS, n))
    age = _ages(rng, n)
    region = weighted(rng, REGION_SHARE, n)
    salary = _salaries(rng, age, region)
    change_day, later_region, later_salary = _changes(rng, joined, region, salary)
    has_consent = rng.random(n) < CONSENT_SHARE
    lifetime = np.where(
        rng.random(n) < ONE_OFF_SHARE,
        rng.exponential(ONE_OFF_DAYS, n),
        rng.exponential(LIFETIME_DAYS, n),
    )
    is_bulk = rng.random(n) < BULK_SHARE
    spread = np.array(PROPENSITY_SIGMA)[is_bulk.astype(np.intp)]
    return People(
        number=chunk * n + np.arange(n) + 1,
        is_female=is_female,
        birth_day=(joined - age * 365.2425).astype(np.int64),
        region=np.stack([region, later_region], axis=1),
        salary=np.stack([salary, later_salary], axis=1),
        change_day=change_day,
        has_consent=has_consent,
        registered=joined * DAY_SECONDS + second_of_day(rng, n),
        churn_day=joined + lifetime.astype(np.int64) + 1,
        propensity=np.exp(rng.normal(-(spread**2) / 2, spread)),
        is_bulk=is_bulk,
        is_engaged=rng.random(n) < np.array(ENGAGED_SHARE)[has_consent.astype(np.intp)],
        is_discount_lover=rng.random(n) < DISCOUNT_LOVER_SHARE,
        browsing=np.exp(rng.normal(-(VISIT_SIGMA**2) / 2, VISIT_SIGMA, n)),
    )


def _ages(rng: Generator, n: int) -> Floats:
    """Ages at registration, [n]: a mixture of normal groups, reflected at the age of adults."""
    share, mean, deviation = (np.array(column) for column in zip(*AGE_GROUPS, strict=True))
    group = weighted(rng, share.tolist(), n)
    drawn = rng.normal(mean[group], deviation[group])
    return np.asarray(np.minimum(ADULT_AGE + np.abs(drawn - ADULT_AGE), OLDEST))


def _salaries(rng: Generator, age: Floats, region: Ints) -> Floats:
    """Yearly salaries in hundreds, [n]: log-normal around the level of age and region."""
    level = (
        SALARY_MEDIAN * np.array(REGION_SALARY)[region] * np.interp(age, SALARY_AGES, SALARY_CURVE)
    )
    drawn = level * np.exp(rng.normal(0, SALARY_SIGMA, len(age)))
    return np.maximum(np.round(drawn, -2), SALARY_FLOOR)


def _changes(
    rng: Generator, joined: Ints, region: Ints, salary: Floats
) -> tuple[Ints, Ints, Floats]:
    """Second versions: the day (ALL_DAYS without one), and region and salary from then on."""
    n = len(joined)
    day = rng.integers(30, HISTORY_DAYS, n)
    changes = (rng.random(n) < CHANGE_SHARE) & (day > joined + 30)
    moves = changes & (rng.random(n) < MOVE_SHARE)
    shift = rng.integers(1, len(REGIONS), n)  # to another region
    raised = np.round(salary * rng.uniform(1.03, 1.45, n), -2)
    later_region = np.where(moves, (region + shift) % len(REGIONS), region)
    later_salary = np.where(changes & ~moves, raised, salary)
    return np.where(changes, day, ALL_DAYS), later_region, later_salary


def customers_table(rng: Generator, people: People) -> tuple[pa.Table, Ints]:
    """The raw table of customer versions, and the position of each row's customer in the chunk."""
    second = np.flatnonzero(people.change_day < HISTORY_DAYS)
    row = np.concatenate([np.arange(len(people.number)), second])
    version = (np.arange(len(row)) >= len(people.number)).astype(np.intp)
    changed = people.change_day * DAY_SECONDS + second_of_day(rng, len(people.number))
    valid_from = np.where(version == 1, changed[row], people.registered[row])
    known = prompt_arrival(rng, valid_from)

    given = np.where(
        people.is_female,
        rng.integers(0, len(FEMALE_NAMES), len(people.number)),
        len(FEMALE_NAMES) + rng.integers(0, len(MALE_NAMES), len(people.number)),
    )
    family = rng.integers(0, len(LAST_NAMES), len(people.number))
    given_names = [*FEMALE_NAMES, *MALE_NAMES]
    name = np.char.add(np.char.add(np.array(given_names)[given], " "), np.array(LAST_NAMES)[family])
    mailbox = np.char.add(np.char.replace(np.char.lower(name), " ", "."), ".")
    email = np.char.add(np.char.add(mailbox, people.number.astype(str)), "@example.com")
    order = np.argsort(row, kind="stable")
    table = pa.table(
        {
            "customer_id": customer_ids(people.number[row]),
            "full_name": pa.array(name[row]),
            "email": pa.array(email[row]),
            "gender": words(("male", "female"), people.is_female[row].astype(np.int8)),
            "birth_date": pa.array(START + people.birth_day[row]),
            "region": words(REGIONS, people.region[row, version]),
            "annual_salary": people.salary[row, version],
            "has_marketing_consent": people.has_consent[row],
            "registered_at": timestamps(people.registered[row]),
            "valid_from": timestamps(valid_from),
            "known_at": timestamps(known),
        }
    )
    return table.take(pa.array(order)), row[order]
