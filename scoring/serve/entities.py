"""The kinds of requests (session, customer), and the SQL that feeds their rows to the models.

The compiled dbt statements run in an in-memory DuckDB. In the SQL here, `<schema.table>` is a
relation of that database.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scoring.run.batches import REASONS

__all__ = ["CUSTOMER", "KEY", "SCORE", "SERVING", "SESSION", "Entity"]

SERVING = "serving"
"""The name the published file is attached as."""
KEY = "request_key"
"""The column with the key of a request in its batch. No customer id has the same form."""

INPUTS = {
    "intermediate.int_as_of_dates_scheduled": "select '' as source_name, null::date as as_of_date",
    "seeds.as_of_calendar": (
        "select '' as source_name, null::date as first_as_of_date, null::date as last_as_of_date,"
        " null::integer as every_days"
    ),
    "intermediate.int_customers_unioned": f"from {SERVING}.marts.customers",
    **{
        f"marts.{name}": f"from {SERVING}.marts.{name}"
        for name in ("orders", "order_items", "products", "sessions", "engagements", "watermarks")
    },
}
"""The relations that the statements read but do not build, as queries with the same columns.

Only rows from the views of the entity are used.
"""

SCORE = {
    "entity_id": "varchar",
    "task": "varchar",
    **{f"reason_{rank}": "varchar" for rank in range(1, REASONS + 1)},
    **{f"contribution_{rank}": "double" for rank in range(1, REASONS + 1)},
}
"""The columns, with types, from which the reasons in words are built."""


@dataclass(frozen=True)
class Entity:
    """One kind of request."""

    name: str
    request: str
    """The columns of a request, as a query without rows."""
    history: Mapping[str, str]
    """Published rows by name, sorted by the look-up key, so that a look-up reads few blocks."""
    views: Mapping[str, Sequence[str]]
    """For an input relation, the queries that give its rows, from `<request.rows>` and history.

    A query may lack columns of the relation.
    """
    as_of_date: str
    """The as-of date, as SQL: for a session, the first date whose features include it."""
    people: str
    """A join of `request` to `people`, whose `is_known` says whether the customer is published."""
    computed: tuple[str, ...]
    """The statements to run. The tables of the other statements stay empty."""

    @property
    def features(self) -> str:
        """The feature table that the models read."""
        return f"features.{self.name}_features"

    def inputs(self, source: str) -> dict[str, str]:
        """Each input relation as a query: the rows for the requests, or no rows."""
        dates = f"select '{source}' as source_name, {self.as_of_date} as as_of_date"
        views = {
            "intermediate.int_as_of_dates_scheduled": [f"{dates} from <request.rows>"],
            **self.views,
        }
        return {
            relation: " union all by name ".join(
                [f"(from ({columns}) limit 0)", *views.get(relation, ())]
            )
            for relation, columns in INPUTS.items()
        }


PAST = {
    "orders": ("order_type", "ordered_at", "known_at"),
    "sessions": ("started_at", "known_at"),
    "engagements": ("action", "engaged_at", "known_at"),
}
"""The columns of a customer's history that the features of a session read."""


def _past(name: str) -> str:
    columns = ", ".join(f"history.{column}" for column in PAST[name])
    return (
        f"select request.{KEY} as customer_id, {columns}"
        f" from <history.{name}> as history"
        " inner join <request.rows> as request on history.customer_id = request.customer_id"
    )


SESSION = Entity(
    name="session",
    request=f"select '' as {KEY}, * exclude (session_id, source_name, known_at, has_purchase),"
    f" '' as quarantine_reason from {SERVING}.marts.sessions limit 0",
    history={
        name: f"select customer_id, {', '.join(columns)} from {SERVING}.marts.{name}"
        " where customer_id is not null order by customer_id"
        for name, columns in PAST.items()
    }
    | {
        "people": f"select customer_id, true as is_known from {SERVING}.marts.customers"
        " order by customer_id"
    },
    views={
        "marts.orders": [_past("orders")],
        "marts.engagements": [_past("engagements")],
        "marts.sessions": [
            _past("sessions"),
            f"select * exclude ({KEY}, quarantine_reason)"
            f" replace (if(customer_id is null, null, {KEY}) as customer_id),"
            f" {KEY} as session_id, started_at as known_at from <request.rows>",
        ],
    },
    as_of_date="cast(started_at as date) + 1",
    people="left join <history.people> as people on request.customer_id = people.customer_id",
    computed=("session_features",),
)

CUSTOMER = Entity(
    name="customer",
    request=f"select '' as {KEY}, current_date as as_of_date,"
    " * exclude (customer_id, source_name, full_name, email, valid_from, known_at),"
    f" '' as quarantine_reason from {SERVING}.marts.customers limit 0",
    # The mean salary of the region is a feature, so the customers of the region are needed.
    history={
        "customers": f"from {SERVING}.marts.customers where region is not null order by region"
    },
    views={
        "intermediate.int_customers_unioned": [
            "select customers.* from <history.customers> as customers"
            " inner join <request.rows> as request on customers.region = request.region",
            f"select * exclude ({KEY}, as_of_date, quarantine_reason), {KEY} as customer_id,"
            " '' as source_name,"
            " registered_at as valid_from, registered_at as known_at from <request.rows>",
        ],
    },
    as_of_date="as_of_date",
    people="cross join (select false as is_known) as people",
    computed=("int_customers_known", "customer_features"),
)
