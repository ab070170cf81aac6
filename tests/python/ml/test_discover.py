"""Discovery: nothing in noise, the planted segments in planted data, and rows that SQL joins."""

import json
from collections.abc import Mapping
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import duckdb
import jinja2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import fisher_exact
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

from bench.discover import PLANTED, Shop, draw, evaluate, find, same_customers_later
from ml.cli import main
from ml.data.dataset import NothingToLearnError
from ml.discover.confirm import confirm, holm, statistics
from ml.discover.evidence import Evidence, distinct, overlap
from ml.discover.propose import Proposal, propose
from ml.discover.rules import Condition, Members, Missing, Rule
from ml.discover.sentence import Words, sentence, words
from ml.discover.snap import readable_bound
from ml.discover.tree_rules import grow_rules
from ml.discover.windows import Windows, split
from tests.support.factory import DDL, execute
from tests.support.macro_files import macro_text
from tests.support.ml_factory import DATES, FEATURES, RELATION, TASK, dataset, project
from warehouse.feature_tables import Feature
from warehouse.settings import PROJECT_ROOT, Settings
from warehouse.tables import insert

MEMBERS = PROJECT_ROOT / "models" / "segments" / "discovered_segment_members.sql"
TABLES = ("discovered_segments", "discovered_segment_statistics")


@pytest.fixture(scope="module")
def planted() -> Shop:
    """A shop with five planted segments."""
    return draw(3_000, 1, PLANTED)


# What is found


def test_noise_confirms_nothing() -> None:
    """At most one of eight shops in which features have no effect yields a segment.

    One run in twenty may fail. Then more than one of eight fail in one of 18 cases.
    """
    failed = 0
    for run in range(8):
        data = draw(400, run, habit_variance=8.0).data
        failed += bool(find(data, split(data, run), run))
    assert failed <= 1


def test_shuffled_labels_confirm_nothing(planted: Shop) -> None:
    """What was planted is gone with the labels' order."""
    data = planted.data
    shuffled = np.random.default_rng(0).permutation(data.labels)
    data = type(data)(data.table, data.task, data.matrix, shuffled, data.entities, data.as_of)
    assert find(data, split(data), 0) == []


def test_planted_segments_are_found_and_nothing_else(planted: Shop) -> None:
    """At least three of the five with 1,500 customers on each side, and no false segment."""
    found = find(planted.data, split(planted.data, 1), 1)
    recalled, false = evaluate(planted, found)
    assert recalled >= 3
    assert false == 0


def test_the_windows_share_no_customer_and_no_day(planted: Shop) -> None:
    """Labels of the proposing rows had ended when the confirming window began."""
    data = planted.data
    windows = split(data)
    proposing, confirming = windows.proposing, windows.confirming
    assert not set(data.entities[proposing]) & set(data.entities[confirming])
    horizon = np.timedelta64(data.task.horizon_days, "D")
    assert (data.as_of[proposing].max() + horizon) <= data.as_of[confirming].min()
    for once in (windows.proposed, confirming):
        assert len(set(data.entities[once])) == len(once)
    assert set(data.entities[windows.proposed]) == set(data.entities[proposing])
    assert set(windows.proposed) <= set(proposing)


def test_a_customer_stays_on_its_side_when_others_come() -> None:
    """The side hangs on the key and the seed alone."""
    few, many = draw(300, 0).data, draw(600, 0).data
    sides = [set(data.entities[split(data).confirming]) for data in (few, many)]
    assert sides[0] == sides[1] & set(few.entities)
    assert sides[0] != set(few.entities[split(few, seed=1).confirming])


def test_one_date_is_split_by_customer() -> None:
    """Without a later window, other customers confirm the rules."""
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(600, 3)).astype(np.float32)
    data = dataset(matrix, (rng.random(600) < 0.3).astype(np.uint8))
    windows = split(data)
    assert sorted([*windows.proposing, *windows.confirming]) == list(range(600))


