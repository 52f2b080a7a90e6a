"""What is measured: short mixed-language texts like those that people post, each one different."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from stream_app.errors import ConfigError

SAMPLES = Path(__file__).resolve().parent.parent / "samples" / "items.jsonl"
SEED = 20_260_101


@dataclass(frozen=True, slots=True)
class Workload:
    """``items`` items of which a share of ``copies`` has the text of an earlier one, under an id of its own."""

    items: int
    copies: float = 0.0
    name: str = "item"

    def rows(self) -> Iterator[tuple[str, bytes]]:
        """Item id and ContentItem for each; the same every time."""
        random_ = random.Random(SEED)  # noqa: S311 - not for secrets
        texts = _Texts(samples())
        earlier: list[str] = []
        for number in range(self.items):
            if earlier and random_.random() < self.copies:
                text = random_.choice(earlier)
            else:
                text = texts.next()
                if self.copies:
                    earlier.append(text)
            item_id = f"{self.name}-{number}"
            item = {"item_id": item_id, "text": text, "author_id": f"author-{number % 997}", "surface": "post"}
            yield item_id, msgspec.json.encode(item)


class _Texts:
    """The sample texts in turn, each with two words of the samples behind it, so that none comes twice."""

    def __init__(self, texts: list[str]) -> None:
        self._texts = texts
        self._words = sorted({word for text in texts for word in text.split() if len(word) < 12})
        self._number = 0

    def next(self) -> str:
        number, self._number = self._number, self._number + 1
        text, turn = self._texts[number % len(self._texts)], number // len(self._texts)
        size = len(self._words)
        return f"{text} {self._words[turn % size]} {self._words[(turn // size + number) % size]}"


def samples() -> list[str]:
    """The texts of the shipped samples."""
    try:
        rows: list[dict[str, Any]] = [msgspec.json.decode(line) for line in SAMPLES.read_bytes().splitlines() if line]
    except (OSError, msgspec.DecodeError) as error:
        raise ConfigError(SAMPLES, "(file)", f"cannot be read: {error}; it comes with weir") from error
    return [row["text"] for row in rows if row["text"].strip()]
