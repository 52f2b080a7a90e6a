"""A text under change that remembers where each of its code points came from."""

from collections.abc import Iterable
from itertools import pairwise

from models.text.unicode_kinds import kinds_of

Edit = tuple[int, int, str]  # [start, end) of the text as it is, not empty, and what comes in its place


class Draft:
    """``offsets`` is as in NormalizedText; None while every code point is where it was."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.offsets: list[int] | None = None
        self.flags: set[str] = set()
        self.unknown = 0  # how many unknown characters were taken out
        self._kinds: bytes | None = None

    @property
    def kinds(self) -> bytes:
        """One kind a code point of the text as it is."""
        if self._kinds is None:
            self._kinds = kinds_of(self.text)
        return self._kinds

    def has(self, kinds: bytes) -> bool:
        """True if a code point of one of these kinds is in the text."""
        return len(self.kinds.translate(None, kinds)) < len(self.text)

    def truncate(self, length: int) -> None:
        """Keep the first ``length`` code points."""
        if length < len(self.text):
            self.text = self.text[:length]
            self._kinds = self._kinds and self._kinds[:length]
            self.offsets = self.offsets and self.offsets[: length + 1]

    def overwrite(self, text: str) -> None:
        """Take a text of the same length, whose code points each come from the one in their place."""
        self.text = text
        self._kinds = None

    def replace(self, edits: Iterable[Edit]) -> None:
        """Apply edits, which come in order and do not overlap.

        The k-th code point of a replacement comes from the k-th of the span, or from the span's last.
        """
        edits = list(edits)
        if not edits:
            return
        if self.offsets is not None or any(len(new) != end - start for start, end, new in edits):
            self.offsets = self._offsets_after(edits)
        pieces = [self.text[: edits[0][0]]]
        for (_, end, new), (next_start, _, _) in pairwise([*edits, (len(self.text), 0, "")]):
            pieces += (new, self.text[end:next_start])
        self.text = "".join(pieces)
        self._kinds = None

    def _offsets_after(self, edits: list[Edit]) -> list[int]:
        source = range(len(self.text) + 1) if self.offsets is None else self.offsets
        found: list[int] = []
        done = 0
        for start, end, new in edits:
            found += source[done:start]
            found += [source[min(start + step, end - 1)] for step in range(len(new))]
            done = end
        found += source[done:]
        return found
