"""Binds the declared metrics to Prometheus and sets up logs: ids and counts, never the text."""

import json
import logging
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from stream_app.contracts import metrics
from stream_app.contracts.metrics import METRICS, Metric

Instrument = Counter | Gauge | Histogram


class Telemetry:
    """The metrics of one process. ``now`` gives seconds on a monotonic clock."""

    def __init__(self, *, now: Callable[[], float] = time.perf_counter) -> None:
        self.registry = CollectorRegistry()
        self._now = now
        self._instruments = {metric.name: self._bind(metric) for metric in METRICS}
        self._children: dict[tuple[str, ...], Any] = {}

    def _bind(self, metric: Metric) -> Instrument:
        if metric.kind == "histogram":
            return Histogram(metric.name, metric.help, metric.labels, buckets=metric.buckets, registry=self.registry)
        kind = Counter if metric.kind == "counter" else Gauge
        return kind(metric.name, metric.help, metric.labels, registry=self.registry)

    def _child(self, metric: Metric, labels: tuple[str, ...]) -> Any:
        key = (metric.name, *labels)
        child = self._children.get(key)
        if child is None:
            instrument = self._instruments[metric.name]
            child = self._children[key] = instrument.labels(*labels) if labels else instrument
        return child

    def count(self, metric: Metric, *labels: str, by: float = 1) -> None:
        """Add to a counter."""
        self._child(metric, labels).inc(by)

    def set(self, metric: Metric, value: float, *labels: str) -> None:
        """Set a gauge."""
        self._child(metric, labels).set(value)

    def observe(self, metric: Metric, value: float, *labels: str) -> None:
        """Add one value to a histogram."""
        self._child(metric, labels).observe(value)

    def value(self, metric: Metric, *labels: str) -> float:
        """The present value of a counter or gauge; 0 where it was never touched."""
        sample = metric.name if metric.kind != "counter" else metric.name.removesuffix("_total") + "_total"
        return self.registry.get_sample_value(sample, dict(zip(metric.labels, labels, strict=True))) or 0.0

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time one stage of one batch."""
        started = self._now()
        try:
            yield
        finally:
            self.observe(metrics.STAGE_SECONDS, self._now() - started, name)


class JsonFormatter(logging.Formatter):
    """One JSON object a line. JSON escapes control characters, so no value can forge a line."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created)) + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        line.update(getattr(record, "facts", {}))
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


class TextFormatter(logging.Formatter):
    """One line for people. Control characters are escaped."""

    def format(self, record: logging.LogRecord) -> str:
        facts = " ".join(f"{name}={value}" for name, value in getattr(record, "facts", {}).items())
        line = f"{record.levelname:<7} {record.name}: {record.getMessage()} {facts}".rstrip()
        line = "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in line)
        return line + ("\n" + self.formatException(record.exc_info) if record.exc_info else "")


class OncePerSecond(logging.Filter):
    """Lets one record per logger and second through: an outage logs hundreds a second otherwise."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.created - self._last.get(record.name, 0.0) < 1.0:
            return False
        self._last[record.name] = record.created
        return True


def set_up_logs(log_format: str, level: str) -> None:
    """Send every log line of this process to standard error in one shape."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter() if log_format == "json" else TextFormatter())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for noisy in ("aiokafka", "faust", "mode", "rdkafka"):
        logging.getLogger(noisy).setLevel("WARNING")
    for chatty in ("aiokafka", "aiokafka.conn", "aiokafka.client", "aiokafka.consumer.group_coordinator",
                   "aiokafka.consumer.fetcher", "aiokafka.cluster", "rdkafka"):  # fmt: skip
        logging.getLogger(chatty).addFilter(OncePerSecond())


def facts(**values: object) -> dict[str, object]:
    """Ids and counts for a log call: ``log.info("…", extra=facts(item=…))``. Never the text of an item."""
    return {"facts": values}
