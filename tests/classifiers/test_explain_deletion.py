"""The words that an explanation names are those that matter: without them the score falls most."""

import random
from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

import models
import stream_app
from models.artifacts import default_artifact
from models.classifier import Classifier
from models.classifiers.linear import LinearClassifier
from models.classifiers.load import load_any
from models.classifiers.occlusion import occlude, without
from models.contribution import Contribution
from models.explain import explain
from models.language import detect
from models.text.normalize import normalize

Text = tuple[str, str]
"""A normalized text and its language."""

Way = Callable[[Classifier, str, str, str], list[Contribution]]

LABEL = "toxicity"
HARMFUL = {"insult", "threat", "group_hostility", "profanity", "slang", "code_mixed", "self_harm_encouragement"}
SHIPPED = sorted(
    manifest.parent
    for manifest in (Path(models.__file__).parent / "shipped").glob("*/manifest.json")
    if manifest.parent.name != "romanized"  # tells languages apart; no level of the cascade
)


@pytest.fixture(scope="module")
def harmful() -> list[Text]:
    """Own posts of 4 to 40 words that were written to do harm, with their language as detected."""
    lines = (Path(stream_app.__file__).parent / "samples" / "items.jsonl").read_bytes().splitlines()
    items = [msgspec.json.decode(line) for line in lines]
    texts = [normalize(item["text"]).text for item in items if item["metadata"]["about"] in HARMFUL]
    chosen = [text for text in texts if 4 <= len(text.split()) <= 40]
    return [(text, found.tag) for text, found in zip(chosen, detect(chosen), strict=True)]


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_every_shipped_classifier_falls_most_without_its_top_words(folder: Path, harmful: list[Text]) -> None:
    _assert_top_words_matter(load_any(folder), harmful, explain)


def test_occlusion_finds_the_words_that_matter_as_well_as_exact_shares_do(harmful: list[Text]) -> None:
    def by_occlusion(classifier: Classifier, text: str, language: str, label: str) -> list[Contribution]:
        return occlude(classifier, text, language)[label]

    _assert_top_words_matter(LinearClassifier.load(default_artifact()), harmful, by_occlusion)


def test_all_that_ships_is_tested_on_posts_in_several_languages(harmful: list[Text]) -> None:
    assert {folder.name for folder in SHIPPED} == {"linear", "transformer", "ensemble"}
    assert len(harmful) >= 60
    assert len({language for _, language in harmful}) >= 10


def _assert_top_words_matter(classifier: Classifier, texts: list[Text], way: Way) -> None:
    """Deleting a fifth of the words, the top ones, against as many of the others, over posts that score high."""
    dice = random.Random(17)
    scores = _logits(classifier, texts)
    high = [text for text, score in zip(texts, scores, strict=True) if score > np.log(0.2 / 0.8)]
    assert len(high) >= 20
    without_top, without_others = [], []
    for text, language in high:
        words = sorted(way(classifier, text, language, LABEL), key=lambda word: word.weight, reverse=True)
        words = [word for word in words if any(map(str.isalnum, text[word.start : word.end]))]
        count = max(1, len(words) // 5)
        without_top.append((_deleted(text, words[:count]), language))
        without_others.append((_deleted(text, dice.sample(words[count:], count)), language))
    by_top = _logits(classifier, high) - _logits(classifier, without_top)
    by_others = _logits(classifier, high) - _logits(classifier, without_others)
    assert by_top.mean() > by_others.mean() + 1.0
    assert (by_top > by_others).mean() >= 0.8


def _deleted(text: str, words: list[Contribution]) -> str:
    return without(text, sorted((word.start, word.end) for word in words))


def _logits(classifier: Classifier, texts: list[Text]) -> NDArray[np.float64]:
    scores = classifier.score([text for text, _ in texts], [language for _, language in texts])
    column = scores.probabilities[:, classifier.labels.index(LABEL)]
    found: NDArray[np.float64] = np.clip(column.astype(np.float64), 1e-6, 1 - 1e-6)
    logits: NDArray[np.float64] = np.log(found / (1 - found))
    return logits
