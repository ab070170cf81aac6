"""What tells a micro-segment from the rest of its parent, held against statsmodels and scipy."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

import duckdb
import jinja2
import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy.stats import norm
from statsmodels.stats.meta_analysis import effectsize_smd

from tests.support.macro_files import macro_file
from tests.support.shops import Shop
from warehouse.feature_tables import Feature, load_feature_tables
from warehouse.settings import PROJECT_ROOT

STATISTICS = PROJECT_ROOT / "macros" / "statistics"
LEVELS = macro_file("segment_levels")
Array = npt.NDArray[np.float64]
KEY = ["level", "segment_id", "feature", "measure"]


def rendered(file: str, call: str) -> str:
    """The SQL of a macro that needs nothing of dbt."""
    text = (STATISTICS / file).read_text(encoding="utf-8")
    return jinja2.Environment().from_string(f"{text}{{{{ {call} }}}}").render().strip()


def test_the_normal_quantile_is_that_of_scipy() -> None:
    """From the largest probability it is for to one in a million million, to 2e-9."""
    chances = np.geomspace(1e-12, 0.0242, 200)
    sql = rendered("normal_quantile_upper.sql", "normal_quantile_upper('p')")
    with duckdb.connect() as connection:
        found = connection.execute(
            f"select {sql} from (select unnest($1) as p)", [chances.tolist()]
        ).fetchnumpy()
    (values,) = found.values()
    np.testing.assert_allclose(values, norm.isf(chances), rtol=2e-9)


SIDES = [(2, 0.0, 1.0), (3, 5.0, 0.0), (10, -1.5, 2.25), (40, 1e5, 1e8), (5000, 0.01, 0.0099)]


def test_g_and_its_variance_are_those_of_statsmodels() -> None:
    """Where both sides spread alike; the denominator of its second term is 3.94 smaller there."""
    g = rendered("hedges_g.sql", "hedges_g('n1', 'm1', 'v1', 'n2', 'm2', 'v2')")
    spread = rendered("hedges_g.sql", "hedges_g_variance('g', 'n1', 'v1', 'n2', 'v2')")
    pairs = [(one, other) for one in SIDES for other in SIDES if one[2] + other[2] > 0]
    with duckdb.connect() as connection:
        for (n1, m1, v1), (n2, m2, v2) in pairs:
            ((found, alike),) = connection.execute(
                f"select g, {spread} from (select n1, n2, 2.0 as v1, 2.0 as v2, {g} as g from "
                "(values (?::bigint, ?::double, ?::double, ?::bigint, ?::double, ?::double)) "
                "as one (n1, m1, v1, n2, m2, v2))",
                [n1, m1, v1, n2, m2, v2],
            ).fetchall()
            expected, variance = effectsize_smd(m1, v1**0.5, n1, m2, v2**0.5, n2)
            assert found == pytest.approx(expected, rel=1e-12)
            if n1 + n2 > 4:
                larger = found**2 / 2 / (n1 + n2 - 3.94) - found**2 / 2 / (n1 + n2)
                assert alike == pytest.approx(variance - larger, rel=1e-9)


def test_the_variance_of_g_is_never_below_that_of_unlike_spreads() -> None:
    """Few customers who spread widely, beside many alike: Welch's variance, not the pooled one."""
    spread = rendered("hedges_g.sql", "hedges_g_variance('0.0', '20', '25.0', '1000', '1.0')")
    with duckdb.connect() as connection:
        ((found,),) = connection.sql(f"select {spread}").fetchall()
    pooled = (19 * 25 + 999) / 1018
    assert found == pytest.approx((25 / 20 + 1 / 1000) / pooled, rel=1e-12)
    assert found > 10 * (1 / 20 + 1 / 1000)


@dataclass(frozen=True)
class Told:
    """What the models say, and what they say it of."""

    features: tuple[Feature, ...]
    customers: pd.DataFrame  # customer_features of the newest date, with the segments
    differences: pd.DataFrame
    profiles: pd.DataFrame
    levels: tuple[str, ...]


@pytest.fixture(scope="module")
def told(shop: Shop) -> Told:
    """The shop's."""
    tables = load_feature_tables(shop.workspace.folder / "target" / "manifest.json")
    (features,) = (t.features for t in tables if t.relation == "features.customer_features")
    customers = shop.workspace.frame(
        "select * from features.customer_features inner join segments.customer_micro_segments "
        "using (customer_id, as_of_date) "
        "where as_of_date = (select max(as_of_date) from features.customer_features)"
    )
    ids = tuple(name for name in customers.columns if name.endswith("_segment_id"))
    return Told(
        features,
        customers,
        shop.workspace.frame("select * from segments.micro_segment_differences"),
        shop.workspace.frame("select * from segments.micro_segment_profiles"),
        ids,
    )


def samples(told: Told) -> Iterator[tuple[tuple[object, ...], Array, Array]]:
    """Every key with the values in the segment and in the rest of its parent."""
    values = told.customers[[feature.name for feature in told.features]].to_numpy(dtype=float)
    for level, ids in enumerate(told.levels, start=1):
        segments = told.customers[ids].to_numpy()
        above = told.customers[told.levels[level - 2]].to_numpy() if level > 1 else None
        for segment in np.unique(segments):
            inside = segments == segment
            rest = ~inside if above is None else ~inside & (above == above[inside][0])
            for feature, column in zip(told.features, values.T, strict=True):
                known = ~np.isnan(column)
                key = (level, segment, feature.name)
                yield (*key, "value"), column[inside & known], column[rest & known]
                yield (*key, "missing"), 1.0 - known[inside], 1.0 - known[rest]


