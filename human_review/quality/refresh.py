"""Everything about quality that is computed now and then: reliability, alarms, golden candidates, page, metrics."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from math import nan

from sqlalchemy import Connection, delete, insert

from human_review.database.alone import Work, alone
from human_review.database.engine import now_ms
from human_review.database.tables import priors, reliability
from human_review.quality import candidates, measure
from human_review.quality.candidates import Window
from human_review.quality.estimate import Estimate
from human_review.quality.measure import Measured
from human_review.quality.summary import Summary, keep, summarize
from human_review.quality.weights import ALL
from human_review.service import Service
from stream_app.contracts import metrics
from stream_app.contracts.metrics import Metric

_DAY_MS = 86_400_000
_DAYS_OF_ANSWERS = 90
_DAYS_OF_CANDIDATES = 7
_CANDIDATES_AT_ONCE = 20  # each takes a millisecond or two, for which nobody else writes on SQLite


def refresh(service: Service) -> Summary:
    """Recompute all of it; safe to call at any time, from several processes, and worth it every few minutes.

    The computing happens outside of the transaction that writes, so that nobody waits for it.
    """
    with service.database.read() as connection:
        since = now_ms(connection) - _DAYS_OF_ANSWERS * _DAY_MS
        given, rights = measure.said(connection, since), measure.golden_rights(connection)
    quality = service.config.quality
    rows, shares = measure.measured(given, 1 - quality.alarm.good)
    with _writing(service) as connection:
        _replace(connection, rows, shares, measure.alarms(rights, quality.alarm))
    _find_candidates(service)
    with service.database.read() as connection:
        summary = summarize(connection, service.config.labels)
    with _writing(service) as connection:
        keep(connection, summary)
    export(service, summary)
    return summary


@contextmanager
def _writing(service: Service) -> Iterator[Connection]:
    """A transaction that puts something in the place of what was there, with no other such one beside it."""
    with service.database.write() as connection:
        alone(connection, Work.QUALITY)
        yield connection


def _replace(
    connection: Connection, rows: Sequence[Measured], shares: dict[str, dict[str, float]], raised: set[str]
) -> None:
    now = now_ms(connection)
    connection.execute(delete(reliability))
    connection.execute(delete(priors))
    if rows:
        connection.execute(insert(reliability), [
            {
                "user_id": row.user_id, "label": row.label, "answers": row.answers,
                "sensitivity": row.trust.sensitivity, "specificity": row.trust.specificity,
                "weight": row.trust.weight, "low": row.low, "high": row.high,
                "alarm": row.label == ALL and row.user_id in raised, "computed_ms": now,
            }
            for row in rows
        ])  # fmt: skip
        connection.execute(insert(priors), [
            {"label": label, "verdict": verdict, "share": share}
            for label, by_verdict in shares.items() for verdict, share in by_verdict.items()
        ])  # fmt: skip


def _find_candidates(service: Service) -> None:
    """Of what was decided so long ago that it will hardly be undone any more; a few in each transaction."""
    with service.database.read() as connection:
        until = now_ms(connection) - round(service.config.undo_seconds * 1000)
        window = Window(until - _DAYS_OF_CANDIDATES * _DAY_MS, until)
        found = candidates.agreed(connection, service, window)
    for first in range(0, len(found), _CANDIDATES_AT_ONCE):
        with _writing(service) as connection:
            candidates.propose_agreed(connection, service, found[first : first + _CANDIDATES_AT_ONCE], window)


def export(service: Service, summary: Summary) -> None:
    """Set the metrics; what has too few observations is nan."""
    for row in summary.rows:
        slice_of = row.label, row.language
        _set(service, metrics.QUALITY_PRECISION, row.precision, *slice_of)
        _set(service, metrics.QUALITY_MISS_RATE, row.miss_rate, *slice_of)
        _set(service, metrics.QUALITY_PREVALENCE, row.prevalence, *slice_of)
        for measured, found in row.agreement.items():
            _set(service, metrics.QUALITY_AGREEMENT, found, measured, *slice_of)
    for golden in summary.golden:
        _set(service, metrics.QUALITY_GOLDEN, golden.right, golden.label)
    service.telemetry.set(metrics.QUALITY_ALARMS, summary.alarms)


def _set(service: Service, metric: Metric, found: Estimate, *labels: str) -> None:
    for bound, value in (("value", found.value), ("low", found.low), ("high", found.high)):
        service.telemetry.set(metric, nan if value is None else value, *labels, bound)
    service.telemetry.set(metric, found.n, *labels, "n")
