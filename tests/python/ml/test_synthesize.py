"""The sample shop: deterministic, consistent with its truth, with exactly the planted dirt."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from ml.synthesize import synthesize
from ml.synthesize.draw import streams
from ml.synthesize.drivers import INTERACTIONS, Attributes, Interaction, attribute_level
from ml.synthesize.history import START
from ml.synthesize.people import REGIONS, draw_people
from tests.support.reference_features import completed_years
from warehouse.errors import UsageError

duckdb = pytest.importorskip("duckdb")

CUSTOMERS, SEED = 2_000, 7
TABLES = (
    "customers",
    "products",
    "orders",
    "order_items",
    "web_sessions",
    "social_engagements",
)
QUARANTINED_IDS = "%9______"  # added rows are numbered from 9 million in their chunk

# How an analyst would find each kind of dirt in the raw file, exact duplicates put aside.
FINDERS = {
    "customers.missing_value": "region is null or gender is null or annual_salary is null "
    "or birth_date is null",
    "customers.mixed_spelling": "gender not in ('female', 'male') or region not in "
    "('Capital', 'North', 'South', 'East', 'West', 'Central', 'Coast', 'Islands')",
    "customers.salary_outlier": "annual_salary > 5000000",
    "customers.negative_salary": "annual_salary < 0",
    "customers.implausible_birth_date": "birth_date < '1900-01-01' or birth_date > '2026-01-01'",
    "customers.missing_id": "customer_id is null",
    "products.mixed_spelling": "category not in ('Toys', 'Books', 'Garden', 'Kitchen', 'Sports', "
    "'Beauty', 'Fashion', 'Electronics', 'Home', 'Grocery')",
    "products.negative_price": "list_price < 0",
    "orders.future_date": "ordered_at > known_at",
    "orders.orphan": "customer_id not in (select customer_id from customers "
    "where customer_id is not null)",
    "orders.missing_id": "order_id is null",
    "orders.bad_order_type_spelling": "order_type not in ('purchase', 'return', 'cancellation') "
    "and lower(trim(order_type)) in ('purchase', 'return', 'cancellation')",
    "orders.unknown_order_type": "order_type = '???'",
    "orders.late_arriving": "known_at >= ordered_at + interval 1 day",
    "order_items.orphan": "order_id not in (select order_id from orders "
    "where order_id is not null)",
    "order_items.quantity_zero": "quantity = 0",
    "order_items.negative_price": "unit_price < 0",
    "order_items.price_outlier": "unit_price > 100000",
    "order_items.late_arriving": "known_at >= ordered_at + interval 1 day",
    "web_sessions.negative_duration": "product_seconds < 0",
    "web_sessions.rate_out_of_range": "bounce_rate > 1 or exit_rate > 1",
    "web_sessions.future_date": "started_at > known_at",
    "web_sessions.late_arriving": "known_at >= started_at + interval 1 day",
    "web_sessions.mixed_spelling": "visitor_type not in ('new', 'returning', 'other')",
    "social_engagements.unknown_action": "action = 'poke'",
    "social_engagements.orphan": "customer_id not in (select customer_id from customers "
    "where customer_id is not null)",
    "social_engagements.future_date": "engaged_at > known_at",
    "social_engagements.late_arriving": "known_at >= engaged_at + interval 1 day",
    "social_engagements.mixed_spelling": "action not in ('impression', 'click', 'like', 'share', "
    "'follow') and lower(trim(action)) in ('impression', 'click', 'like', 'share', 'follow')",
}

Ask = Callable[[str], list[tuple[Any, ...]]]


def asking(folder: Path) -> Ask:
    """A function that answers SQL over the raw tables of a shop, and over its truth."""
    connection = duckdb.connect(config={"threads": 1})
    for path in [*folder.glob("*.parquet"), *folder.glob("truth/*.parquet")]:
        connection.sql(f"create view {path.stem} as select * from '{path}'")
    return lambda query: connection.sql(query).fetchall()


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop of one chunk."""
    out = tmp_path_factory.mktemp("shop")
    synthesize(CUSTOMERS, SEED, out)
    return out / "sample"