def test_every_difference_is_that_of_statsmodels(told: Told) -> None:
    """Of every segment and feature: means, g, the interval and which rows there are."""
    moments = {
        key: (
            *(len(inside), inside.mean(), inside.var(ddof=1)),
            *(len(rest), rest.mean(), rest.var(ddof=1)),
        )
        for key, inside, rest in samples(told)
        if min(len(inside), len(rest)) > 1
    }
    expected = pd.DataFrame.from_dict(
        {key: row for key, row in moments.items() if row[2] + row[5] > 1e-12},
        orient="index",
        columns=["n1", "m1", "v1", "n2", "m2", "v2"],
    )
    found = told.differences.set_index(KEY)
    assert len(found) > 1000
    assert set(found.index) == set(expected.index)
    found = found.loc[expected.index.tolist()]
    n1, m1, v1, n2, m2, v2 = expected.to_numpy().T
    g, _ = effectsize_smd(m1, v1**0.5, n1, m2, v2**0.5, n2)
    pooled = ((n1 - 1) * v1 + (n2 - 1) * v2) / (n1 + n2 - 2)
    spread = np.maximum(1 / n1 + 1 / n2, (v1 / n1 + v2 / n2) / pooled) + g**2 / 2 / (n1 + n2)
    compared = found.groupby(["level", "segment_id"])["known"]
    margin = norm.isf(0.025 / np.maximum(compared.transform("size"), 2)) * spread**0.5
    for column, values in [
        ("known", n1),
        ("known_rest", n2),
        ("mean", m1),
        ("mean_rest", m2),
        ("difference", g),
        ("difference_low", g - margin),
        ("difference_high", g + margin),
    ]:
        np.testing.assert_allclose(found[column], values, rtol=1e-6, atol=1e-7, err_msg=column)
    clear = np.where(np.abs(g) > margin, "clear", "unclear")
    assert (found["verdict"] == np.where(np.minimum(n1, n2) < 10, "too_few", clear)).all()


def test_labels_and_groups_are_those_of_the_yaml(told: Told) -> None:
    """Every feature of the catalog is compared, and called what the catalog calls it."""
    named = told.differences.groupby("feature")[["feature_label", "feature_group"]].first()
    expected = {feature.name: feature for feature in told.features}
    assert set(named.index) <= set(expected)
    assert len(named) > 50
    for name, label, group in named.itertuples():
        assert (label, group) == (expected[name].label, expected[name].group)


def test_a_profile_is_the_five_surest_differences(told: Told) -> None:
    """Chosen again one by one: one a theme, two a group, nothing the name says."""
    rows = told.differences[~told.differences["is_in_the_name"]]
    for key, segment in list(rows.groupby(["level", "segment_id"]))[::5]:
        sure = (
            segment["difference"].abs()
            - (segment["difference_high"] - segment["difference_low"]) / 2
        )
        order = segment.assign(
            unclear=segment["verdict"] != "clear", missing=segment["measure"] != "value", sure=-sure
        ).sort_values(["unclear", "missing", "sure", "feature"])
        chosen: list[tuple[str, str]] = []
        themes, groups = set(), {}
        for row in order.itertuples():
            theme = (row.feature_group, row.feature_theme)
            if theme in themes or groups.get(row.feature_group, 0) == 2 or len(chosen) == 5:
                continue
            themes.add(theme)
            groups[row.feature_group] = groups.get(row.feature_group, 0) + 1
            chosen.append((row.feature, row.measure))
        profile = told.profiles[
            (told.profiles["level"] == key[0]) & (told.profiles["segment_id"] == key[1])
        ].sort_values("difference_rank")
        assert list(zip(profile["feature"], profile["measure"], strict=True)) == chosen
        assert profile["difference_rank"].tolist() == list(range(1, len(chosen) + 1))


def test_what_defines_a_level_is_left_out_and_its_names_exist(told: Told) -> None:
    """A feature renamed would otherwise come back unseen; the profiles do not say what names do."""
    known = {*told.differences["feature_group"], *told.differences["feature_theme"]}
    known |= {f"{group} missing" for group in told.differences["feature_group"]}
    text = LEVELS.read_text(encoding="utf-8")
    lists = re.findall(r"(?:set orders =|'defined_by':) \[([^\]]+)\]", text)
    names = {name for found in lists for name in re.findall(r"'([^']+)'", found)}
    assert names and names <= known
    coarse = told.profiles[told.profiles["level"] <= 2]
    assert "orders" not in set(coarse["feature_group"])
    assert not told.profiles.merge(told.differences[told.differences["is_in_the_name"]][KEY]).size


def test_a_difference_is_said_in_words(told: Told) -> None:
    """Label and both means, as a percentage where they are shares, with a warning unless clear."""
    says = told.profiles
    assert says["in_words"].notna().all()
    clear = says["verdict"] == "clear"
    assert says.loc[clear, "in_words"].str.fullmatch(r".+: \S+( %)? against \S+( %)?").all()
    assert says.loc[says["verdict"] == "unclear", "in_words"].str.endswith(" (may be chance)").all()
    few = says.loc[says["verdict"] == "too_few", "in_words"]
    assert few.str.endswith(" (too few to tell)").all()
    pairs = zip(says["feature_label"], says["in_words"], strict=True)
    assert all(label in words for label, words in pairs)
    visits = says[says["feature"].str.match(r"session_count_\d+d") & (says["measure"] == "value")]
    assert not visits["in_words"].str.contains("%").any()
