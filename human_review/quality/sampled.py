"""Audits of automation: what people said of items that were drawn, beside what the machine had decided."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection, and_, func, select

from human_review.database.tables import answers, tasks
from human_review.quality.estimate import Estimate, Z, estimate
from human_review.quality.prevalence import Floats, Stratum, horvitz_thompson, share, stratified

ACTIONS = ("limit", "remove")
EVERY = "*"
# Without one error among 59 audits a precision of 0.95 is shown (see prevalence.audits_without_error).
LEAST_AUDITS = 59


@dataclass(frozen=True, slots=True)
class Audit:
    """A decided task: the machine's verdict and label, the people's verdict and labels, and how it was drawn."""

    machine: str
    label: str | None
    language: str
    probability: float
    human: str
    labels: frozenset[str]

    @property
    def restricts(self) -> bool:
        """Whether people would act on it."""
        return self.human in ACTIONS


def audits(connection: Connection, since_ms: int) -> list[Audit]:
    """All decided tasks since a time. Tasks that were not drawn came for sure: their probability is 1.

    Labels are those that at least half of the people behind the verdict named. Golden tasks and appeals are left out,
    and so are tasks that reports brought: nobody drew them.
    """
    rows = connection.execute(
        select(
            tasks.c.task_id, tasks.c.machine_verdict, tasks.c.label, tasks.c.language, tasks.c.sampling_probability,
            tasks.c.verdict, answers.c.labels,
        )
        .join(answers, and_(answers.c.task_id == tasks.c.task_id, answers.c.verdict == tasks.c.verdict))
        .where(
            tasks.c.kind == "review", tasks.c.closed_why == "decided", tasks.c.created_ms >= since_ms,
            tasks.c.why != "report", answers.c.state == "standing",
        )
    )  # fmt: skip
    by_task: dict[str, list[Any]] = {}
    for row in rows:
        by_task.setdefault(row.task_id, []).append(row)
    return [_audit(of_task) for of_task in by_task.values()]


def _audit(rows: Sequence[Any]) -> Audit:
    first, times = rows[0], Counter(label for row in rows for label in json.loads(row.labels))
    named = frozenset(label for label, count in times.items() if 2 * count >= len(rows))
    probability = first.sampling_probability
    return Audit(first.machine_verdict, first.label, first.language, probability, first.verdict, named)


def precision(found: Sequence[Audit], label: str) -> Estimate:
    """Of the machine's actions for a label, the share that people would act on too."""
    acted = [audit for audit in found if audit.machine in ACTIONS and label in (EVERY, audit.label)]
    return _share(acted, lambda audit: audit.restricts)


def miss_rate(found: Sequence[Audit], label: str) -> Estimate:
    """Of what the machine allowed, the share that people would act on for this label."""
    allowed = [audit for audit in found if audit.machine == "allow"]
    return _share(allowed, lambda audit: _is(audit, label))


def prevalence(found: Sequence[Audit], label: str, sizes: dict[str, int]) -> Estimate:
    """Of all items, the share that people would act on for this label.

    ``sizes`` says how many decisions of each verdict there were; where it does not, the sample itself does.
    """
    strata = []
    for verdict in ("allow", "review", *ACTIONS):
        part = [audit for audit in found if audit.machine == verdict]
        size = sizes.get(verdict, 0) if sizes else None
        strata.append(Stratum(_hits(part, lambda audit: _is(audit, label)), _probabilities(part), size))
    return stratified([stratum for stratum in strata if stratum.size != 0], least=LEAST_AUDITS)


def missed(found: Sequence[Audit], label: str, drawn: int) -> Estimate:
    """How many items the machine allowed in the whole time that people would act on for this label.

    ``drawn`` counts the allowed items that were drawn, also those that nobody has decided yet: they are taken to be
    like the others.
    """
    allowed = [audit for audit in found if audit.machine == "allow"]
    if len(allowed) < LEAST_AUDITS:
        return Estimate(len(allowed))
    decided = min(1.0, len(allowed) / max(drawn, 1))
    total, error = horvitz_thompson(
        _hits(allowed, lambda audit: _is(audit, label)), _probabilities(allowed) * decided
    )
    return estimate(len(allowed), total, max(0.0, total - Z * error), total + Z * error)


def drawn_allowed(connection: Connection, since_ms: int) -> dict[str, int]:
    """How many allowed items were drawn since a time, by language."""
    rows = connection.execute(
        select(tasks.c.language, func.count())
        .where(
            tasks.c.kind == "review", tasks.c.why == "sampled", tasks.c.machine_verdict == "allow",
            tasks.c.created_ms >= since_ms,
        )
        .group_by(tasks.c.language)
    )  # fmt: skip
    return {language: int(count) for language, count in rows}


def _is(audit: Audit, label: str) -> bool:
    return audit.restricts and (label == EVERY or label in audit.labels)


def _share(found: Sequence[Audit], hit: Callable[[Audit], bool]) -> Estimate:
    return share(_hits(found, hit), _probabilities(found), least=LEAST_AUDITS)


def _hits(found: Sequence[Audit], hit: Callable[[Audit], bool]) -> Floats:
    return np.array([hit(audit) for audit in found], dtype=np.float64)


def _probabilities(found: Sequence[Audit]) -> Floats:
    return np.array([audit.probability for audit in found], dtype=np.float64)