def test_sessions_of_many_dates_confirm_on_the_newest_third() -> None:
    """Each entity has one date, so the newest date alone would have too few."""
    rng = np.random.default_rng(0)
    data = dataset(rng.normal(size=(900, 2)).astype(np.float32), rng.integers(0, 2, 900), DATES)
    keys = np.array([f"s{number:04d}" for number in range(900)], dtype=object)
    data = type(data)(data.table, data.task, data.matrix, data.labels, keys, data.as_of)
    windows = split(data)
    assert data.as_of[windows.confirming].min() == np.datetime64(DATES[3])
    assert data.as_of[windows.proposing].max() == np.datetime64(DATES[2])


def test_too_few_customers_are_refused() -> None:
    """Instead of statistics on a handful."""
    data = dataset(np.zeros((60, 2), dtype=np.float32), np.arange(60) % 2)
    with pytest.raises(NothingToLearnError, match="at least 50 are needed"):
        split(data)


def test_the_same_seed_gives_the_same_rules() -> None:
    """And figures."""
    data = draw(400, 0, PLANTED).data
    windows = split(data, 3)
    once, again = (
        confirm(data, propose(data, windows, 3), windows.proposed, windows.confirming)
        for _ in range(2)
    )
    assert once
    assert once == again


def test_a_split_by_time_alone_keeps_every_customer(planted: Shop) -> None:
    """What the benchmark compares with: the same customers on both sides."""
    windows = same_customers_later(planted.data, split(planted.data))
    assert len(windows.confirming) == len(windows.proposed) == 3_000


# Statistics


def small(seed: int = 0, rows: int = 400) -> tuple[Any, Windows]:
    """A data set of one date in which feature 0 and 1 matter together."""
    rng = np.random.default_rng(seed)
    matrix = rng.integers(0, 2, size=(rows, 3)).astype(np.float32)
    labels = rng.random(rows) < np.where(matrix[:, 0] * matrix[:, 1] > 0, 0.7, 0.2)
    data = dataset(matrix, labels.astype(np.uint8))
    return data, split(data)


def on(*features: int) -> Rule:
    """1 in each of these features."""
    return Rule(tuple(Condition(f"feature_{number}", low=1.0) for number in features))


def test_the_p_value_is_the_largest_of_fishers() -> None:
    """Against the rest and against each parent's rest, one-sided, as scipy has it."""
    data, windows = small()
    rows = windows.confirming
    both, first, second = (on(*numbers) for numbers in ((0, 1), (0,), (1,)))
    proposals = [Proposal(both, True, (Proposal(first, True),)), Proposal(on(2), False)]
    found = {one.rule: one for one in confirm(data, proposals, windows.proposed, rows)}
    members, labels = Members(data.names, data.matrix[rows]), data.labels[rows].astype(bool)

    def fisher(inside: Any, outside: Any, side: str) -> float:
        table = [[(w & labels).sum(), (w & ~labels).sum()] for w in (inside, outside)]
        return float(fisher_exact(table, side).pvalue)

    who = members(both)
    expected = max(
        fisher(who, base & ~who, "greater")
        for base in (np.ones(len(rows), bool), members(first), members(second))
    )
    assert found[both].test.p_value == pytest.approx(expected)
    other = members(on(2))
    assert found[on(2)].test.p_value == pytest.approx(fisher(other, ~other, "less"))
    assert found[both].is_confirmed
    assert not found[first].is_confirmed
    assert found[first].reason == "a narrower segment of it is confirmed"
    assert found[on(2)].reason == "not different enough from the rest"


def test_a_condition_that_adds_nothing_falls_back_to_the_parent() -> None:
    """Feature 2 is noise: the pair is confirmed, the triple dropped with the reason."""
    data, windows = small(1, 2_000)
    proposal = Proposal(on(0, 1, 2), True, (Proposal(on(0, 1), True), Proposal(on(0), True)))
    found = confirm(data, [proposal], windows.proposed, windows.confirming)
    assert [one.rule for one in found if one.is_confirmed] == [on(0, 1)]
    assert found[-1].rule == on(0, 1, 2)
    assert found[-1].reason == "a condition adds too little to the others"


