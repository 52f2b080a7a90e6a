"""How far the answers of a person are trusted: what `reliability` says, or what anybody is trusted with at first."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from human_review.database.tables import reliability
from human_review.service import Service

ALL = "*"


@dataclass(frozen=True, slots=True)
class Trust:
    """Chances that a person says what is right: of items to act on, and of items to leave. In [0, 1]."""

    sensitivity: float
    specificity: float

    @property
    def weight(self) -> float:
        """Youden's J, sensitivity + specificity - 1, not below 0: 0 for answers by chance, 1 for no errors."""
        return max(0.0, self.sensitivity + self.specificity - 1.0)


def trust_of(connection: Connection, service: Service, user_ids: set[str], label: str | None) -> dict[str, Trust]:
    """Of each person for a policy label; over all labels where that one is not known yet.

    Who was never measured is trusted like a good reviewer of ``quality.alarm``: wrong as often as ``good`` says.
    """
    rows = connection.execute(
        select(reliability.c.user_id, reliability.c.label, reliability.c.sensitivity, reliability.c.specificity)
        .where(reliability.c.user_id.in_(user_ids), reliability.c.label.in_({ALL, label or ""}))
    )  # fmt: skip
    known = {(row.user_id, row.label): Trust(row.sensitivity, row.specificity) for row in rows}
    at_first = Trust(1 - service.config.quality.alarm.good, 1 - service.config.quality.alarm.good)
    return {
        user: known.get((user, label or "")) or known.get((user, ALL)) or at_first for user in user_ids
    }  # fmt: skip


def weight_of(connection: Connection, service: Service, user_id: str, label: str | None) -> float:
    """The weight of a person's label in training, 0 to 1; see `Trust.weight`."""
    return trust_of(connection, service, {user_id}, label)[user_id].weight
