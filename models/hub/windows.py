"""Texts as windows of token ids: what is nothing to read, how long texts are cut, which windows run together."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

MOST_WINDOWS = 8  # of one text, so that its cost is bounded: 8 of 512 tokens are one batch of the usual size
_OVERLAP = 8  # the overlap is one in so many tokens of a window
_UNREADABLE = frozenset({"Cc", "Cf", "Zl", "Zp", "Zs"})  # controls, invisible characters, spaces
_SURROGATE = re.compile("[\ud800-\udfff]")
_CHARACTERS = 200_000  # tokenized at once; what the tokenizer holds of a character is a hundred times as large


@dataclass(frozen=True, slots=True)
class Window:
    """A piece of a text with the special tokens around it."""

    text: int  # position of the text in the batch
    fields: dict[str, list[int]]  # input_ids and whatever else the model takes, [tokens] each
    content: int  # tokens that are not special
    unknown: int  # of these, those that the tokenizer has no piece for

    @property
    def length(self) -> int:
        return len(self.fields["input_ids"])


def is_blank(text: str) -> bool:
    """Whether a text holds nothing but spaces, controls and invisible characters."""
    return all(unicodedata.category(character) in _UNREADABLE for character in text)


def cut(texts: Sequence[str], tokenizer: "PreTrainedTokenizerBase", length: int) -> list[Window]:
    """Windows of at most ``length`` tokens, overlapping by an eighth; at least one a text, in the texts' order.

    A text that would need more than MOST_WINDOWS gets that many, spread evenly, with its first and its last.
    Lone surrogates, which no tokenizer takes, are read as U+FFFD.
    """
    windows: list[Window] = []
    for begin, end in _chunks([len(text) for text in texts]):
        clean = [_SURROGATE.sub("\ufffd", text) for text in texts[begin:end]]
        windows += _cut_some(clean, begin, tokenizer, length)
    return windows


def batches(windows: Sequence[Window], tokens: int) -> Iterator[list[int]]:
    """Positions of windows of like length that, padded to the longest, fill at most ``tokens``; or of one window."""
    batch: list[int] = []
    for position in sorted(range(len(windows)), key=lambda at: windows[at].length):
        if batch and windows[position].length * (len(batch) + 1) > tokens:
            yield batch
            batch = []
        batch.append(position)
    if batch:
        yield batch


def spread(count: int, most: int) -> list[int]:
    """All of ``count`` positions, or ``most`` of them, evenly, with the first and the last."""
    if count <= most:
        return list(range(count))
    return [round(step * (count - 1) / (most - 1)) for step in range(most)]


def _cut_some(texts: list[str], first: int, tokenizer: "PreTrainedTokenizerBase", length: int) -> list[Window]:
    room = length - tokenizer.num_special_tokens_to_add()
    encoded = tokenizer(
        texts,
        truncation=True,
        max_length=length,
        stride=room // _OVERLAP,
        split_special_tokens=True,  # "</s>" in a text is five characters, not the end of it
        return_overflowing_tokens=True,
        return_special_tokens_mask=True,
    )
    owners: list[int] = encoded.pop("overflow_to_sample_mapping")
    special: list[list[int]] = encoded.pop("special_tokens_mask")
    rows: list[list[int]] = [[] for _ in texts]
    for row, owner in enumerate(owners):
        rows[owner].append(row)
    kept = [row for own in rows for row in (own[at] for at in spread(len(own), MOST_WINDOWS))]
    fields = [{name: values[row] for name, values in encoded.items()} for row in kept]
    return [_window(first + owners[row], of, special[row], tokenizer) for row, of in zip(kept, fields, strict=True)]


def _window(
    text: int, fields: dict[str, list[int]], special: list[int], tokenizer: "PreTrainedTokenizerBase"
) -> Window:
    unknown = tokenizer.unk_token_id
    return Window(text, fields, special.count(0), 0 if unknown is None else fields["input_ids"].count(unknown))


def _chunks(lengths: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Ranges of texts that together have at most _CHARACTERS, or of one text."""
    begin, filled = 0, 0
    for index, length in enumerate(lengths):
        if index > begin and filled + length > _CHARACTERS:
            yield begin, index
            begin, filled = index, 0
        filled += length
    if begin < len(lengths):
        yield begin, len(lengths)
