"""What a request can be about, in SQL: how its rows, and their past, enter the compiled statements.

`<schema.table>` stands for a relation of the DuckDB in which the statements run.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scoring.run.batches import REASONS

__all__ = ["CUSTOMER", "KEY", "SCORE", "SERVING", "SESSION", "Entity"]

SERVING = "serving"
"""The published file, within the connection."""
KEY = "request_key"
"""Which request of the batch a row is, as no customer is called: the key of what is computed."""

INPUTS = {
    "intermediate.int_as_of_dates_scheduled": "select '' as source_name, null::date as as_of_date",
    "seeds.as_of_calendar": (
        "select '' as source_name, null::date as first_as_of_date, null::date as last_as_of_date,"
        " null::integer as every_days"
    ),
    "intermediate.int_customers_unioned": f"from {SERVING}.marts.customers",
    **{
        f"marts.{name}": f"from {SERVING}.marts.{name}"
        for name in ("orders", "order_items", "products", "sessions", "engagements")
    },
}
"""What the statements read and do not make themselves, as queries whose columns it has. No row but
those of a view of the entity is there."""

SCORE = {
    "entity_id": "varchar",
    "task": "varchar",
    **{f"reason_{rank}": "varchar" for rank in range(1, REASONS + 1)},
    **{f"contribution_{rank}": "double" for rank in range(1, REASONS + 1)},
}
"""What reasons in words are made of, and its types."""


@dataclass(frozen=True)
class Entity:
    """One kind of request."""

    name: str
    request: str
    """What a request says, as a query without rows."""
    history: Mapping[str, str]
    """What is known of before, by name: sorted by what it is looked up by, so that a look-up reads
    a block or two."""
    views: Mapping[str, Sequence[str]]
    """How the rows of `<request.rows>` enter: rows of an input, which may lack columns of it."""
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

    def inputs(self, source: str) -> dict[str, str]:
        """What the statements read, each as a query: empty, or what there is for the requests."""
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
"""What the features of a session ask of its customer's past."""


def _past(name: str) -> str:
    columns = ", ".join(f"history.{column}" for column in PAST[name])
    return (
        f"select request.{KEY} as customer_id, {columns}"
        f" from <history.{name}> as history"
        " inner join <request.rows> as request on history.customer_id = request.customer_id"
    )


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
    views={
        "marts.orders": [_past("orders")],
        "marts.engagements": [_past("engagements")],
        "marts.sessions": [
            _past("sessions"),
            f"select * exclude ({KEY})"
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
    " * exclude (customer_id, source_name, full_name, email, valid_from, known_at)"
    f" from {SERVING}.marts.customers limit 0",
    # A region's mean salary is among the features.
    history={
        "customers": f"from {SERVING}.marts.customers where region is not null order by region"
    },
    views={
        "intermediate.int_customers_unioned": [
            "select customers.* from <history.customers> as customers"
            " inner join <request.rows> as request on customers.region = request.region",
            f"select * exclude ({KEY}, as_of_date), {KEY} as customer_id, '' as source_name,"
            " registered_at as valid_from, registered_at as known_at from <request.rows>",
        ],
    },
    as_of_date="as_of_date",
    people="cross join (select false as is_known) as people",
    computed=("int_customers_known", "customer_features"),
)
