"""What goes back to the training data."""

from datetime import datetime
from typing import Literal

import msgspec


class TrainingExample(msgspec.Struct, frozen=True, kw_only=True):
    """One labelled text. A label is 0, 1 or null; null means that nobody said anything about it."""

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
