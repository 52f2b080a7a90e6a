"""What fine-tuning draws from: annotated rows first, and texts made here that take the language out of the question.

- *gold*: annotated rows, languages balanced by temperature, rows weighted as the linear level weights them;
- *weak*: harmless sentences of many languages, few of each, more where harm is annotated;
- *frames*: own sentences, insults or harmless words and groups of people in the same frames (`models.probes`);
- *filled*: the same frames with any word of the word lists or of the dictionaries in them;
- *implants*: a harmless sentence with an insult of the word lists in it, or with any other word of that language;
- *switched*: English rows with words carried into another language through a dictionary.

Nothing here holds a held-out probe word: `Sources` refuses every such text, whatever it comes from.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from models.noise import noisy
from models.text.normalize import seen
from models.training.data import Row
from models.training.recipe import RecipeSettings, row_weight, truth_of

UNKNOWN = -1

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Example:
    """A text, 1, 0 or -1 (unknown) for each label, and how much it counts."""

    text: str
    truth: tuple[int, ...]
    weight: float = 1.0


Draw = Callable[[np.random.Generator], Example]


@dataclass(frozen=True, slots=True)
class Pool:
    """Ready examples, each with its chance."""

    examples: Sequence[Example]
    edges: np.ndarray  # float64 [examples], cumulative chances, the last is 1

    @classmethod
    def of(cls, examples: Sequence[Example], chances: Sequence[float]) -> "Pool":
        edges = np.cumsum(np.array(chances, np.float64))
        return cls(examples, edges / edges[-1])

    def __call__(self, random: np.random.Generator) -> Example:
        place = int(np.searchsorted(self.edges, random.random(), side="right"))
        return self.examples[min(place, len(self.examples) - 1)]


def gold(rows: Sequence[Row], labels: Sequence[str], power: float, rare: dict[str, float]) -> Pool:
    """Annotated rows, a language with n of them by n to the ``power``; positives of ``rare`` labels more often."""
    settings = RecipeSettings()
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.lang] = counts.get(row.lang, 0) + 1
    examples, chances = [], []
    for row in rows:
        truth = tuple(truth_of(row, label) for label in labels)
        present = (label for label, value in zip(labels, truth, strict=True) if value == 1)
        often = max((rare.get(label, 1.0) for label in present), default=1.0)
        examples.append(Example(row.text, truth, row_weight(row, settings)))
        chances.append(often * counts[row.lang] ** (power - 1.0))
    return Pool.of(examples, chances)


def weak(rows: Sequence[Row], labels: Sequence[str], judged: Collection[str], factor: float) -> Pool:
    """Rows that nobody annotated for this, every language as often as another, but for those of ``judged``.

    Those are languages with annotated harm, in some of which little else was annotated: their harmless sentences come
    ``factor`` times as often, or the language itself would mean harm.
    """
    settings = RecipeSettings()
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.lang] = counts.get(row.lang, 0) + 1
    examples = [
        Example(row.text, tuple(truth_of(row, label) for label in labels), row_weight(row, settings)) for row in rows
    ]
    often = {lang: factor if lang in judged else 1.0 for lang in counts}
    return Pool.of(examples, [often[row.lang] * counts[row.lang] ** -0.6 for row in rows])


def marked(labels: Sequence[str], **known: int) -> tuple[int, ...]:
    """A truth in which only some labels are known."""
    return tuple(known.get(label, UNKNOWN) for label in labels)


@dataclass(frozen=True, slots=True)
class Implants:
    """Sentences of a language with one word put in: from its word list (harmful) or not (harmless)."""

    sentences: Mapping[str, Sequence[str]]
    insults: Mapping[str, Sequence[str]]
    words: Mapping[str, Sequence[str]]
    labels: Sequence[str]

    def __call__(self, random: np.random.Generator) -> Example:
        languages = sorted(self.insults.keys() & self.sentences.keys() & self.words.keys())
        lang = _any(languages, random)
        harmful = bool(random.random() < 0.5)
        source = self.insults[lang] if harmful else self.words[lang]
        word, sentence = _any(source, random), _any(self.sentences[lang], random)
        if random.random() < 0.2:
            sentence = ""
        places = sentence.split(" ")
        at = int(random.integers(len(places) + 1))
        text = " ".join([*places[:at], word, *places[at:]]).strip()
        return Example(text, marked(self.labels, toxicity=int(harmful)), 0.3)


@dataclass(frozen=True, slots=True)
class Filled:
    """Own frames with any insult of a language's word list in them (harmful), or with any other word (harmless)."""

    frames: Mapping[str, Sequence[str]]
    insults: Mapping[str, Sequence[str]]
    words: Mapping[str, Sequence[str]]
    labels: Sequence[str]

    def __call__(self, random: np.random.Generator) -> Example:
        lang = _any(sorted(self.frames.keys() & self.insults.keys() & self.words.keys()), random)
        harmful = bool(random.random() < 0.5)
        word = _any((self.insults if harmful else self.words)[lang], random)
        text = _any(self.frames[lang], random).replace("{}", word)
        return Example(text, marked(self.labels, toxicity=int(harmful)), 0.4)


@dataclass(frozen=True, slots=True)
class Switched:
    """English rows with some words replaced by a translation."""

    rows: Sequence[Example]
    into: Mapping[str, Mapping[str, Sequence[str]]]  # language -> English word -> translations

    def __call__(self, random: np.random.Generator) -> Example:
        example = _any(self.rows, random)
        table = self.into[_any(sorted(self.into), random)]
        share = 0.5 + 0.5 * random.random()
        words = [self._word(word, table, share, random) for word in example.text.split()]
        return Example(" ".join(words), example.truth, 0.4 * example.weight)

    def _word(self, word: str, table: Mapping[str, Sequence[str]], share: float, random: np.random.Generator) -> str:
        found = table.get(word.casefold().strip(".,!?\"'"))
        return _any(found, random) if found and random.random() < share else word


def _any(found: Sequence[T], random: np.random.Generator) -> T:
    return found[int(random.integers(len(found)))]


def mixed(
    parts: Sequence[tuple[float, Draw]], padding: Draw, random: np.random.Generator, *, noise: float, pad: float
) -> Iterator[Example]:
    """Endless examples; a share ``noise`` is obfuscated, a share ``pad`` stands among harmless text.

    Each text comes as the stream sees it: what was put together or obfuscated here need not be in that form.
    """
    edges = np.cumsum([share for share, _ in parts])
    edges = edges / edges[-1]
    while True:
        example = parts[int(np.searchsorted(edges, random.random(), side="right"))][1](random)
        text = example.text
        if random.random() < noise:
            text = noisy(text, random)
        if random.random() < pad:
            other = padding(random).text[:400]
            text = f"{text} {other}" if random.random() < 0.5 else f"{other} {text}"
        yield Example(seen(text), example.truth, example.weight)
