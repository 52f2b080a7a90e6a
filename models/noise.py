"""What people do to words so that machines do not read them: done to texts in training, and in evaluation.

Each change keeps the text readable for a person. Which changes were drawn depends on the generator alone.
"""

from collections.abc import Callable

import numpy as np

Change = Callable[[str, np.random.Generator], str]

_LEET = {
    "a": "@4",
    "e": "3",
    "i": "1!",
    "o": "0",
    "s": "$5",
    "t": "7+",
    "b": "8",
    "g": "9",
    "l": "1|",
    "u": "v",
    "c": "(",
}
_ALIKE = {
    "a": "аɑα", "c": "сϲ", "e": "еε", "i": "іı", "j": "ј", "k": "κк", "o": "оο0", "p": "рρ", "s": "ѕ", "u": "υ",
    "v": "ν", "x": "хχ", "y": "уγ", "h": "һ", "n": "ո", "d": "ԁ", "g": "ɡ", "l": "ӏ", "m": "м", "t": "т",
    "b": "Ь", "w": "ԝ", "а": "a", "е": "e", "о": "o", "р": "p", "с": "c", "у": "y", "х": "x",
}  # fmt: skip
_BETWEEN = (" ", ".", "-", "_", "*", "\u200b", "\u00ad")


def noisy(text: str, random: np.random.Generator) -> str:
    """One or two changes to a text; the empty text stays."""
    for _ in range(1 + int(random.random() < 0.3)):
        text = _CHANGES[random.integers(len(_CHANGES))](text, random)
    return text


def _typo(text: str, random: np.random.Generator) -> str:
    letters = list(text)
    for _ in range(1 + len(letters) // 25):
        at = int(random.integers(max(1, len(letters) - 1)))
        kind = random.integers(3)
        if at + 1 >= len(letters):
            continue
        if kind == 0:
            letters[at], letters[at + 1] = letters[at + 1], letters[at]
        elif kind == 1 and len(letters) > 4:
            del letters[at]
        else:
            letters.insert(at, letters[at])
    return "".join(letters)


def _swap(table: dict[str, str], share: float) -> Change:
    def change(text: str, random: np.random.Generator) -> str:
        return "".join(
            _pick(table[letter.lower()], draw / share) if draw < share and letter.lower() in table else letter
            for letter, draw in zip(text, random.random(len(text)), strict=True)
        )

    return change


def _pick(options: str, place: float) -> str:
    return options[int(place * len(options))]


def _words(change: Change, share: float) -> Change:
    """Apply a change to some words only; never to none."""

    def some(text: str, random: np.random.Generator) -> str:
        words = text.split(" ")
        chosen = random.random(len(words)) < share
        chosen[random.integers(len(words))] = True
        return " ".join(change(word, random) if use else word for word, use in zip(words, chosen, strict=True))

    return some


def _spread(word: str, random: np.random.Generator) -> str:
    return _BETWEEN[random.integers(len(_BETWEEN))].join(word) if 2 < len(word) < 16 else word


def _stretch(word: str, random: np.random.Generator) -> str:
    if not word:
        return word
    at = int(random.integers(len(word)))
    return word[:at] + word[at] * int(random.integers(2, 6)) + word[at:]


def _star(word: str, random: np.random.Generator) -> str:
    if len(word) < 4:
        return word
    at = int(random.integers(1, len(word) - 1))
    return word[:at] + "*" + word[at + 1 :]


def _glue(text: str, random: np.random.Generator) -> str:
    words = text.split(" ")
    if len(words) < 2:
        return text
    at = int(random.integers(len(words) - 1))
    return " ".join([*words[:at], words[at] + words[at + 1], *words[at + 2 :]])


_CHANGES: tuple[Change, ...] = (
    _typo,
    _swap(_LEET, 0.25),
    _words(_swap(_LEET, 0.5), 0.2),
    _words(_swap(_ALIKE, 0.5), 0.3),
    _words(_spread, 0.15),
    _words(_stretch, 0.2),
    _words(_star, 0.15),
    _glue,
)
