"""The shop's products: ten categories of twenty-four products, a few of which sell very often."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.random import Generator

from ml.synthesize.draw import (
    Floats,
    Ints,
    identifiers,
    prompt_arrival,
    second_of_day,
    timestamps,
    words,
)
from ml.synthesize.history import DAY_SECONDS

# category: median price, share of lines, first words of names, second words of names
CATEGORIES: dict[str, tuple[float, float, str, str]] = {
    "Toys": (18, 0.11, "Wooden Plush Tin Magnetic Painted Giant", "Train Bear Puzzle Kite"),
    "Books": (
        14,
        0.15,
        "Illustrated Pocket Signed Hardback Classic Annotated",
        "Novel Atlas Diary Cookbook",
    ),
    "Garden": (
        27,
        0.08,
        "Copper Folding Oak Galvanised Terracotta Compact",
        "Trowel Lantern Planter Bench",
    ),
    "Kitchen": (24, 0.13, "Enamel Cast-Iron Glass Steel Bamboo Ceramic", "Kettle Pan Board Bowl"),
    "Sports": (36, 0.08, "Light Pro Trail Junior Foldable Thermal", "Ball Bottle Mat Backpack"),
    "Beauty": (16, 0.11, "Almond Rose Citrus Mint Cedar Unscented", "Soap Cream Oil Candle"),
    "Fashion": (39, 0.12, "Linen Wool Cotton Denim Silk Knitted", "Scarf Shirt Hat Jacket"),
    "Electronics": (
        85,
        0.07,
        "Wireless Compact Solar Smart Foldable Retro",
        "Speaker Lamp Radio Charger",
    ),
    "Home": (31, 0.10, "Woven Velvet Marble Rattan Brass Recycled", "Cushion Mirror Basket Vase"),
    "Grocery": (8, 0.05, "Organic Smoked Spiced Roasted Dark Wild", "Tea Coffee Honey Chocolate"),
}
PRICE_SIGMA = 0.45  # standard deviation of the logarithm of a price within its category
LISTED_DAYS = 1_500  # days before the history at most on which a product was listed
POPULARITY_POWER = 0.8  # sales of the k-th product of a category ~ k ^ -POPULARITY_POWER


@dataclass(frozen=True)
class Products:
    """The price list, arrays of length p; the products of a category are next to each other."""

    price: Floats
    listed: Ints  # seconds since 2024-01-01, all negative
    share: Floats  # share of the lines of its category
    category: Ints  # index into CATEGORIES


def draw_products(rng: Generator) -> Products:
    """Generate the price list."""
    names = [_names(category) for category in CATEGORIES]
    category = np.repeat(np.arange(len(names)), [len(block) for block in names])
    median = np.array([facts[0] for facts in CATEGORIES.values()])[category]
    price = median * np.exp(rng.normal(0, PRICE_SIGMA, len(category)))
    share = np.concatenate(
        [rng.permutation(np.arange(1.0, len(block) + 1) ** -POPULARITY_POWER) for block in names]
    )
    total = np.bincount(category, share)
    day = -rng.integers(1, LISTED_DAYS, len(category))
    return Products(
        price=np.maximum(np.round(price * 2) / 2 - 0.01, 0.99),  # 12.49, 12.99, …
        listed=day * DAY_SECONDS + second_of_day(rng, len(category)),
        share=share / total[category],
        category=category,
    )


def _names(category: str) -> list[str]:
    _, _, qualities, things = CATEGORIES[category]
    return [f"{quality} {thing}" for quality in qualities.split() for thing in things.split()]


def pick_products(rng: Generator, products: Products, favourite: Ints, share: float) -> Ints:
    """Sample one product per line: from the favourite category with probability `share`, else any.

    `favourite` [lines] is the favourite category of each line's customer. Returns indices of
    products, [lines].
    """
    weights = np.array([facts[1] for facts in CATEGORIES.values()])
    overall = np.cumsum(weights) / weights.sum()
    count = len(favourite)
    anything = np.minimum(
        np.searchsorted(overall, rng.random(count), side="right"), len(weights) - 1
    )
    category = np.where(rng.random(count) < share, favourite, anything)
    # one search for all categories: category c has the interval [c, c + 1) of the cumulative shares
    until = np.cumsum(products.share)
    return np.minimum(
        np.searchsorted(until, category + rng.random(count), side="right"), len(until) - 1
    )


def products_table(rng: Generator, products: Products) -> pa.Table:
    """The raw table of products."""
    count = len(products.price)
    return pa.table(
        {
            "product_id": identifiers("P", np.arange(count) + 1, 4),
            "product_name": [name for category in CATEGORIES for name in _names(category)],
            "category": words(list(CATEGORIES), products.category),
            "list_price": products.price,
            "listed_at": timestamps(products.listed),
            "known_at": timestamps(prompt_arrival(rng, products.listed)),
        }
    )
