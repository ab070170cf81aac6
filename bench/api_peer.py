"""A hand-written service for comparison: scikit-learn, pandas and FastAPI, one row at a time.

`python -m bench api` starts it as `python -m bench.api_peer PORT`. It fits the champion of sessions
again with the same settings. It computes the features again in pandas, from tables in memory. It
returns a probability without reasons.
"""

import sys
from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from pydantic import BaseModel

from ml.candidates.glass_box import FittedGlassBox, GlassBoxBoosting
from scoring.bundle import Bundle, load_bundle
from warehouse.connection import connect, fetch, quoted
from warehouse.settings import Settings, load_settings

EVENTS = {
    "order": "select customer_id, ordered_at as at, known_at from marts.orders"
    " where order_type = 'purchase'",
    "session": "select customer_id, started_at as at, known_at from marts.sessions",
    "response": "select customer_id, engaged_at as at, known_at from marts.engagements"
    " where action <> 'impression'",
}
CODES = ("operating_system", "browser", "region", "traffic_source")


class Session(BaseModel):
    """The body of a request to score a session, with few checks."""

    started_at: datetime
    customer_id: str | None = None
    visitor_type: str = "unknown"
    is_weekend: bool | None = None
    operating_system: str | None = None
    browser: str | None = None
    region: str | None = None
    traffic_source: str | None = None
    administrative_pages: float | None = None
    administrative_seconds: float | None = None
    informational_pages: float | None = None
    informational_seconds: float | None = None
    product_pages: float | None = None
    product_seconds: float | None = None
    bounce_rate: float | None = None
    exit_rate: float | None = None
    page_value: float | None = None
    special_day: float | None = None


def fit(settings: Settings, bundle: Bundle) -> FittedGlassBox:
    """The champion, fitted again on its training rows."""
    facts = bundle.facts
    names = ", ".join(map(quoted, bundle.features))
    with connect(settings.warehouse, read_only=True) as connection:
        frame = connection.execute(
            f"select {names}, {facts['label']} as label from {bundle.relation}"
            f" where as_of_date between ? and ? and {facts['label']} is not null",
            [facts["training"]["from"], facts["training"]["to"]],
        ).df()
    labels = frame.pop("label").to_numpy(np.uint8)
    matrix = frame.to_numpy(np.float32)
    return GlassBoxBoosting().fit(matrix, labels, facts["params"], int(facts["seed"]))


class Peer:
    """The tables in memory, and the fitted model."""

    def __init__(self, settings: Settings) -> None:
        with connect(settings.serving, read_only=True) as connection:
            ((path,),) = fetch(
                connection,
                "select bundle_path from predictions.champions where task = 'session_purchase'",
            )
            self.events = {
                name: {
                    str(customer): rows.drop(columns="customer_id")
                    for customer, rows in connection.sql(query).df().groupby("customer_id")
                }
                for name, query in EVENTS.items()
            }
            self.people = (
                connection.sql("from predictions.customer_cards").df().set_index("customer_id")
            )
        self.bundle = load_bundle(settings.artifacts / path)
        self.model = fit(settings, self.bundle)

    def features(self, session: Session) -> pd.DataFrame:
        """One row with the model's features, in the model's order."""
        values = session.model_dump()
        started = pd.Timestamp(session.started_at).tz_localize(None)
        row: dict[str, Any] = {name: values.get(name) for name in self.bundle.features}
        row["month_number"] = started.month
        for name in CODES:
            row[f"{name}_code"] = (
                pd.to_numeric(values[name], errors="coerce") if values[name] else None
            )
        row["is_returning_visitor"] = session.visitor_type == "returning"
        row["is_new_visitor"] = session.visitor_type == "new"
        if session.customer_id is not None:
            for event, tables in self.events.items():
                row |= self._before(event, tables.get(session.customer_id), started)
        return pd.DataFrame([row])[list(self.bundle.features)].astype(np.float32)

    def score(self, session: Session) -> dict[str, Any]:
        """The probability of a purchase, and the model's version."""
        probability = self.model.predict_proba(self.features(session).to_numpy())[0, 1]
        return {"probability": float(probability), "model_version": self.bundle.model_version}

    def _before(
        self, event: str, table: pd.DataFrame | None, started: pd.Timestamp
    ) -> dict[str, Any]:
        counts: dict[str, Any] = {f"previous_{event}_count_{days}d": 0 for days in (90, 365)}
        if table is None:
            return counts
        known = table[(table["at"] < started) & (table["known_at"] <= started)]
        ago = (started.normalize() - known["at"].dt.normalize()).dt.days
        for days in (90, 365):
            counts[f"previous_{event}_count_{days}d"] = int((ago <= days).sum())
        last = ago[ago <= 365]
        counts[f"days_since_previous_{event}_365d"] = last.min() if len(last) else None
        return counts


def main() -> None:
    """Serve on the port given on the command line."""
    import uvicorn
    from fastapi import FastAPI, HTTPException

    peer, app = Peer(load_settings()), FastAPI()

    @app.get("/v1/customers/{customer_id}")
    def customer(customer_id: str) -> dict[str, Any]:
        if customer_id not in peer.people.index:
            raise HTTPException(404)
        found = peer.people.loc[customer_id].to_dict()
        return {name: None if pd.isna(value) else value for name, value in found.items()}

    @app.post("/v1/sessions/score")
    def session(body: Session) -> dict[str, Any]:
        return peer.score(body)

    uvicorn.run(app, port=int(sys.argv[1]), log_level="error", access_log=False)


if __name__ == "__main__":
    main()
