"""How much one word of a text adds to a score."""

from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Contribution:
    """A word and what it adds to one label's logit.

    ``start`` and ``end`` count code points of the text that was scored, end exclusive. ``weight`` is in logit
    units (natural logarithm of the odds): above 0 the word speaks for the label, below 0 against it.
    """

    start: int
    end: int
    weight: float


@runtime_checkable
class Explainer(Protocol):
    """A classifier that knows the exact share of each word in its logits, at about the cost of scoring."""

    @property
    def labels(self) -> tuple[str, ...]: ...

    def explain(self, text: str, label: str) -> list[Contribution]:
        """The share of each word in the uncalibrated logit of a normalized text, in the order of the text.

        Raises ValueError for a label that is not one of ``labels``.
        """
        ...


def column_of(label: str, labels: tuple[str, ...]) -> int:
    """Where a label stands among a classifier's; raises ValueError where it is none of them."""
    if label not in labels:
        raise ValueError(f"no label {label!r}; choose one of {', '.join(labels)}")
    return labels.index(label)
