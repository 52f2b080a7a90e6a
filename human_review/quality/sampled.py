"""Audits of automation: what people said of items that were drawn, beside what the machine had decided."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from sqlalchemy import Connection, and_, func, select

from human_review.database.tables import answers, tasks
from human_review.quality.backlog import Drawn, is_decided
from human_review.quality.estimate import Estimate
from human_review.quality.prevalence import Floats, Stratum, share, stratified, thinned, total

ACTIONS = ("limit", "remove")
EVERY = "*"
# Without one error among 59 audits a precision of 0.95 is shown (see prevalence.audits_without_error).
LEAST_AUDITS = 59
_BETWEEN = "\n"  # no list of labels as JSON holds one


@dataclass(frozen=True, slots=True)
class Audit:
    """A kind of decided task: the machine's verdict and label, the people's verdict and labels, and how it was drawn.

    ``times`` is how many of it there are.
    """

    machine: str
    label: str | None
    language: str
    probability: float
    human: str
    labels: frozenset[str]
    times: int = 1

    @property
    def restricts(self) -> bool:
        """Whether people would act on it."""
        return self.human in ACTIONS


def audits(connection: Connection, since_ms: int) -> list[Audit]:
    """All decided tasks since a time, by kind. Tasks that were not drawn came for sure: their probability is 1.

    Labels are those that at least half of the people behind the verdict named. Golden tasks and appeals are left out,
    and so are tasks that reports brought: nobody drew them.
    """
    of_tasks = (
        select(
            tasks.c.machine_verdict, tasks.c.label, tasks.c.language, tasks.c.sampling_probability, tasks.c.verdict,
            func.aggregate_strings(answers.c.labels, _BETWEEN).label("said"),
        )
        .join(answers, and_(answers.c.task_id == tasks.c.task_id, answers.c.verdict == tasks.c.verdict))
        .where(
            tasks.c.kind == "review", tasks.c.closed_why == "decided", tasks.c.created_ms >= since_ms,
            tasks.c.why != "report", answers.c.state == "standing",
            answers.c.decided_ms >= since_ms,  # follows from the above; an index finds them by it
        )
        .group_by(tasks.c.task_id)
        .subquery()
    )  # fmt: skip
    times: Counter[Audit] = Counter()
    for row in connection.execute(select(of_tasks, func.count().label("tasks")).group_by(*of_tasks.c)):
        kind = row.machine_verdict, row.label, row.language, row.sampling_probability, row.verdict
        times[Audit(*kind, _named(row.said.split(_BETWEEN)))] += row.tasks
    return [replace(audit, times=count) for audit, count in times.items()]


def _named(said: Sequence[str]) -> frozenset[str]:
    times = Counter(label for labels in said for label in json.loads(labels))
    return frozenset(label for label, count in times.items() if 2 * count >= len(said))


def precision(found: Sequence[Audit], label: str, drawn: Sequence[Drawn]) -> Estimate:
    """Of the machine's actions for a label, the share that people would act on too.

    Here and below nothing is said while too much of what was ``drawn`` waits undecided.
    """
    acted = [audit for audit in found if audit.machine in ACTIONS and label in (EVERY, audit.label)]
    of_these = [one for one in drawn if one.verdict in ACTIONS and label in (EVERY, one.label)]
    n = _count(acted)
    return _share(acted, lambda audit: audit.restricts) if is_decided(n, of_these) else Estimate(n)


def miss_rate(found: Sequence[Audit], label: str, drawn: Sequence[Drawn]) -> Estimate:
    """Of what the machine allowed, the share that people would act on for this label."""
    part, of_these = _of("allow", found, drawn)
    n = _count(part)
    return _share(part, lambda audit: _is(audit, label)) if is_decided(n, of_these) else Estimate(n)


def prevalence(found: Sequence[Audit], label: str, sizes: dict[str, int], drawn: Sequence[Drawn]) -> Estimate:
    """Of all items, the share that people would act on for this label.

    ``sizes`` says how many decisions of each verdict there were; where it does not, the sample itself does.
    """
    strata = []
    for verdict in ("allow", "review", *ACTIONS):
        part, of_these = _of(verdict, found, drawn)
        size = sizes.get(verdict, 0) if sizes else None
        if size != 0 and not is_decided(_count(part), of_these):
            return Estimate(_count(found))
        strata.append(Stratum(_hits(part, lambda audit: _is(audit, label)), _probabilities(part), size))
    return stratified([stratum for stratum in strata if stratum.size != 0], least=LEAST_AUDITS)


def missed(found: Sequence[Audit], label: str, drawn: Sequence[Drawn]) -> Estimate:
    """How many items the machine allowed in the whole time that people would act on for this label.

    Items that were drawn and are not decided, because they wait or were taken away, are taken to be like the others.
    """
    part, of_these = _of("allow", found, drawn)
    n = _count(part)
    if n < LEAST_AUDITS or not is_decided(n, of_these):
        return Estimate(n)
    chances = thinned(_probabilities(part), n, sum(one.tasks for one in of_these))
    return total(_hits(part, lambda audit: _is(audit, label)), chances)


def _of(verdict: str, found: Sequence[Audit], drawn: Sequence[Drawn]) -> tuple[list[Audit], list[Drawn]]:
    return [one for one in found if one.machine == verdict], [one for one in drawn if one.verdict == verdict]


def _is(audit: Audit, label: str) -> bool:
    return audit.restricts and (label == EVERY or label in audit.labels)


def _share(found: Sequence[Audit], hit: Callable[[Audit], bool]) -> Estimate:
    return share(_hits(found, hit), _probabilities(found), least=LEAST_AUDITS)


def _count(found: Sequence[Audit]) -> int:
    return sum(audit.times for audit in found)


def _hits(found: Sequence[Audit], hit: Callable[[Audit], bool]) -> Floats:
    return _each(found, [hit(audit) for audit in found])


def _probabilities(found: Sequence[Audit]) -> Floats:
    return _each(found, [audit.probability for audit in found])


def _each(found: Sequence[Audit], values: Sequence[float]) -> Floats:
    """A value of each kind, as often as there are tasks of it."""
    times = np.array([audit.times for audit in found], dtype=np.int64)
    return np.repeat(np.array(values, dtype=np.float64), times)
