"""What attackers write, for tests: texts of every kind, all of them or one of a kind, and notes made of them."""

import json
from collections.abc import Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import pytest

_LINES = Path(__file__).with_name("testing_payloads.tsv").read_text(encoding="utf-8").splitlines()[1:]
PAYLOADS: list[tuple[str, str]] = [(kind, json.loads(text)) for kind, text in (line.split("\t") for line in _LINES)]
TEXTS = [text for _, text in PAYLOADS]
ONE_OF_A_KIND = [next(found)[1] for _, found in groupby(sorted(PAYLOADS), key=lambda one: one[0])]
SOME = [*ONE_OF_A_KIND, *TEXTS[::6]]
NOTE_CHARS = 3900  # of at most 4,000


def chunks(texts: Sequence[str], size: int) -> list[tuple[str, ...]]:
    return [tuple(texts[at : at + size]) for at in range(0, len(texts), size)]


def short_and_long(name: str, short: Any, long: Any) -> pytest.MarkDecorator:
    """A few texts with every run, all of them in the long one."""
    return pytest.mark.parametrize(
        name, [pytest.param(short, id="some"), pytest.param(long, id="all", marks=pytest.mark.long)]
    )


def notes(texts: list[str]) -> list[str]:
    """Texts in notes that are as long as one may be, as a browser keeps them; longer ones are cut."""
    found = [""]
    for text in texts:
        one = text[:NOTE_CHARS].encode("utf-8", "replace").decode().replace("\0", "")
        one = one.replace("\r\n", "\n").replace("\r", "\n")
        # A line end counts for two characters in a form.
        if len(found[-1]) + len(one) + (found[-1] + one).count("\n") + 2 > NOTE_CHARS:
            found.append("")
        found[-1] += f"{'.' if not found[-1] else chr(10)}{one}"
    return [note[:NOTE_CHARS] for note in found]
