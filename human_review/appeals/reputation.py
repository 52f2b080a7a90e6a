"""How far a reporter can be relied on: a Beta posterior over what came of their earlier reports.

Each report whose item a person has decided since is one trial: right where the item was limited or removed. The prior
is Beta(1, 1), so that nobody of whom little is known counts for much more, or less, than anybody else.
"""

from dataclasses import dataclass

from scipy.stats import beta
from sqlalchemy import Connection, func, select

from human_review.database.tables import reports, tasks

_MASS = 0.9


@dataclass(frozen=True, slots=True)
class Reputation:
    """Out of how many decided reports how many were right, and the posterior's mean and central 90 %."""

    right: int
    wrong: int

    @property
    def mean(self) -> float:
        """The expected share of right reports, in (0, 1)."""
        return (self.right + 1) / (self.right + self.wrong + 2)

    @property
    def weight(self) -> float:
        """What a report counts: 1 for a reporter of whom nothing is known, in (0, 2)."""
        return 2 * self.mean

    def interval(self) -> tuple[float, float]:
        """The central 90 % of the posterior."""
        low, high = beta.interval(_MASS, self.right + 1, self.wrong + 1)
        return float(low), float(high)


def reputation_of(connection: Connection, reporter: str) -> Reputation:
    """Of a reporter, by the keyed digest of their id."""
    rows = connection.execute(
        select(tasks.c.verdict, func.count())
        .join(reports, reports.c.task_id == tasks.c.task_id)
        .where(
            reports.c.reporter == reporter, reports.c.counted, tasks.c.state == "closed",
            tasks.c.closed_why == "decided",
        )
        .group_by(tasks.c.verdict)
    ).all()  # fmt: skip
    counts = {row[0]: int(row[1]) for row in rows}
    right = counts.get("limit", 0) + counts.get("remove", 0)
    return Reputation(right, counts.get("allow", 0))
