"""The shop's calendar: which days exist, how busy they are, and when campaigns run.

Days are whole numbers counted from 2024-01-01 (day 0); times are whole seconds counted from its
midnight (UTC).
"""

import numpy as np
from numpy.typing import NDArray

START = np.datetime64("2024-01-01", "D")  # first day with events
END = np.datetime64("2026-01-01", "D")  # first day without events: the newest as-of date
HORIZONS = (7, 30, 90)  # days that a true probability looks forward
HISTORY_DAYS = int((END - START).astype(int))
ALL_DAYS = HISTORY_DAYS + max(HORIZONS)  # the truth needs rates after the history, too
DAY_SECONDS = 86_400
END_SECONDS = HISTORY_DAYS * DAY_SECONDS

AS_OF_STEP = 28  # days between two as-of dates of the truth
AS_OF_COUNT = 14  # number of these dates, counted backwards from END
AS_OF_DAYS = HISTORY_DAYS - AS_OF_STEP * np.arange(AS_OF_COUNT)

CAMPAIGN_FIRST_DAY = 6  # the first campaign starts on this day
CAMPAIGN_STEP = 26  # days between two campaign starts
CAMPAIGN_DAYS = 14  # days during which a customer who responded buys more

# Orders relative to an average day: by month from January on.
MONTH_LEVEL = (0.90, 0.95, 0.97, 0.98, 1.00, 0.97, 0.94, 0.93, 1.00, 1.04, 1.16, 1.16)
WEEKDAY_LEVEL = (1.00, 0.96, 0.95, 0.98, 1.02, 1.06, 1.03)  # Monday … Sunday
GIFT_DAYS = ("02-14", "05-11", "06-15", "11-28", "12-24")  # Valentine … Christmas, month-day
GIFT_REACH = 10  # days before a gift day that count as close to it

DATES = START + np.arange(ALL_DAYS)
_MONTHS = DATES.astype("datetime64[M]")
MONTH_OF_DAY = (_MONTHS - _MONTHS[0]).astype(np.intp)  # 0 for January 2024
MONTH_STARTS = (np.unique(_MONTHS).astype("datetime64[D]") - START).astype(np.int64)
WEEKDAY = (DATES.astype(np.int64) + 3) % 7  # 1970-01-01 was a Thursday; 0 is Monday
IS_WEEKEND = WEEKDAY >= 5

SEASON = np.array(MONTH_LEVEL)[MONTH_OF_DAY % 12] * np.array(WEEKDAY_LEVEL)[WEEKDAY]

CAMPAIGN_STARTS = np.arange(CAMPAIGN_FIRST_DAY, ALL_DAYS, CAMPAIGN_STEP)
CAMPAIGNS = len(CAMPAIGN_STARTS)
_SINCE_FIRST = np.arange(ALL_DAYS) - CAMPAIGN_FIRST_DAY
# The campaign that runs on each day; CAMPAIGNS (one after the last) on days without a campaign.
CAMPAIGN_OF_DAY = np.where(
    (_SINCE_FIRST >= 0) & (_SINCE_FIRST % CAMPAIGN_STEP < CAMPAIGN_DAYS),
    _SINCE_FIRST // CAMPAIGN_STEP,
    CAMPAIGNS,
)


def _special_day() -> NDArray[np.float64]:
    """Closeness of each day to the next gift day, [ALL_DAYS]: 1.0 on that day, 0.0 far from it."""
    years = np.unique(DATES.astype("datetime64[Y]")).astype(str)
    gifts = np.array([f"{year}-{day}" for year in years for day in GIFT_DAYS], "datetime64[D]")
    ahead = (gifts[None, :] - DATES[:, None]).astype(np.int64)
    nearest = np.where(ahead >= 0, ahead, ALL_DAYS).min(axis=1)
    return np.asarray(np.round(np.clip(1 - nearest / GIFT_REACH, 0, 1) * 5) / 5)


SPECIAL_DAY = _special_day()
