"""The analysis copy of a text, with the way back to the original."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NormalizedText:
    """The analysis copy of a text.

    ``offsets[i]`` is the position in the original of code point ``i``, with one more entry for the end; None
    where every code point stayed where it was. ``flags`` name what was found (``controls``, ``marks-capped``,
    ``cut``, ``invisible``, …).
    """

    text: str
    offsets: tuple[int, ...] | None = None
    flags: tuple[str, ...] = ()

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """[start, end) of the original text for [start, end) of this one."""
        if self.offsets is None:
            return start, end
        last = self.offsets[end - 1] + 1 if end > start else 0
        # A span inside a character that normalization expanded covers that character.
        return self.offsets[start], max(self.offsets[end], last)
