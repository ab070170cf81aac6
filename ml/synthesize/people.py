"""Customers: what the shop knows of them (demographics) and what only the truth knows (traits)."""

from dataclasses import dataclass

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
CONSENT_SHARE = 0.66  # agreed to marketing

SALARY_MEDIAN = 42_000.0  # a year, at the best-paid age, before the region's level
SALARY_SIGMA = 0.36  # of its logarithm
SALARY_FLOOR = 12_000.0  # the legal minimum of a part-time job
SALARY_AGES = (18, 25, 32, 45, 55, 64, 70, 90)  # ages at which …
SALARY_CURVE = (0.50, 0.78, 0.98, 1.14, 1.12, 0.95, 0.66, 0.60)  # … the salary has this level
AGE_GROUPS = ((0.33, 28, 5), (0.45, 42, 8), (0.22, 62, 8))  # share, mean, deviation at registration
ADULT_AGE = 18
OLDEST = 90

OLD_SHARE = 0.74  # registered before the history begins …
OLD_DAYS = 2_191  # … at most this many days before
CHANGE_SHARE = 0.05  # customers with a second version (new salary, or a move)
MOVE_SHARE = 0.4  # of these, those who move
LIFETIME_DAYS = 4_600  # mean days until a customer is lost
ONE_OFF_SHARE = 0.07  # customers lost within weeks of their first visit …
ONE_OFF_DAYS = 40  # … after this many days on average

PROPENSITY_SIGMA = (0.72, 0.30)  # spread of the log order rate at equal attributes: others, bulk
BULK_SHARE = 0.04  # offices and collectors: they order several times a month
ENGAGED_SHARE = (0.14, 0.40)  # engaged with campaigns: without and with consent
DISCOUNT_LOVER_SHARE = 0.25
VISIT_SIGMA = 0.7  # spread of the logarithm of how much a customer browses


@dataclass(frozen=True)
class People:
    """One chunk of customers: arrays of length n, or [n, 2] for before and after `change_day`."""

    number: Ints
    is_female: Flags
    birth_day: Ints  # days since 2024-01-01, negative
    region: Ints  # [n, 2], index into REGIONS
    salary: Floats  # [n, 2], a year
    change_day: Ints  # day of the second version; ALL_DAYS when there is none
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
        """Day of registration."""
        return self.registered // DAY_SECONDS

    def age(self, day: int) -> Floats:
        """Age in years on a day, [n]."""
        return (day - self.birth_day) / 365.2425

    def version(self, day: int) -> tuple[Ints, Floats]:
        """Region and salary that hold on a day, each [n]."""
        now = (self.change_day <= day).astype(np.intp)
        row = np.arange(len(now))
        return self.region[row, now], self.salary[row, now]


def draw_people(rng: Generator, chunk: int) -> People:
    """Draw the customers of one chunk."""
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
    """Ages at registration: a mixture of groups, reflected at the age of adults."""
    share, mean, deviation = (np.array(column) for column in zip(*AGE_GROUPS, strict=True))
    group = weighted(rng, share.tolist(), n)
    drawn = rng.normal(mean[group], deviation[group])
    return np.asarray(np.minimum(ADULT_AGE + np.abs(drawn - ADULT_AGE), OLDEST))


def _salaries(rng: Generator, age: Floats, region: Ints) -> Floats:
    """Yearly salaries in round hundreds: log-normal around the level of age and region."""
    level = (
        SALARY_MEDIAN * np.array(REGION_SALARY)[region] * np.interp(age, SALARY_AGES, SALARY_CURVE)
    )
    drawn = level * np.exp(rng.normal(0, SALARY_SIGMA, len(age)))
    return np.maximum(np.round(drawn, -2), SALARY_FLOOR)


def _changes(
    rng: Generator, joined: Ints, region: Ints, salary: Floats
) -> tuple[Ints, Ints, Floats]:
    """Second versions: the day (ALL_DAYS for none), the region and the salary from then on."""
    n = len(joined)
    day = rng.integers(30, HISTORY_DAYS, n)
    changes = (rng.random(n) < CHANGE_SHARE) & (day > joined + 30)
    moves = changes & (rng.random(n) < MOVE_SHARE)
    shift = rng.integers(1, len(REGIONS), n)  # never the same region
    raised = np.round(salary * rng.uniform(1.03, 1.45, n), -2)
    later_region = np.where(moves, (region + shift) % len(REGIONS), region)
    later_salary = np.where(changes & ~moves, raised, salary)
    return np.where(changes, day, ALL_DAYS), later_region, later_salary


def customers_table(rng: Generator, people: People) -> tuple[pa.Table, Ints]:
    """The raw table of customer versions, and each row's customer as a row of the chunk."""
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
