"""The metrics that Prometheus reads at /metrics: requests and their time, and publications."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

__all__ = ["Metrics"]

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5)


class Metrics:
    """The metrics of one service, in their own registry."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self.requests = Counter(
            "numerosity_requests",
            "Requests answered.",
            ["route", "status"],
            registry=self._registry,
        )
        self.seconds = Histogram(
            "numerosity_request_seconds",
            "Seconds from a request's arrival to its answer.",
            ["route"],
            buckets=BUCKETS,
            registry=self._registry,
        )
        self.taken = Counter(
            "numerosity_publications_taken", "Publications opened.", registry=self._registry
        )
        self.refused = Counter(
            "numerosity_publications_refused",
            "Publications that could not be opened; the previous one stays in use.",
            registry=self._registry,
        )
        self.published_at = Gauge(
            "numerosity_published_timestamp_seconds",
            "Time of the served publication.",
            registry=self._registry,
        )

    def text(self) -> bytes:
        """All metrics in the text format of Prometheus."""
        return generate_latest(self._registry)
