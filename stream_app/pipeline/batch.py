"""A batch of training examples in which nobody has more than a share.

A weight says how often a person is right, not how many labels they gave. Without a limit whoever answers most, or
whoever took over a busy account, would teach the model alone.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from stream_app.contracts.feedback import TrainingExample

SHARE = 0.02
_EQUAL_SHARES = 2.0
_PERSON = "reviewer:"


@dataclass(frozen=True, slots=True)
class Batch:
    """``share`` is the limit that was kept, of the sum of all weights.

    ``limited`` has the pseudonyms of those whom it held back, each with what is left of their weights, 0 to 1.
    """

    examples: tuple[TrainingExample, ...]
    share: float
    people: int
    limited: dict[str, float]


def limited(examples: Sequence[TrainingExample], share: float = SHARE) -> Batch:
    """The examples with the weights of each person scaled down to at most ``share`` of the whole, 0 to 1.

    The weight of a label of several people is the sum of equal parts, one for each of them; a part is scaled with
    what else its person gave. What nobody's name is on is left as it is. Weights must be 0 or more.

    Of few people each has more than the share by necessity: with fewer than ``2 / share`` of them the limit is twice
    an equal share, so two people are not limited.
    """
    given: defaultdict[str, float] = defaultdict(float)
    unnamed = 0.0
    for example in examples:
        people = people_of(example)
        for person in people:
            given[person] += example.weight / len(people)
        unnamed += 0.0 if people else example.weight
    weights = [weight for weight in given.values() if weight > 0]
    limit = max(share, _EQUAL_SHARES / len(weights)) if weights else share
    most = _most(weights, unnamed, limit)
    kept = {person: most / weight for person, weight in given.items() if weight > most}
    return Batch(
        examples=tuple(_scaled(example, kept) for example in examples),
        share=min(1.0, limit),
        people=len(given),
        limited=dict(sorted(kept.items())),
    )


def people_of(example: TrainingExample) -> tuple[str, ...]:
    """The pseudonyms of those who gave the label."""
    return tuple(entry.removeprefix(_PERSON) for entry in example.lineage if entry.startswith(_PERSON))


def _scaled(example: TrainingExample, kept: dict[str, float]) -> TrainingExample:
    people = people_of(example)
    if kept.keys().isdisjoint(people):
        return example
    part = sum(kept.get(person, 1.0) for person in people) / len(people)
    return msgspec.structs.replace(example, weight=example.weight * part)


def _most(weights: Iterable[float], unnamed: float, limit: float) -> float:
    """The weight that a person may have at most so that it is ``limit`` of what is left of the whole.

    Where the ``k`` heaviest have ``most`` each, the whole is ``k * most`` and what the others have, and ``most`` is
    its limit-th part. ``k`` is the first for which none of the others has more.
    """
    rising = sorted(weights)
    others = unnamed + sum(rising)
    most = others * limit
    for held_back in range(len(rising)):
        heaviest = rising[-1 - held_back]
        most = others / (1 / limit - held_back)
        if heaviest <= most * (1 + 1e-12):
            break
        others -= heaviest
    return most
