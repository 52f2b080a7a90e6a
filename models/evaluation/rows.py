"""Labelled rows as arrays."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from models.tags import base_tag

UNKNOWN = -1


class LabelledText(Protocol):
    """What a row must offer; ``models.training.data.Row`` does."""

    @property
    def text(self) -> str: ...
    @property
    def lang(self) -> str: ...
    @property
    def labels(self) -> Mapping[str, int | None]: ...
    @property
    def source(self) -> str: ...
    @property
    def weak(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Rows:
    """All rows of an evaluation; arrays [rows]. ``weak`` rows were annotated by nobody for this purpose."""

    texts: list[str]
    languages: NDArray[np.str_]  # as the data give them; what results are told apart by
    sources: NDArray[np.str_]
    weak: NDArray[np.bool_]
    labels: tuple[Mapping[str, int | None], ...]

    @classmethod
    def of(cls, rows: Iterable[LabelledText]) -> "Rows":
        """In the order given."""
        kept = list(rows)
        return cls(
            [row.text for row in kept],
            np.array([base_tag(row.lang) for row in kept], np.str_),
            np.array([row.source for row in kept], np.str_),
            np.array([bool(row.weak) for row in kept], np.bool_),
            tuple(row.labels for row in kept),
        )

    def truth(self, label: str) -> NDArray[np.int8]:
        """1, 0, or -1 where the source says nothing."""
        found = (row.get(label) for row in self.labels)
        return np.array([UNKNOWN if value is None else value for value in found], np.int8)

    def harm(self) -> NDArray[np.int8]:
        """1 where any label holds, 0 where the row is known to be harmless, else -1.

        Known to be: no label holds, and toxicity is annotated, or spam is all that is (ham). No hate or no threat
        alone leaves open whether the text is abusive.
        """
        return np.array([_harm(row) for row in self.labels], np.int8)


def _harm(labels: Mapping[str, int | None]) -> int:
    known = {label: value for label, value in labels.items() if value is not None}
    if any(known.values()):
        return 1
    return 0 if "toxicity" in known or known.keys() == {"spam"} else UNKNOWN