def test_a_rule_nobody_meets_is_dropped() -> None:
    """Without a division by nothing."""
    data, windows = small()
    nobody = Rule((Condition("feature_0", low=5.0),))
    (found,) = confirm(data, [Proposal(nobody, True)], windows.proposed, windows.confirming)
    assert not found.is_confirmed
    assert found.test.p_value == 1
    assert (found.confirmed.rate, found.confirmed.wilson) == (0, (0, 1))


def test_without_a_proposal_there_is_nothing_to_confirm() -> None:
    """And no family of tests to correct."""
    data, windows = small()
    assert confirm(data, [], windows.proposed, windows.confirming) == []


def test_holm_is_that_of_statsmodels() -> None:
    """For any number of tests, ties and ends included."""
    rng = np.random.default_rng(0)
    for tests in range(1, 31):
        p_values = np.round(rng.random(tests) ** 4, 2)
        assert holm(p_values) == pytest.approx(multipletests(p_values, method="holm")[1])


def test_statistics_are_plain_counts() -> None:
    """The interval is Wilson's, as statsmodels has it; a lift on nothing is unknown."""
    labels = np.array([1, 1, 0, 0, 0, 1, 0, 0], dtype=np.uint8)
    counts = statistics(np.array([1, 1, 1, 0, 0, 0, 0, 0], dtype=bool), labels)
    assert (counts.customers, counts.buyers, counts.rate) == (3, 2, 2 / 3)
    assert counts.wilson == pytest.approx(proportion_confint(2, 3, method="wilson"))
    assert counts.rest_rate == 1 / 5
    assert counts.lift == pytest.approx((2 / 3) / (3 / 8))
    assert counts.lift_on_rest == pytest.approx((2 / 3) / (1 / 5))
    everyone = statistics(np.ones(8, dtype=bool), np.zeros(8, dtype=np.uint8))
    assert (everyone.rest_rate, everyone.lift, everyone.lift_on_rest) == (None, None, None)


def test_a_customer_at_many_dates_is_one_observation() -> None:
    """Ten copies of the same rows give the same contrast as the rows themselves."""
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(200, 1)).astype(np.float32)
    labels = (rng.random(200) < 0.4).astype(np.uint8)
    dates = [date(2025, 1, day) for day in range(1, 11)]
    once = dataset(matrix, labels)
    often = dataset(np.tile(matrix, (10, 1)), np.tile(labels, 10), dates)
    rule = Rule((Condition("feature_0", low=0.5),))
    found = []
    for data in (once, often):
        rows = np.arange(len(data.labels))
        customers = np.unique(data.entities, return_inverse=True)[1]
        found.append(Evidence(data, rows, customers).contrast(rule, by_customer=True))
    assert found[0] == pytest.approx(found[1])


# Rules


def test_every_node_of_a_tree_is_a_rule_with_its_members() -> None:
    """Missing values go where the tree sends them; bounds may move a few rows, no more."""
    rng = np.random.default_rng(0)
    matrix = rng.normal(size=(2_000, 2)).astype(np.float32)
    matrix[rng.random(2_000) < 0.3, 0] = np.nan
    labels = (np.isnan(matrix[:, 0]) | (matrix[:, 0] > 1)).astype(np.uint8)
    rules = grow_rules(["a", "b"], ["", ""], matrix, labels, 0)
    assert len(rules) == len(set(rules))
    members = Members(["a", "b"], matrix)
    best = max(rules, key=lambda rule: overlap(members(rule), labels.astype(bool)))
    assert overlap(members(best), labels.astype(bool)) > 0.95
    assert best.conditions[0].missing == "also"
    assert any(c.missing == "only" or c.missing == "no" for r in rules for c in r.conditions)
    assert all(1 <= len(rule.conditions) <= 2 for rule in rules)


@given(
    st.lists(st.floats(-1e6, 1e6, width=32), min_size=2, max_size=200),
    st.floats(0, 1, exclude_max=True),
)
def test_a_readable_bound_moves_hardly_anybody(values: list[float], place: float) -> None:
    """At most a twentieth of the smaller side changes sides."""
    column = np.sort(np.array(values, dtype=np.float32))
    split_at = float(column[int(place * len(column))])
    below = int((column <= split_at).sum())
    bound = readable_bound(column, split_at)
    assert bound == float(np.float32(bound))
    moved = abs(int((column < np.float32(bound)).sum()) - below)
    assert moved <= 0.05 * min(below, len(column) - below)


