"""What a request can be about, in SQL: how its rows, and their past, enter the compiled statements.

`<schema.table>` stands for a relation of the DuckDB in which the statements run.
"""

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["CUSTOMER", "INPUTS", "KEY", "SCORES", "SERVING", "SESSION", "Entity"]

SERVING = "serving"
"""The published file, within the connection."""
KEY = "request_key"
"""Which request of the batch a row is, as no customer is called: the key of what is computed."""

INPUTS = {
    "intermediate.int_as_of_dates_scheduled": "(source_name varchar, as_of_date date)",
    "seeds.as_of_calendar": (
        "(source_name varchar, first_as_of_date date, last_as_of_date date, every_days integer)"
    ),
    "intermediate.int_customers_unioned": f"as from {SERVING}.marts.customers limit 0",
    **{
        f"marts.{name}": f"as from {SERVING}.marts.{name} limit 0"
        for name in ("orders", "order_items", "products", "sessions", "engagements")
    },
}
"""What the statements read and do not make themselves; empty, but while a request is computed."""

SCORES = (
    "(entity_id varchar, task varchar, reason_1 varchar, reason_2 varchar, reason_3 varchar,"
    " contribution_1 double, contribution_2 double, contribution_3 double)"
)


@dataclass(frozen=True)
class Entity:
    """One kind of request."""

    name: str
    request: str
    """What a request says, as a query without rows."""
    history: Mapping[str, str]
    """What is known of before, by name: sorted by what it is looked up by, so that a look-up reads
    a block or two."""
    steps: tuple[str, ...]
    """How the rows of `<request.rows>` enter."""
    as_of_date: str
    """The date to compute for: of a session, the first that knows it."""
    people: str
    """A join to `people`, which says in `is_known` whether the one whom `request` names is."""
    computed: tuple[str, ...]
    """The statements to run. What the others would fill stays empty."""

    @property
    def features(self) -> str:
        """The relation whose rows models read."""
        return f"features.{self.name}_features"


PAST = {
    "orders": ("order_type", "ordered_at", "known_at"),
    "sessions": ("started_at", "known_at"),
    "engagements": ("action", "engaged_at", "known_at"),
}
"""What the features of a session ask of its customer's past."""

SESSION = Entity(
    name="session",
    request=f"select '' as {KEY}, * exclude (session_id, source_name, known_at, has_purchase)"
    f" from {SERVING}.marts.sessions limit 0",
    history={
        name: f"select customer_id, {', '.join(columns)} from {SERVING}.marts.{name}"
        " where customer_id is not null order by customer_id"
        for name, columns in PAST.items()
    }
    | {
        "people": f"select customer_id, true as is_known from {SERVING}.marts.customers"
        " order by customer_id"
    },
    steps=(
        f"insert into <marts.sessions> by name select * exclude ({KEY})"
        f" replace (if(customer_id is null, null, {KEY}) as customer_id),"
        f" {KEY} as session_id, started_at as known_at from <request.rows>",
        *(
            f"insert into <marts.{name}> by name select request.{KEY} as customer_id,"
            f" {', '.join(f'history.{column}' for column in columns)}"
            f" from <history.{name}> as history inner join <request.rows> as request"
            " on history.customer_id = request.customer_id"
            for name, columns in PAST.items()
        ),
    ),
    as_of_date="cast(started_at as date) + 1",
    people="left join <history.people> as people on request.customer_id = people.customer_id",
    computed=("session_features",),
)

CUSTOMER = Entity(
    name="customer",
    request=f"select '' as {KEY}, current_date as as_of_date,"
    " * exclude (customer_id, source_name, full_name, email, valid_from, known_at)"
    f" from {SERVING}.marts.customers limit 0",
    # A region's mean salary is among the features.
    history={
        "customers": f"from {SERVING}.marts.customers where region is not null order by region"
    },
    steps=(
        "insert into <intermediate.int_customers_unioned> select customers.*"
        " from <history.customers> as customers"
        " inner join <request.rows> as request on customers.region = request.region",
        f"insert into <intermediate.int_customers_unioned> by name select * exclude"
        f" ({KEY}, as_of_date), {KEY} as customer_id, '' as source_name,"
        " registered_at as valid_from, registered_at as known_at from <request.rows>",
    ),
    as_of_date="as_of_date",
    people="cross join (select false as is_known) as people",
    computed=("customer_demographic_features", "customer_features"),
)
