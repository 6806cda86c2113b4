"""Counters, gauges and histograms in one namespace, on a registry of their own; nothing is global."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

__all__ = ["CONTENT_TYPE", "NAMESPACE", "Metrics"]

#: The ``Content-Type`` of :meth:`Metrics.render`.
CONTENT_TYPE = CONTENT_TYPE_LATEST

#: The names of all metrics begin with it.
NAMESPACE = "firstword"
#: Covers everything from a pure function to a slow feed.
SECONDS_BUCKETS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)

M = TypeVar("M", Counter, Gauge, Histogram)


class Metrics:
    """The metrics of a process. Their names begin with ``firstword_``; the same name always gives the same metric."""

    def __init__(self, registry: CollectorRegistry | None = None) -> None:
        self.registry = registry if registry is not None else CollectorRegistry()
        self._made: dict[str, Counter | Gauge | Histogram] = {}

    def counter(self, name: str, description: str, labels: Sequence[str] = ()) -> Counter:
        """Return a counter, which only grows; ``_total`` is appended to its name."""
        return self._once(
            Counter, name, lambda: Counter(name, description, labels, namespace=NAMESPACE, registry=self.registry)
        )

    def gauge(self, name: str, description: str, labels: Sequence[str] = ()) -> Gauge:
        """Return a gauge, which rises and falls."""
        return self._once(
            Gauge, name, lambda: Gauge(name, description, labels, namespace=NAMESPACE, registry=self.registry)
        )

    def histogram(
        self, name: str, description: str, labels: Sequence[str] = (), buckets: Sequence[float] = SECONDS_BUCKETS
    ) -> Histogram:
        """Return a histogram, by default of seconds."""
        return self._once(
            Histogram,
            name,
            lambda: Histogram(name, description, labels, NAMESPACE, registry=self.registry, buckets=tuple(buckets)),
        )

    def render(self) -> bytes:
        """Return all metrics in the text format of Prometheus."""
        return generate_latest(self.registry)

    def _once(self, kind: type[M], name: str, make: Callable[[], M]) -> M:
        made = self._made.get(name)
        if made is None:
            made = self._made[name] = make()
        if not isinstance(made, kind):
            raise ValueError(f"the metric {name!r} is a {type(made).__name__} already, not a {kind.__name__}")
        return made
