"""How far each person can be trusted, from the answers of the last months."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import Connection, select

from human_review.database.tables import answers, golden, golden_results, tasks
from human_review.quality.alarm import is_raised
from human_review.quality.pairs import paired
from human_review.quality.posterior import VERDICTS
from human_review.quality.reliability import UNKNOWN, Answers, Floats, Prior, Reliability, dawid_skene, interval
from human_review.quality.weights import ALL, Trust
from human_review.review_file import Alarm

STRENGTH = 10.0  # answers that what is known beforehand counts for
_LEAST_PRIOR = 0.05  # no verdict is ever so rare that two people who agree on it are not believed
_PLACE = {verdict: place for place, verdict in enumerate(VERDICTS)}


@dataclass(frozen=True, slots=True)
class Said:
    """One answer that tells something: its task was drawn for two, or its right verdict is ``known``."""

    task_id: str
    user_id: str
    label: str
    verdict: str
    known: str | None


@dataclass(frozen=True, slots=True)
class Measured:
    """A row of ``reliability``."""

    user_id: str
    label: str
    answers: int
    trust: Trust
    low: float
    high: float


def said(connection: Connection, since_ms: int) -> list[Said]:
    """The standing answers since a time that tell how people answer: all those of `pairs`, and of golden tasks."""
    of_pairs = [
        Said(task.task_id, user_id, task.label, verdict, None)
        for task in paired(connection, since_ms)
        for user_id, verdict in task.given
    ]
    rows = connection.execute(
        select(
            answers.c.task_id, answers.c.user_id, answers.c.verdict, tasks.c.label, golden.c.verdict.label("known")
        )
        .join(golden_results, golden_results.c.task_id == answers.c.task_id)
        .join(golden, golden.c.golden_id == golden_results.c.golden_id)
        .join(tasks, tasks.c.task_id == answers.c.task_id)
        .where(
            answers.c.state == "standing", answers.c.decided_ms >= since_ms, answers.c.verdict.in_(VERDICTS)
        )
    )  # fmt: skip
    return of_pairs + [Said(row.task_id, row.user_id, row.label or "", row.verdict, row.known) for row in rows]


def golden_rights(connection: Connection) -> dict[str, list[bool]]:
    """Golden results by person, oldest first."""
    rows = connection.execute(
        select(golden_results.c.user_id, golden_results.c.right)
        .where(golden_results.c.right.is_not(None))
        .order_by(golden_results.c.at_ms, golden_results.c.task_id)
    )  # fmt: skip
    found: dict[str, list[bool]] = {}
    for user_id, right in rows:
        found.setdefault(user_id, []).append(bool(right))
    return found


def alarms(rights: dict[str, list[bool]], rule: Alarm) -> set[str]:
    """Who is wrong on golden tasks as often as ``rule.bad`` says."""
    return {user_id for user_id, results in rights.items() if is_raised(results, rule)}


def measured(given: Sequence[Said], at_first: float) -> tuple[list[Measured], dict[str, dict[str, float]]]:
    """Everybody's reliability over all labels (``*``) and by label, and how often each verdict is right by label.

    ``at_first`` is the share of right answers that unknown people are taken to have. By label, a person is taken to
    be as good as over all of them until answers to that label say otherwise.
    """
    people = sorted({one.user_id for one in given})
    overall, ends = _fit(given, people, np.full(len(people), at_first))
    rows = _rows(overall, people, ALL, *ends)
    shares = {ALL: _shares(overall)}
    middle = (overall.right + STRENGTH * at_first) / (overall.answers + STRENGTH)
    for label in sorted({one.label for one in given}):
        part = [one for one in given if one.label == label]
        found, ends = _fit(part, people, middle)
        rows += _rows(found, people, label, *ends)
        shares[label] = _shares(found)
    return rows, shares


def _fit(given: Sequence[Said], people: Sequence[str], right: Floats) -> tuple[Reliability, tuple[Floats, Floats]]:
    prior, answers = Prior(right, STRENGTH), _as_arrays(given, people)
    found = dawid_skene(answers, prior)
    return found, interval(answers, found, prior)


def _as_arrays(given: Sequence[Said], people: Sequence[str]) -> Answers:
    task_place = _places(one.task_id for one in given)
    person_place = {user_id: place for place, user_id in enumerate(people)}
    known = np.full(len(task_place), UNKNOWN, dtype=np.int64)
    for one in given:
        if one.known in _PLACE:
            known[task_place[one.task_id]] = _PLACE[one.known]
    return Answers(
        task=np.array([task_place[one.task_id] for one in given], dtype=np.int64),
        person=np.array([person_place[one.user_id] for one in given], dtype=np.int64),
        verdict=np.array([_PLACE[one.verdict] for one in given], dtype=np.int64),
        known=known, people=len(people), verdicts=len(VERDICTS),
    )  # fmt: skip


def _places(names: Iterable[str]) -> dict[str, int]:
    return {name: place for place, name in enumerate(dict.fromkeys(names))}


def _rows(found: Reliability, people: Sequence[str], label: str, low: Floats, high: Floats) -> list[Measured]:
    return [
        Measured(user_id, label, int(count), _trust(found, place), float(low[place]), float(high[place]))
        for place, (user_id, count) in enumerate(zip(people, found.answers, strict=True))
        if count
    ]


def _trust(found: Reliability, place: int) -> Trust:
    """Sensitivity is over the verdicts that restrict, by how often each of them is the right one."""
    rates, share = found.confusion[place], found.prior
    restricts = [at for verdict, at in _PLACE.items() if verdict != "allow"]
    total = max(float(share[restricts].sum()), 1e-9)
    sensitivity = sum(float(share[at] * rates[at, at]) for at in restricts) / total
    if total <= 1e-9:
        sensitivity = float(np.mean([rates[at, at] for at in restricts]))
    return Trust(sensitivity, float(rates[_PLACE["allow"], _PLACE["allow"]]))


def _shares(found: Reliability) -> dict[str, float]:
    kept = np.maximum(found.prior, _LEAST_PRIOR)
    return dict(zip(VERDICTS, (kept / kept.sum()).tolist(), strict=True))
