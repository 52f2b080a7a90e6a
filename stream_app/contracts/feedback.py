"""What goes back to the training data."""

from datetime import datetime
from typing import Literal

import msgspec

from stream_app.contracts.ids import digest


class TrainingExample(msgspec.Struct, frozen=True, kw_only=True):
    """One labelled text. A label is 0, 1 or null; null means that nobody said anything about it.

    ``weight`` is how far the label can be trusted, divided by ``sampling_probability`` and cut at a limit.
    ``lineage`` names what it goes back to, each with its kind: ``decision:…``, ``label:…``, ``reviewer:…``.
    """

    example_id: str
    item_id: str
    text: str
    language: str
    labels: dict[str, int | None]
    source: Literal["review", "appeal", "gold", "variant", "campaign"]
    weight: float = 1.0
    sampling_probability: float = 1.0
    artifacts: dict[str, str] = {}
    policy_version: str
    lineage: tuple[str, ...] = ()
    created_at: datetime


def example_id_of(item_id: str) -> str:
    """The id of an item's example.

    It follows from the item alone: a later label takes the place of an earlier one, also on a text that was edited,
    and whoever learns that the item was deleted can erase its example without having seen it.
    """
    return digest("example", item_id)
