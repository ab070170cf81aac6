"""Campaigns: who sees them, who responds, and the events in the social channels."""

import numpy as np
import pyarrow as pa
from numpy.random import Generator
from numpy.typing import NDArray

from ml.synthesize.draw import (
    CHUNK_IDS,
    Flags,
    Ints,
    arrival,
    customer_ids,
    identifiers,
    second_of_day,
    timestamps,
    weighted,
    words,
)
from ml.synthesize.history import (
    CAMPAIGN_DAYS,
    CAMPAIGN_STARTS,
    CAMPAIGNS,
    DAY_SECONDS,
    HISTORY_DAYS,
)
from ml.synthesize.people import People

CHANNELS = ("email", "instagram", "facebook", "search")
CHANNEL_SHARE = (0.45, 0.25, 0.20, 0.10)
FAVOURITE_SHARE = 0.7  # share of a customer's contacts that use the favourite channel
ACTIONS = ("impression", "click", "like", "share", "follow")
ACTIVE_SHARE = (0.0, 0.62, 0.26, 0.08, 0.04)  # shares among actions other than impressions

IMPRESSIONS = (0.35, 0.95)  # per campaign and customer: without and with consent
RESPONSE_SHARE = (0.05, 0.45)  # share of campaigns with a response: other and engaged customers
LOST_RESPONSE = 0.1  # factor of that share for lost customers
RESPONSE_ACTIONS = 1.3  # mean number of actions of a response beyond the first
RESPONSE_DELAY = 2.0  # mean days from the start of a campaign to an action


def draw_responses(rng: Generator, people: People) -> Flags:
    """Whether each customer responds to each campaign, [n, campaigns]: not before registration."""
    share = np.array(RESPONSE_SHARE)[people.is_engaged.astype(np.intp)][:, None]
    lost = people.churn_day[:, None] <= CAMPAIGN_STARTS
    known = people.registered_day[:, None] < CAMPAIGN_STARTS
    draws = rng.random((len(people.number), CAMPAIGNS))
    return known & (draws < np.where(lost, share * LOST_RESPONSE, share))


def campaign_ids(campaign: NDArray[np.integer]) -> pa.Array:
    """Identifiers of campaigns from their index: 0 -> "CMP001"."""
    return identifiers("CMP", np.asarray(campaign, np.int64) + 1, 3)


def engagements_table(
    rng: Generator, people: People, responded: Flags, chunk: int
) -> tuple[pa.Table, Ints]:
    """The raw table of social engagements, and the position of each row's customer in the chunk."""
    known = people.registered_day[:, None] < CAMPAIGN_STARTS
    reach = np.array(IMPRESSIONS)[people.has_consent.astype(np.intp)][:, None]
    shown = np.where(known, rng.poisson(np.broadcast_to(reach, known.shape)), 0)
    shown = np.maximum(shown, responded)  # a response needs an impression
    acted = np.where(responded, 1 + rng.poisson(RESPONSE_ACTIONS, responded.shape), 0)

    cell = np.concatenate(
        [
            np.repeat(np.arange(known.size), shown.ravel()),
            np.repeat(np.arange(known.size), acted.ravel()),
        ]
    )
    is_active = np.arange(len(cell)) >= shown.sum()
    owner, campaign = np.divmod(cell, CAMPAIGNS)
    count = len(cell)
    # impressions happen early in a campaign, actions in the days after
    delay = rng.exponential(RESPONSE_DELAY, count) * np.where(is_active, 1.0, 0.5)
    day = CAMPAIGN_STARTS[campaign] + np.minimum(delay.astype(np.int64), CAMPAIGN_DAYS - 1)
    seconds = day * DAY_SECONDS + second_of_day(rng, count)

    favourite = weighted(rng, CHANNEL_SHARE, len(people.number))
    is_usual = rng.random(count) < FAVOURITE_SHARE
    channel = np.where(is_usual, favourite[owner], weighted(rng, CHANNEL_SHARE, count))
    no_email = (CHANNELS[0] == np.array(CHANNELS)[channel]) & ~people.has_consent[owner]
    channel = np.where(no_email, 1, channel)  # no consent, no e-mail
    action = np.where(is_active, weighted(rng, ACTIVE_SHARE, count), 0)

    kept = np.flatnonzero(seconds < HISTORY_DAYS * DAY_SECONDS)
    kept = kept[np.lexsort((seconds[kept], owner[kept]))]
    known_at = arrival(rng, seconds)
    table = pa.table(
        {
            "engagement_id": identifiers("E", chunk * CHUNK_IDS + np.arange(len(kept))),
            "customer_id": customer_ids(people.number[owner[kept]]),
            "campaign_id": campaign_ids(campaign[kept]),
            "channel": words(CHANNELS, channel[kept]),
            "action": words(ACTIONS, action[kept]),
            "engaged_at": timestamps(seconds[kept]),
            "known_at": timestamps(known_at[kept]),
        }
    )
    return table, owner[kept]