def test_readable_bounds_are_round() -> None:
    """61,000 instead of 60,912.5; whole numbers stay whole."""
    salaries = np.sort(np.random.default_rng(0).normal(50_000, 15_000, 5_000)).astype(np.float32)
    assert readable_bound(salaries, 60_912.5) % 1_000 == 0
    counts = np.repeat(np.arange(10), 100).astype(np.float32)
    assert readable_bound(counts, 2.5) == 3
    assert readable_bound(np.array([0, 0, 1, 1], dtype=np.float32), 0.5) == 1


def test_near_duplicates_are_one_rule() -> None:
    """By Jaccard; of rules on the same features also where one lies within the other."""
    matrix = np.column_stack([np.arange(100), np.arange(100)]).astype(np.float32)
    members = Members(["a", "b"], matrix)

    def above(feature: str, low: float) -> Rule:
        return Rule((Condition(feature, low=low),))

    kept = distinct(
        [above("a", 50), above("b", 40), above("b", 80), above("a", 90), above("a", 10)], members
    )
    assert kept == [above("a", 50), above("b", 80)]


def test_a_rule_loses_bounds_that_bind_nobody() -> None:
    """It also loses missing values, or an interval, that concern few rows."""
    column = np.array([np.nan] * 50 + list(range(1_000)), dtype=np.float32)
    data = dataset(column[:, None], (np.arange(1_050) % 2).astype(np.uint8))
    evidence = Evidence(data, np.arange(1_050), np.arange(1_050))

    def simplified(low: float | None, high: float | None, missing: Missing) -> Rule:
        return evidence.simplified(Rule((Condition("feature_0", low, high, missing),)))

    assert simplified(-5, 500, "no") == Rule((Condition("feature_0", None, 500),))
    assert simplified(-5, 1_000, "no") == Rule((Condition("feature_0"),))
    assert simplified(None, 998, "also") == Rule((Condition("feature_0", None, 998),))
    assert simplified(5, 5, "also") == Rule((Condition("feature_0", missing="only"),))
    assert simplified(5, 105, "also").conditions[0].missing == "also"


# Words

WORDINGS = {
    "order_count_90d": Words("orders in 90 days", "count", True),
    "days_since_last_session": Words("days since the last visit", "days since", True),
    "annual_salary": Words("salary", "number", False),
    "is_female": Words("is a woman", "flag", True),
    "age_years": Words("age", "number", True),
}


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (Condition("order_count_90d", 3, 7), "3 to 6 orders in 90 days"),
        (Condition("order_count_90d", None, 1), "no order in 90 days"),
        (Condition("order_count_90d", 1, 2), "1 order in 90 days"),
        (Condition("order_count_90d", 0.5, 3), "1 to 2 orders in 90 days"),
        (Condition("order_count_90d", None, 7), "up to 6 orders in 90 days"),
        (Condition("order_count_90d", 1000), "1,000 or more orders in 90 days"),
        (Condition("days_since_last_session", None, 9), "last visit under 9 days ago"),
        (Condition("days_since_last_session", 30, 91), "last visit 30 to 90 days ago"),
        (Condition("days_since_last_session", missing="only"), "last visit unknown"),
        (
            Condition("days_since_last_session", 90, missing="also"),
            "last visit 90 or more days ago (or unknown)",
        ),
        (Condition("annual_salary", 61_000), "salary 61,000 or more"),
        (Condition("annual_salary", 0.7, 61_000.5), "salary 0.7 to under 61,000.5"),
        (Condition("annual_salary", -2.5, 0), "salary -2.5 to under 0"),
        (Condition("annual_salary"), "salary known"),
        (Condition("is_female", 1), "is a woman"),
        (Condition("is_female", None, 1), "is not a woman"),
        (Condition("age_years", 25, 35), "age 25 to 34"),
    ],
)
def test_a_condition_in_words(condition: Condition, words: str) -> None:
    """In the words of an analyst."""
    assert sentence(Rule((condition,)), WORDINGS) == words


