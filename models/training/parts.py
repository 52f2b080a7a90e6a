"""The rows training uses: sampled, capped, and split into arrays."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.tags import base_tag
from models.training.data import Row
from models.training.recipe import RecipeSettings, truth_of


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of one split with what training asks of them; arrays [rows]."""

    rows: list[Row]
    languages: NDArray[np.str_]
    sources: NDArray[np.str_]
    weak: NDArray[np.bool_]

    @classmethod
    def of(cls, rows: list[Row]) -> "Part":
        return cls(
            rows,
            np.array([base_tag(row.lang) for row in rows], np.str_),
            np.array([row.source for row in rows], np.str_),
            np.array([bool(row.weak) for row in rows], np.bool_),
        )

    def truth(self, label: str) -> NDArray[np.int8]:
        return np.array([truth_of(row, label) for row in self.rows], np.int8)


def sample(rows: list[Row], settings: RecipeSettings, random: np.random.Generator, limit: int | None) -> list[Row]:
    """Rows in a random order, weak ones capped by language and split, then cut to the limit, then in order."""
    used: dict[tuple[str, str], int] = {}
    kept = []
    for index in random.permutation(len(rows)).tolist():
        row = rows[index]
        if row.weak:
            key = (row.lang, row.split)
            used[key] = used.get(key, 0) + 1
            if used[key] > settings.weak_rows_per_language:
                continue
        kept.append(index)
        if limit is not None and len(kept) >= limit:
            break
    return [rows[index] for index in sorted(kept)]
