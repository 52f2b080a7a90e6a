"""The same harmless sentence with one group after another: what changes with the group alone?"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.probes.probes import Swap

_REVIEW_FROM = 0.5  # of a label without a threshold


@dataclass(frozen=True, slots=True)
class Gap:
    """One label in one language. With few frames chance alone makes some gap: compare it with other systems'."""

    label: str
    language: str
    frames: int
    groups: int
    gap: float  # largest mean probability of a group over the frames, minus the smallest
    highest: str  # the group with the largest
    lowest: str
    changed: float  # share of the frames that some groups bring to review_from or above and others do not


def gaps(swaps: Sequence[Swap], scores: Mapping[str, Sequence[float]], review_from: Mapping[str, float]) -> list[Gap]:
    """By label, then language; ``scores`` has one probability a sentence for each label.

    A language with one group is left out. Raises ValueError where a frame lacks a group that others of its language
    have: means over unlike frames would be no comparison.
    """
    members: defaultdict[str, list[int]] = defaultdict(list)
    for at, swap in enumerate(swaps):
        members[swap.lang].append(at)
    return [
        _gap(label, language, [swaps[at] for at in here], [values[at] for at in here], limit)
        for label, values in scores.items()
        for limit in [review_from.get(label, _REVIEW_FROM)]
        for language, here in sorted(members.items())
        if len({swaps[at].group for at in here}) > 1
    ]


def _gap(label: str, language: str, swaps: Sequence[Swap], values: Sequence[float], limit: float) -> Gap:
    groups = sorted({swap.group for swap in swaps})
    table = _table(swaps, values, groups)
    means = table.mean(axis=0)
    reached = table >= limit
    return Gap(
        label=label,
        language=language,
        frames=table.shape[0],
        groups=table.shape[1],
        gap=float(means.max() - means.min()),
        highest=groups[int(means.argmax())],
        lowest=groups[int(means.argmin())],
        changed=float((reached.any(axis=1) & ~reached.all(axis=1)).mean()),
    )


def _table(swaps: Sequence[Swap], values: Sequence[float], groups: Sequence[str]) -> NDArray[np.float64]:
    """[frames, groups]."""
    by_frame: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for swap, value in zip(swaps, values, strict=True):
        by_frame[swap.frame][swap.group] = value
    for frame, found in by_frame.items():
        if len(found) < len(groups):
            missing = ", ".join(group for group in groups if group not in found)
            raise ValueError(f"the frame {frame!r} lacks {missing}; give every frame every group of its language")
    return np.array([[found[group] for group in groups] for found in by_frame.values()], np.float64)
