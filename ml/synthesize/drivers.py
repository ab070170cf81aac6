"""Planted drivers of purchases: effects of attributes, and interactions between them."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from ml.synthesize.draw import Flags, Floats, Ints
from ml.synthesize.people import REGION_SALARY, REGIONS, SALARY_MEDIAN, People

AGE_EDGES = (25, 35, 45, 55)  # bands: below 25, 25 to 34, … 55 and over
AGE_LEVEL = (0.80, 1.00, 1.15, 1.05, 0.90)  # factor of the order rate in each band
SALARY_POWER = 0.6  # order rate ~ (salary / the region's usual salary) ^ SALARY_POWER
SALARY_REACH = 2.5  # the ratio is limited to 1 / SALARY_REACH to SALARY_REACH
ENGAGED_LEVEL = 1.35  # factor for customers engaged with campaigns, at all times
BULK_LEVEL = 18.0  # factor for offices and collectors
RESPONSE_LEVEL = 1.5  # factor during a campaign to which the customer responded
DISCOUNT_RESPONSE_LEVEL = 2.4  # the same for a customer who loves discounts


@dataclass(frozen=True)
class Attributes:
    """The attributes that planted rules use, on one day; arrays of length n."""

    age: Ints  # completed years
    salary: Floats  # per year
    region: Ints  # index into REGIONS
    is_female: Flags
    is_engaged: Flags


@dataclass(frozen=True)
class Interaction:
    """A planted multiplier of the order rate for customers with a combination of attributes."""

    name: str
    description: str
    features: tuple[str, ...]
    multiplier: float
    applies: Callable[[Attributes], Flags]


def _in_region(who: Attributes, name: str) -> Flags:
    return np.asarray(who.region == REGIONS.index(name))


def _aged(who: Attributes, youngest: int, before: int = 200) -> Flags:
    return np.asarray((who.age >= youngest) & (who.age < before))


INTERACTIONS = (
    Interaction(
        "young_high_earners",
        "age 25-34 and annual salary above 60000",
        ("age", "annual_salary"),
        2.0,
        lambda who: _aged(who, 25, 35) & (who.salary > 60_000),
    ),
    Interaction(
        "engaged_women_of_the_north",
        "female, region North, engaged with campaigns",
        ("gender", "region", "campaign engagement"),
        1.8,
        lambda who: who.is_female & _in_region(who, "North") & who.is_engaged,
    ),
    Interaction(
        "older_low_earners",
        "age 55 and over and annual salary below 30000",
        ("age", "annual_salary"),
        0.4,
        lambda who: _aged(who, 55) & (who.salary < 30_000),
    ),
    Interaction(
        "men_of_the_capital_in_mid_life",
        "male, age 45-54, region Capital",
        ("gender", "age", "region"),
        1.7,
        lambda who: ~who.is_female & _aged(who, 45, 55) & _in_region(who, "Capital"),
    ),
)

# Segments next to the planted ones, in which only the main effects apply.
NEIGHBOURS: tuple[tuple[str, str, Callable[[Attributes], Flags]], ...] = (
    ("everyone", "all registered customers", lambda who: who.age > 0),
    (
        "young_other_earners",
        "age 25-34 and annual salary of 60000 or less",
        lambda who: _aged(who, 25, 35) & (who.salary <= 60_000),
    ),
    (
        "engaged_women_elsewhere",
        "female, any region but North, engaged with campaigns",
        lambda who: who.is_female & ~_in_region(who, "North") & who.is_engaged,
    ),
    (
        "older_other_earners",
        "age 55 and over and annual salary of 30000 or more",
        lambda who: _aged(who, 55) & (who.salary >= 30_000),
    ),
    (
        "women_of_the_capital_in_mid_life",
        "female, age 45-54, region Capital",
        lambda who: who.is_female & _aged(who, 45, 55) & _in_region(who, "Capital"),
    ),
)


def attributes(people: People, day: int) -> Attributes:
    """The attributes of the customers on a day."""
    region, salary = people.version(day)
    return Attributes(people.age(day), salary, region, people.is_female, people.is_engaged)


def attribute_level(who: Attributes) -> Floats:
    """Order rate / that of an average customer: main effects times interactions, [n]."""
    usual = SALARY_MEDIAN * np.array(REGION_SALARY)[who.region]
    ratio = np.clip(who.salary / usual, 1 / SALARY_REACH, SALARY_REACH)
    level = np.array(AGE_LEVEL)[np.digitize(who.age, AGE_EDGES)] * ratio**SALARY_POWER
    level = level * np.where(who.is_engaged, ENGAGED_LEVEL, 1.0)
    for interaction in INTERACTIONS:
        level = np.where(interaction.applies(who), level * interaction.multiplier, level)
    return level