def test_words_are_made_of_the_name_where_the_yaml_has_no_label() -> None:
    """A label wins; the kind follows from the name and the values."""

    def feature(name: str, label: str | None = None) -> Feature:
        return Feature(name, label or name.replace("_", " "), "", False, False, None)

    found = words(
        [
            feature("order_count_90d"),
            feature("days_since_last_order"),
            feature("category_count_lifetime"),
            feature("is_female", "is a woman"),
            feature("basket_amount_mean_365d"),
        ],
        np.array([[2, 3, 1, 0, 0.5], [0, np.nan, 1, 1, 2]], dtype=np.float32),
    )
    assert [wording.label for wording in found.values()] == [
        "orders in 90 days",
        "days since the last order",
        "categories so far",
        "is a woman",
        "basket amount mean in 365 days",
    ]
    kinds = [wording.kind for wording in found.values()]
    assert kinds == ["count", "days since", "count", "flag", "number"]


# Rows


def members_sql(features: tuple[str, ...]) -> str:
    """The model that joins members, as dbt compiles it for a table with these features."""
    macros = macro_text("feature_table", "features", "in_interval", "meets_condition")
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    environment.globals["dbt"] = {"type_float": lambda: "float"}
    model = MEMBERS.read_text().replace("feature_table(", "table_of(")
    table: Mapping[str, Any] = {"features": features, "task_names": f"'{TASK}'", "labels": {}}
    return environment.from_string(macros + model).render(
        table_of=lambda _: table,
        ref=lambda _: "customers",
        source=lambda schema, name: f"{schema}.{name}",
    )


def test_members_in_sql_are_those_of_numpy() -> None:
    """Hundreds of rules on every combination of values: on the bounds, between, missing."""
    rng = np.random.default_rng(0)
    values = (None, 0.0, 0.1, 0.3, 0.7, 1.0, 2.5, 16_777_216.0)
    features = ("first", "second", "third")
    rows = list(product(values, repeat=3))

    def bound() -> float | None:
        value = values[rng.integers(len(values))]
        return None if value is None else float(np.float32(value))

    rules = []
    for _ in range(200):
        chosen = sorted(rng.choice(features, rng.integers(1, 4), replace=False))
        missing: list[Missing] = ["no", "also", "only"]
        rules.append(
            Rule(tuple(Condition(f, bound(), bound(), missing[rng.integers(3)]) for f in chosen))
        )
    written = [
        {
            "task": TASK,
            "segment_id": str(name),
            "status": "confirmed",
            "condition_number": number,
            **vars(one),
        }
        for name, rule in enumerate(rules)
        for number, one in enumerate(rule.conditions, 1)
    ]
    ignored = [
        written[0] | {"segment_id": "a", "status": "dropped"},
        written[0] | {"segment_id": "b", "task": "of another table"},
    ]
    with duckdb.connect() as connection:
        connection.execute(
            "create table customers (customer_id varchar, as_of_date date, first float,"
            " second float, third float);" + DDL
        )
        insert(connection, "registry.discovered_segments", written + ignored)
        connection.executemany(
            "insert into customers values (?, date '2025-01-01', ?, ?, ?)",
            [(str(number), *row) for number, row in enumerate(rows)],
        )
        found = connection.execute(members_sql(features)).fetchall()
    members = Members(features, np.array(rows, dtype=np.float64).astype(np.float32))
    expected = {
        (str(name), str(customer))
        for name, rule in enumerate(rules)
        for customer in np.flatnonzero(members(rule))
    }
    assert {(segment, customer) for _, segment, customer, _ in found} == expected
    assert len(found) == len(expected)
    assert len({segment for segment, _ in expected}) > 100


