"""All that a transformer is trained on, read once, with every text that holds a held-out word refused."""

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import numpy as np

from models.probes.probes import contrast, fillers, identity_probes, insult_probes, mentions_held_out
from models.probes.probes import frames as own_frames
from models.text.normalize import seen
from models.training.data import DataManifest, Reader, Row, file_digest, without_held_out
from models.training.transformer import corpus, mixture
from models.training.transformer.corpus import Pair, Sentence
from models.training.transformer.mixture import Draw, Example, Filled, Implants, Pool, Switched, marked
from models.training.transformer.recipe import Settings
from models.transformer.manifest import Corpus

_RARE = 2_000
_WEAK_PER_LANGUAGE = 600
_STRONG = 2  # severity


@dataclass(slots=True)
class Sources:
    """What was read. ``text`` may be missing; then there are no sentences, translations and dictionaries."""

    rows: list[Row]
    validation: list[Row]
    data: DataManifest
    refused: int
    sentences: list[Sentence] = field(default_factory=list)
    translations: list[Pair] = field(default_factory=list)
    dictionary: list[Pair] = field(default_factory=list)
    corpus: Corpus = field(default_factory=lambda: Corpus(digest="", sentences=0, translations=0, dictionary=0))

    @classmethod
    def read(
        cls,
        labelled: Path,
        text: Path | None,
        report: Callable[[str], None],
        *,
        limit: int | None = None,
        seed: int = 7,
    ) -> "Sources":
        """Raises DataError where there are no labelled rows."""
        reader = Reader.of(labelled)
        rows = list(reader.rows())
        if limit is not None:
            rows = [rows[place] for place in sorted(np.random.default_rng(seed).permutation(len(rows))[:limit])]
        kept, refused = without_held_out(rows)
        train, held = ([row for row in kept if row.split == split] for split in ("train", "validation"))
        found = cls(train, held, reader.manifest(), refused)
        report(f"{len(train)} labelled rows, {refused} refused for a held-out word, {len(held)} for validation")
        if text is not None:
            found.sentences = list(corpus.sentences(text, mentions_held_out))
            found.translations = list(corpus.translations(text, mentions_held_out))
            found.dictionary = list(corpus.dictionary(text, mentions_held_out))
            found.corpus = Corpus(
                digest=_digest(text),
                sentences=len(found.sentences),
                translations=len(found.translations),
                dictionary=len(found.dictionary),
            )
            report(
                f"{len(found.sentences)} sentences, {len(found.translations)} translations, "
                f"{len(found.dictionary)} dictionary entries"
            )
        return found

    def everything(self) -> Iterable[Sentence]:
        """All texts with their languages, for the vocabulary."""
        yield from (Sentence(row.lang, row.text) for row in self.rows)
        yield from self.sentences
        yield from (Sentence(pair.lang, pair.text) for pair in self.translations)


def parts(
    sources: Sources, labels: Sequence[str], lexicons: Path, settings: Settings
) -> tuple[list[tuple[float, Draw]], Draw]:
    """The pools of fine-tuning with their shares, and the one that padding is drawn from."""
    annotated = [row for row in sources.rows if not row.weak]
    harmless = _capped([row for row in sources.rows if row.weak], _WEAK_PER_LANGUAGE)
    gold = mixture.gold(annotated, labels, settings.gold_power, _rare(annotated, labels, settings.rare_factor))
    found: list[tuple[float, Draw]] = [(settings.gold_share, gold), (settings.frame_share, frames(labels))]
    if not harmless:
        return found, frames(labels)
    harmed = {row.lang for row in annotated if 1 in row.labels.values()}
    weak = mixture.weak(harmless, labels, harmed, settings.weak_factor)
    found.append((settings.weak_share, weak))
    insults, words = read_insults(lexicons), harmless_words(sources.dictionary, lexicons)
    plain = _by_language(harmless)
    if insults.keys() & words.keys() & plain.keys():
        found.append((settings.implant_share, Implants(plain, insults, words, labels)))
        more = fillers("train", "insult")
        every = {lang: [*terms, *more.get(lang, ())] for lang, terms in insults.items()}
        found.append((settings.filled_share, Filled(own_frames("train"), every, words, labels)))
    tables = {lang: table for lang, table in _tables(sources.dictionary).items() if lang in insults}
    if tables:
        english = [
            example for row, example in zip(annotated, gold.examples, strict=True)
            if row.lang == "en" and len(row.text) < 160
        ]  # fmt: skip
        if english:
            found.append((settings.switched_share, Switched(english, tables)))
    return found, weak