@pytest.fixture(scope="module")
def ask(shop: Path) -> Ask:
    """SQL over that shop."""
    return asking(shop)


@pytest.fixture(scope="module")
def dirt(shop: Path) -> dict[str, dict[str, Any]]:
    """What was planted in that shop."""
    planted: dict[str, dict[str, Any]] = json.loads((shop / "truth/dirt.json").read_text())
    return planted


def contents(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def test_the_same_seed_gives_the_same_files(tmp_path: Path) -> None:
    """Two runs leave identical bytes, and nothing but the promised files."""
    synthesize(60, 3, tmp_path / "one")
    synthesize(60, 3, tmp_path / "two")
    one = contents(tmp_path / "one")
    assert one == contents(tmp_path / "two")
    truth = ("purchase_probability.parquet", "dirt.json", "drivers.json", "segments.csv")
    promised = {f"sample/{name}.parquet" for name in TABLES}
    assert set(one) == promised | {f"sample/truth/{name}" for name in truth}


def test_another_seed_gives_another_shop(tmp_path: Path) -> None:
    """No table of raw rows survives a change of the seed."""
    synthesize(60, 3, tmp_path / "one")
    synthesize(60, 4, tmp_path / "two")
    one, two = contents(tmp_path / "one"), contents(tmp_path / "two")
    assert all(one[f"sample/{name}.parquet"] != two[f"sample/{name}.parquet"] for name in TABLES)


def test_topics_and_chunks_draw_from_different_streams() -> None:
    """No two streams of a shop begin alike, so nothing is correlated by accident."""
    firsts = [rng.random() for chunk in range(3) for rng in streams(0, chunk)]
    assert len(set(firsts)) == len(firsts)


def test_a_small_shop_is_the_beginning_of_a_large_one(tmp_path: Path, shop: Path) -> None:
    """The first customers of a large shop have the rows of a small shop, apart from the dirt."""
    synthesize(150, SEED, tmp_path)
    small = pq.read_table(tmp_path / "sample/truth/purchase_probability.parquet")
    large = pq.read_table(shop / "truth/purchase_probability.parquet").to_pylist()
    assert small.to_pylist() == [row for row in large if row["customer_id"] <= "C0000150"]
    small_rows, large_rows = (
        asking(folder)(
            "select order_id, customer_id, session_id, original_order_id, ordered_at, known_at "
            f"from orders where customer_id <= 'C0000150' and order_id not like '{QUARANTINED_IDS}'"
            " group by all order by all"
        )
        for folder in (tmp_path / "sample", shop)
    )
    assert len(small_rows) > 300
    assert small_rows == large_rows


def test_chunks_join_without_a_seam(tmp_path: Path) -> None:
    """A shop that spans two chunks has unique identifiers, and reports its progress."""
    steps: list[tuple[int, int]] = []
    counts = synthesize(2_010, SEED, tmp_path, lambda done, total: steps.append((done, total)))
    assert steps == [(1, 2), (2, 2)]
    ask = asking(tmp_path / "sample")
    assert counts == {name: ask(f"select count(*) from {name}")[0][0] for name in TABLES}
    for table, key in [("orders", "order_id"), ("web_sessions", "session_id")]:
        rows = f"(select distinct * from {table} where {key} is not null)"
        assert ask(f"select count(*) - count(distinct {key}) from {rows}") == [(0,)]
    clean = "customer_id < 'C9'"
    assert ask(f"select count(distinct customer_id) from customers where {clean}") == [(2_010,)]


def test_every_kind_of_dirt_is_there_even_in_a_small_shop(tmp_path: Path) -> None:
    """Two hundred customers are enough to meet every kind."""
    synthesize(200, 1, tmp_path)
    planted = json.loads((tmp_path / "sample/truth/dirt.json").read_text())
    assert {kind for kind, facts in planted.items() if facts["rows"] < 1} == set()
    kinds = {kind for kind in planted if not kind.endswith(".exact_duplicate")}
    assert kinds == set(FINDERS)


@pytest.mark.parametrize("kind", FINDERS)
def test_dirt_is_counted_exactly(ask: Ask, dirt: dict[str, dict[str, Any]], kind: str) -> None:
    """The files contain as many rows of each kind as the truth states."""
    table = kind.split(".")[0]
    query = f"select count(*) from (select distinct * from {table}) where {FINDERS[kind]}"
    assert ask(query) == [(dirt[kind]["rows"],)]


@pytest.mark.parametrize("table", [name for name in TABLES if name != "products"])
def test_duplicates_are_counted_exactly(
    ask: Ask, dirt: dict[str, dict[str, Any]], table: str
) -> None:
    """All rows less the distinct ones are the planted copies."""
    rows = (
        f"(select count(*) from {table}), (select count(*) from (select distinct * from {table}))"
    )
    ((total, distinct),) = ask(f"select {rows}")
    assert total - distinct == dirt[f"{table}.exact_duplicate"]["rows"]


@pytest.mark.parametrize("table", TABLES)
def test_a_row_has_at_most_one_fault(ask: Ask, dirt: dict[str, dict[str, Any]], table: str) -> None:
    """No row is found by two of the finders, so every quarantined row has one reason."""
    kinds = [kind for kind in FINDERS if kind.startswith(f"{table}.")]
    faults = " + ".join(f"coalesce(({FINDERS[kind]})::int, 0)" for kind in kinds)
    distinct = f"(select distinct * from {table})"
    (counted,) = ask(f"select max({faults}), sum(({faults} > 0)::int) from {distinct}")
    assert counted == (1, sum(dirt[kind]["rows"] for kind in kinds))


def test_clean_rows_refer_to_each_other(ask: Ask) -> None:
    """Lines have orders and products, orders have customers, returns have earlier purchases."""
    good = f"(select distinct * from orders where order_id not like '{QUARANTINED_IDS}')"
    lines = f"(select distinct * from order_items where order_item_id not like '{QUARANTINED_IDS}')"
    assert ask(f"select count(*) from {lines} anti join {good} using (order_id)") == [(0,)]
    assert ask(f"select count(*) from {good} anti join {lines} using (order_id)") == [(0,)]
    assert ask("select count(*) from order_items anti join products using (product_id)") == [(0,)]
    assert ask(f"select count(*) from {good} anti join customers using (customer_id)") == [(0,)]
    reversals = (
        f"select count(*), sum((purchases.customer_id = back.customer_id "
        "and purchases.ordered_at < back.ordered_at)::int), "
        "count(*) filter (lower(trim(purchases.order_type)) = 'purchase') "
        f"from {good} as back left join {good} as purchases "
        "on back.original_order_id = purchases.order_id where back.order_type <> 'purchase' "
        "and back.original_order_id is not null"
    )
    ((count, right, of_purchases),) = ask(reversals)
    assert count > 500
    assert count == right == of_purchases


def test_returned_lines_are_negative_and_never_more_than_were_bought(ask: Ask) -> None:
    """The sum over a purchase and its reversal is never negative, for any product."""
    query = (
        "with lines as (select distinct i.*, coalesce(o.original_order_id, o.order_id) as root, "
        "o.original_order_id is not null as is_back "
        "from order_items i join orders o using (order_id) "
        "where quantity <> 0 and unit_price between 0 and 100000), "
        "sums as (select root, product_id, sum(quantity) as left_over, "
        "bool_or((quantity < 0) <> is_back) as is_wrong from lines group by all) "
        "select min(left_over), bool_or(is_wrong), sum((left_over = 0)::int) > 0 from sums"
    )
    assert ask(query) == [(0, False, True)]


def test_sessions_say_they_ended_in_a_purchase_when_an_order_names_them(ask: Ask) -> None:
    """`has_purchase` agrees with the orders, and the order follows the start of its session."""
    sessions = "(select distinct * from web_sessions)"
    orders = "(select distinct * from orders where session_id is not null)"
    query = (
        "select count(*), "
        "sum((w.has_purchase is not distinct from (o.order_id is not null))::int), "
        "count(o.order_id), sum((o.ordered_at >= w.started_at)::int), "
        "sum((w.customer_id = o.customer_id)::int) - count(w.customer_id) filter (w.has_purchase) "
        f"from {sessions} w full join {orders} o using (session_id)"
    )
    ((rows, agreeing, with_order, in_time, strangers),) = ask(query)
    assert rows == agreeing
    assert with_order == in_time > 5_000
    assert strangers == 0


def test_nothing_arrives_before_it_happened_unless_planted(ask: Ask) -> None:
    """Arrival follows the event in every row of customers, products and order lines."""
    for table, moment in [
        ("customers", "valid_from"),
        ("products", "listed_at"),
        ("order_items", "ordered_at"),
    ]:
        assert ask(f"select count(*) from {table} where known_at < {moment}") == [(0,)]


def test_events_stay_within_the_history_and_after_registration(ask: Ask) -> None:
    """No order or visit of a customer precedes the history, follows it, or comes too early."""
    history = "timestamp '2024-01-01' and timestamp '2025-12-31 23:59:59.999'"
    for table, moment in [("orders", "ordered_at"), ("web_sessions", "started_at")]:
        outside = f"{moment} <= known_at and {moment} not between {history}"
        assert ask(f"select count(*) from {table} where {outside}") == [(0,)]
    early = (
        "select count(*) from orders join customers using (customer_id) "
        "where ordered_at < registered_at"
    )
    assert ask(early) == [(0,)]


def test_the_scale_is_the_promised_one(ask: Ask) -> None:
    """Lines, sessions and engagements per customer, and the share of anonymous sessions."""
    for table, low, high in [
        ("order_items", 13, 25),
        ("web_sessions", 35, 65),
        ("social_engagements", 20, 32),
    ]:
        ((rows,),) = ask(f"select count(*) from {table}")
        assert low < rows / CUSTOMERS < high
    anonymous = "select avg((customer_id is null)::int) from web_sessions"
    assert 0.17 < ask(anonymous)[0][0] < 0.24


def observed(ask: Ask, horizon: int) -> tuple[np.ndarray, np.ndarray]:
    """True probabilities and observed purchases for as-of dates whose windows do not overlap."""
    step = -(-horizon // 28)
    rows = ask(
        "with purchases as (select distinct customer_id, ordered_at from orders "
        "where lower(trim(order_type)) = 'purchase' and order_id is not null "
        "and ordered_at <= known_at), "
        "dates as (select as_of_date, row_number() over (order by as_of_date desc) as place "
        "from (select distinct as_of_date from purchase_probability) "
        f"where as_of_date + {horizon} <= date '2026-01-01') "
        f"select probability_{horizon}d, exists (select 1 from purchases where "
        "purchases.customer_id = truth.customer_id and ordered_at >= as_of_date "
        f"and ordered_at < as_of_date + {horizon}) "
        "from purchase_probability as truth join dates using (as_of_date) "
        f"where place % {step} = 0 order by customer_id, as_of_date"
    )
    probability, bought = zip(*rows, strict=True)
    return np.array(probability), np.array(bought, bool)


@pytest.mark.parametrize("horizon", [7, 30, 90])
def test_true_probabilities_are_calibrated(ask: Ask, horizon: int) -> None:
    """In every tenth of the customers as many buy as the truth expects, within binomial noise."""
    probability, bought = observed(ask, horizon)
    for tenth in np.array_split(np.argsort(probability), 10):
        expected = probability[tenth].sum()
        noise = np.sqrt((probability[tenth] * (1 - probability[tenth])).sum())
        assert abs(bought[tenth].sum() - expected) < 4 * noise + 1


def test_the_truth_ranks_customers_well_but_not_perfectly(ask: Ask) -> None:
    """An oracle reaches an area under the curve near 0.85, at a base rate of 12 to 20 percent."""
    probability, bought = observed(ask, 30)
    ranks = np.argsort(np.argsort(probability))
    buyers, others = bought.sum(), (~bought).sum()
    area = (ranks[bought].sum() - buyers * (buyers - 1) / 2) / (buyers * others)
    assert 0.82 < area < 0.89
    assert 0.12 < bought.mean() < 0.20


def test_longer_windows_have_higher_probabilities(ask: Ask) -> None:
    """Probabilities lie within [0, 1] and grow with the horizon; dates are the promised ones."""
    query = (
        "select min(probability_7d) >= 0, max(probability_90d) <= 1, "
        "bool_and(probability_7d <= probability_30d and probability_30d <= probability_90d), "
        "count(distinct as_of_date), min(as_of_date)::varchar, max(as_of_date)::varchar "
        "from purchase_probability"
    )
    assert ask(query) == [(True, True, True, 14, "2025-01-02", "2026-01-01")]
    unregistered = (
        "select count(*) from purchase_probability join customers using (customer_id) "
        "where registered_at >= as_of_date"
    )
    assert ask(unregistered) == [(0,)]


# A customer inside each planted cell, and two changes each of which leads out of it.
CELLS: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "young_high_earners": (
        {"age": 30, "salary": 70_000, "region": "West", "is_female": True, "is_engaged": False},
        {"age": 40},
        {"salary": 50_000},
    ),
    "engaged_women_of_the_north": (
        {"age": 40, "salary": 50_000, "region": "North", "is_female": True, "is_engaged": True},
        {"region": "South"},
        {"is_engaged": False},
    ),
    "older_low_earners": (
        {"age": 60, "salary": 25_000, "region": "South", "is_female": False, "is_engaged": False},
        {"age": 40},
        {"salary": 40_000},
    ),
    "men_of_the_capital_in_mid_life": (
        {"age": 50, "salary": 60_000, "region": "Capital", "is_female": False, "is_engaged": False},
        {"region": "West"},
        {"is_female": True},
    ),
}


def rate_of(who: dict[str, Any]) -> float:
    """Relative order rate of one customer."""
    columns = {name: np.array([value]) for name, value in who.items()}
    columns["region"] = np.array([REGIONS.index(who["region"])])
    return float(attribute_level(Attributes(**columns))[0])


@pytest.mark.parametrize("planted", INTERACTIONS, ids=lambda one: one.name)
def test_interactions_multiply_the_rate_where_they_apply(planted: Interaction) -> None:
    """What two attributes do together exceeds what each does alone by the planted factor."""
    inside, one, other = CELLS[planted.name]
    together = rate_of(inside) * rate_of({**inside, **one, **other})
    alone = rate_of({**inside, **one}) * rate_of({**inside, **other})
    assert together / alone == pytest.approx(planted.multiplier)


def test_planted_rules_use_the_age_of_the_features() -> None:
    """Completed years on a day: each day of four years as a birth, 29 February among them."""
    births = np.arange(-19_000, -19_000 + CUSTOMERS)
    people = replace(draw_people(np.random.default_rng(0), 0), birth_day=births)
    for day in (0, 58, 59, 60, 424, 425, 730):
        today = (START + day).astype(object)
        expected = [completed_years((START + born).astype(object), today) for born in births]
        assert people.age(day).tolist() == expected


def test_planted_segments_show_in_the_true_probabilities(ask: Ask) -> None:
    """Recomputed from the raw customers, the segments' true rates differ as planted."""
    rule = "date_sub('year', birth_date, date '2025-11-06')"
    base = (
        "with newest as (select distinct on (customer_id) * from customers "
        "where customer_id < 'C9' and valid_from < date '2025-11-06' "
        "order by customer_id, valid_from desc), "
        f"people as (select *, {rule} as age from newest), "
        "rates as (select people.*, -ln(1 - least(probability_30d, 0.999)) as expected "
        "from people join purchase_probability using (customer_id) "
        "where as_of_date = date '2025-11-06') "
    )
    medians = ask(
        base + "select median(expected) filter (age between 25 and 34 and annual_salary > 60000), "
        "median(expected) filter (age between 25 and 34 and annual_salary <= 60000), "
        "median(expected) filter (age >= 55 and annual_salary < 30000), "
        "median(expected) filter (age >= 55 and annual_salary >= 30000) from rates"
    )
    rich, other, poor, well_off = medians[0]
    assert rich > 1.5 * other
    assert poor < 0.6 * well_off


def test_the_list_of_segments_agrees_with_the_probabilities(shop: Path, ask: Ask) -> None:
    """Everyone's mean in segments.csv is that of the probabilities; drivers.json names segments."""
    segments = f"read_csv('{shop / 'truth/segments.csv'}')"
    query = (
        "select count(*), avg((abs(mean_probability_30d - mean) < 1e-6 and customers = size)::int) "
        f"from {segments} join (select as_of_date, avg(probability_30d) as mean, count(*) as size "
        "from purchase_probability group by all) using (as_of_date) where segment = 'everyone'"
    )
    assert ask(query) == [(2, 1.0)]
    drivers = json.loads((shop / "truth/drivers.json").read_text())
    names = {name for (name,) in ask(f"select segment from {segments} where multiplier <> 1")}
    assert {one["name"] for one in drivers} == names
    assert len(names) >= 3


def test_visits_become_more_frequent_before_an_order(ask: Ask) -> None:
    """Customers visit more in the two weeks before an order than in the two weeks before those."""
    query = (
        "with firsts as (select customer_id, min(ordered_at) as bought from orders "
        "where ordered_at > timestamp '2025-06-01' and session_id is not null group by all) "
        "select sum((started_at >= bought - interval 14 day)::int), "
        "sum((started_at < bought - interval 14 day)::int) "
        "from firsts join web_sessions using (customer_id) where not has_purchase "
        "and started_at < bought and started_at >= bought - interval 28 day"
    )
    ((just_before, earlier),) = ask(query)
    assert just_before > 1.3 * earlier


@pytest.mark.parametrize(("customers", "seed"), [(0, 1), (-5, 1), (9_000_000_000, 1), (10, -1)])
def test_arguments_out_of_range_are_refused(tmp_path: Path, customers: int, seed: int) -> None:
    """The error is one line for the user, and nothing is written."""
    with pytest.raises(UsageError) as refusal:
        synthesize(customers, seed, tmp_path)
    assert "\n" not in str(refusal.value)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_called_sample_is_written_into_directly(tmp_path: Path) -> None:
    """`--out data/raw` and `--out data/raw/sample` mean the same."""
    synthesize(1, 1, tmp_path / "sample")
    assert (tmp_path / "sample/orders.parquet").is_file()


def test_a_run_that_stops_half_way_leaves_the_former_shop_whole(tmp_path: Path) -> None:
    """Files appear when all are written: an interrupted run changes nothing."""
    synthesize(5, 1, tmp_path)
    former = contents(tmp_path)

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        synthesize(5, 2, tmp_path, interrupt)
    assert contents(tmp_path) == former
    (tmp_path / "sample/.unfinished").mkdir()  # as a killed run leaves it
    (tmp_path / "sample/.unfinished/orders.parquet").write_text("half")
    synthesize(5, 1, tmp_path)
    assert contents(tmp_path) == former
