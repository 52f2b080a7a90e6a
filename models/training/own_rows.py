"""The train half of the project's own sentences as rows like any other."""

import hashlib
from collections.abc import Collection, Sequence
from typing import Literal

import msgspec

from models.probes.probes import contrast, identity_probes, insult_probes
from models.training.data import Row

SOURCE = "own_sentences"


def own_rows(labels: Collection[str]) -> list[Row]:
    """Insults and neutral words, groups of people, and contrasting pairs; weak, since nobody annotated them.

    Only what says something about one of ``labels`` is there.
    """
    insults = [(probe.text, probe.lang, {"toxicity": probe.harmful}) for probe in insult_probes("train")]
    groups = [
        (probe.text, probe.lang, {"toxicity": probe.harmful, "hate": probe.harmful})
        for probe in identity_probes("train")
    ]
    pairs = [
        (item.text, item.lang, {name: bool(value) for name, value in item.labels.items() if value is not None})
        for item in contrast("train")
    ]
    return [
        Row(text=text, lang=lang, labels=said, source=SOURCE, split="train", weak=1)
        for text, lang, known in (*insults, *groups, *pairs)
        if (said := _said(known, labels))
    ]


def digest_of(rows: Sequence[Row]) -> str:
    """SHA-256 of rows with all that they say; empty where there is none."""
    return hashlib.sha256(msgspec.json.encode(rows, order="sorted")).hexdigest() if rows else ""


def _said(known: dict[str, bool], labels: Collection[str]) -> dict[str, Literal[0, 1] | None]:
    return {name: 1 if value else 0 for name, value in known.items() if name in labels}