# The command


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A project that the environment points at, with five dates of 300 visitors."""
    found = project(tmp_path, DATES, 300)
    for name in ("manifest", "warehouse", "lock_timeout"):
        monkeypatch.setenv(f"NUMEROSITY_{name.upper()}", str(getattr(found, name)))
    return found


def contents(settings: Settings) -> list[list[tuple[Any, ...]]]:
    """The rows of both tables, but for when they were written."""
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        wanted = [
            connection.sql(f"select * from registry.{name} order by all").fetchall()
            for name in TABLES
        ]
    return [[row[:-1] for row in wanted[0]], wanted[1]]


def test_discover_writes_rules_and_their_statistics(
    settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """A run again leaves the same rows, and the rows of other tasks alone."""
    with duckdb.connect(str(settings.warehouse)) as connection:
        connection.execute(
            "insert into registry.discovered_segments (task, segment_id) values ('other', 'x')"
        )
    assert main(["discover", "--task", TASK]) == 0
    out = capsys.readouterr().out
    facts = json.loads(out.splitlines()[-1])
    assert facts["confirmed"] == len(facts["segments"]) > 0
    first = contents(settings)
    assert main(["discover", "--task", TASK]) == 0
    assert contents(settings) == first
    rules, figures = first
    ours = [row for row in rules if row[0] == TASK]
    assert len(rules) == len(ours) + 1
    confirmed = {row[1] for row in ours if row[3] == "confirmed"}
    assert confirmed == {segment["segment_id"] for segment in facts["segments"]}
    assert {row[7] for row in ours} <= set(FEATURES)
    assert {(row[1], row[2]) for row in figures} == {
        (row[1], window) for row in ours for window in ("proposing", "confirming")
    }
    for segment in facts["segments"]:
        assert segment["segment_name"].split(",")[0] in out.replace("\n", " ")


def test_the_statistics_are_those_of_the_rows(settings: Settings) -> None:
    """Of the members that SQL joins, the confirming half."""
    assert main(["discover", "--task", TASK]) == 0
    with duckdb.connect(str(settings.warehouse)) as connection:
        connection.execute(
            f"create view customers as select *, visitor_id as customer_id from {RELATION}"
        )
        connection.execute(f"create table found as {members_sql(FEATURES)}")
        counted = connection.sql(
            "select found.segment_id, any_value(s.customers), count(*), any_value(s.all_customers)"
            " from registry.discovered_segment_statistics s join found"
            " on s.segment_id = found.segment_id and found.as_of_date = s.as_of_to"
            " where s.window_name = 'confirming' group by 1"
        ).fetchall()
    assert counted
    for _, confirming, everyone, all_confirming in counted:
        assert confirming <= everyone <= confirming + 300 - all_confirming


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["--task", "visitor_purchase"], 2, f"the tasks are {TASK}"),
        ([], 2, "Missing option '--task'"),
        (["--task", TASK, "--seed", "-1"], 2, "Invalid value"),
        (["--task", TASK, "--warehouse", "nowhere.duckdb"], 3, "run dbt build"),
    ],
)
def test_what_went_wrong_is_one_line_and_an_exit_code(
    settings: Settings,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
    message: str,
) -> None:
    """And nothing is written."""
    assert main(["discover", *arguments]) == code
    captured = capsys.readouterr()
    (line,) = [line for line in captured.err.splitlines() if line.startswith("error: ")]
    assert message in line
    assert json.loads(captured.out.splitlines()[-1])["exit_code"] == code
    assert contents(settings) == [[], []]


def test_without_its_tables_discovery_asks_for_dbt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Before it has worked for nothing."""
    found = project(tmp_path)
    execute(found.warehouse, "drop table registry.discovered_segments")
    monkeypatch.setenv("NUMEROSITY_MANIFEST", str(found.manifest))
    monkeypatch.setenv("NUMEROSITY_WAREHOUSE", str(found.warehouse))
    assert main(["discover", "--task", TASK]) == 3
    assert "no table registry.discovered_segments: run dbt build first" in capsys.readouterr().err


def flags(*values: int) -> npt.NDArray[np.bool_]:
    """A set of members."""
    return np.array(values, dtype=bool)


def test_overlap_is_jaccards_index() -> None:
    """Two empty sets are the same set."""
    assert overlap(flags(1, 1, 0, 0), flags(0, 1, 1, 0)) == 1 / 3
    assert overlap(flags(1, 1, 1, 1), flags(0, 1, 0, 0), of_smaller=True) == 1
    assert overlap(flags(0), flags(0)) == 1