def frames(labels: Sequence[str]) -> Pool:
    """The train half of the templated sentences."""
    examples = [
        Example(probe.text, marked(labels, toxicity=int(probe.harmful)), 0.5) for probe in insult_probes("train")
    ]
    chances = [1.0] * len(examples)
    about = [
        Example(probe.text, marked(labels, toxicity=int(probe.harmful), hate=int(probe.harmful)), 0.6)
        for probe in identity_probes("train")
    ]
    pairs = [
        Example(
            item.text,
            marked(labels, **{name: value for name, value in item.labels.items() if value is not None}),
            1.0,
        )
        for item in contrast("train")
    ]
    return Pool.of([*examples, *about, *pairs], [*chances, *[1.0] * len(about), *[4.0] * len(pairs)])


def read_insults(folder: Path) -> dict[str, list[str]]:
    """Strong toxic and hateful terms of the word lists by language, without those that are held out."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.glob("*.tsv")):
        kept = [
            term
            for term, label, severity in _terms(path)
            if label in ("toxicity", "hate") and severity >= _STRONG and not mentions_held_out(term)
        ]
        if kept:
            found[path.stem] = kept
    return found


def _terms(path: Path) -> list[tuple[str, str, int]]:
    """Term, as the stream sees it, label and severity of every row of a word list."""
    with path.open(encoding="utf-8", newline="") as file:
        lines = (line for line in file if not line.startswith("#"))
        table = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE)
        return [(seen(row["term"].rstrip("*")), row["label"], int(row["severity"])) for row in table]


def _unkind() -> set[str]:
    lines = (Path(__file__).parent / "unkind.txt").read_text(encoding="utf-8").splitlines()
    return {word for line in lines if not line.startswith("#") for word in line.split()}


def _rare(rows: Sequence[Row], labels: Sequence[str], factor: float) -> dict[str, float]:
    counts = Counter(label for row in rows for label in labels if row.labels.get(label) == 1)
    return {label: factor for label in labels if counts[label] < _RARE}


def _capped(rows: Sequence[Row], most: int) -> list[Row]:
    used: Counter[str] = Counter()
    kept = []
    for index in np.random.default_rng(7).permutation(len(rows)).tolist():
        used[rows[index].lang] += 1
        if used[rows[index].lang] <= most:
            kept.append(rows[index])
    return kept


def _by_language(rows: Iterable[Row]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row.lang, []).append(row.text)
    return found


def harmless_words(pairs: Iterable[Pair], lexicons: Path) -> dict[str, list[str]]:
    """Words and pairs of words of the dictionaries by language.

    Translations of unkind English words and whatever a word list holds are left out, and so are the neutral words
    that only probes use.
    """
    listed = {path.stem: _terms(path) for path in sorted(lexicons.glob("*.tsv"))}
    unkind = _unkind() | {term.casefold() for term, _, _ in listed.get("en", ())}
    terms = {(lang, term.casefold()) for lang, found in listed.items() for term, _, _ in found}
    held = {(lang, word.casefold()) for lang, words in fillers("probe", "neutral").items() for word in words}
    found: dict[str, list[str]] = {}
    for pair in pairs:
        folded = pair.text.casefold()
        kind = pair.english.casefold() not in unkind and (pair.lang, folded) not in terms
        if kind and len(folded.split()) <= 2 and (pair.lang, folded) not in held:
            found.setdefault(pair.lang, []).append(pair.text)
    return found


def _tables(pairs: Iterable[Pair]) -> dict[str, dict[str, list[str]]]:
    found: dict[str, dict[str, list[str]]] = {}
    for pair in pairs:
        if " " not in pair.english:
            found.setdefault(pair.lang, {}).setdefault(pair.english.casefold(), []).append(pair.text)
    return found


def _digest(folder: Path) -> str:
    total = sha256()
    for path in sorted(path for path in folder.glob("*/*") if path.is_file()):
        total.update(f"{path.relative_to(folder)} {file_digest(path)}\n".encode())
    return total.hexdigest()
