"""Wald's sequential probability ratio test on golden results: is a person wrong as often as ``bad`` says? Pure.

The test looks at each result once and stops as soon as it knows (Wald 1945). Its errors are at most about
``false_alarm`` and ``missed_alarm``. When it has found a person good it begins again, so that a change is seen.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from math import log

from human_review.review_file import Alarm


@dataclass(frozen=True, slots=True)
class Watch:
    """``raised``: the last test that ended found the person bad. ``evidence``: log ratio of the one that runs."""

    raised: bool = False
    evidence: float = 0.0


def watched(watch: Watch, right: bool, rule: Alarm) -> Watch:
    """After one more golden result."""
    evidence = watch.evidence + _step(right, rule)
    if evidence >= log((1 - rule.missed_alarm) / rule.false_alarm):
        return Watch(raised=True)
    if evidence <= log(rule.missed_alarm / (1 - rule.false_alarm)):
        return Watch(raised=False)
    return Watch(watch.raised, evidence)


def is_raised(results: Iterable[bool], rule: Alarm) -> bool:
    """Whether the alarm is on after all results of a person, oldest first."""
    watch = Watch()
    for right in results:
        watch = watched(watch, right, rule)
    return watch.raised


def _step(right: bool, rule: Alarm) -> float:
    return log((1 - rule.bad) / (1 - rule.good)) if right else log(rule.bad / rule.good)
