"""The exact shares of words in a linear logit."""

import re
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import artifacts
from models.classifiers.linear import LinearClassifier
from models.contribution import Contribution, Explainer
from models.features import Powers, char_grams, word_grams
from models.windows import lay
from models.words import word_spans

TEXTS = [
    "you are a complete idiot",
    "What a LOVELY morning, isn't it?",
    "お前ほんとバカだな、黙れ",
    "😀😡🖕",
    "a",
    "\ud800 lone surrogate",
    "İstanbul'da ßtraße ﬁ",
    "tab\tand\nline\x00end",
    "a \u0301 b",
    "e\u0301" * 400,
    "x" * 1000,
]


@pytest.fixture(scope="module")
def classifier() -> LinearClassifier:
    return LinearClassifier.load(artifacts.default_artifact())


def _text_of(text: str, found: list[Contribution]) -> list[str]:
    return [text[each.start : each.end] for each in found]


def _check_sum(classifier: LinearClassifier, text: str) -> None:
    logits = classifier.logits([text])[0]
    for label, logit in zip(classifier.labels, logits, strict=True):
        found = classifier.explain(text, label)
        assert sum(each.weight for each in found) == pytest.approx(logit, rel=1e-6, abs=1e-9)


@pytest.mark.parametrize("text", TEXTS, ids=range(len(TEXTS)))
def test_the_shares_of_a_text_sum_to_its_logit(classifier: LinearClassifier, text: str) -> None:
    _check_sum(classifier, text)


@given(text=st.text(st.characters(exclude_categories=()), max_size=80).filter(lambda text: word_spans(text).size))
def test_the_shares_of_any_text_sum_to_its_logit(classifier: LinearClassifier, text: str) -> None:
    _check_sum(classifier, text)


def test_there_is_one_share_a_word_in_the_order_of_the_text(classifier: LinearClassifier) -> None:
    text = "you are a complete idiot"
    found = classifier.explain(text, "toxicity")
    assert _text_of(text, found) == text.split()
    assert max(found, key=lambda each: each.weight).start == text.index("idiot")


@pytest.mark.parametrize("text", ["ab cd", "no, you!", "I am  the b@d one :)", "バカ なの", " x "])
def test_each_n_gram_is_shared_equally_between_the_words_that_it_touches(
    classifier: LinearClassifier, text: str
) -> None:
    """Against the plainest way to compute it: n-gram by n-gram, word by word."""
    spans = word_spans(text).tolist()
    expected = [0.0] * len(spans)
    grams = list(_grams(classifier, text))
    for start, end, weight in grams:
        touched = [at for at, (first, last) in enumerate(spans) if first < end and start < last]
        if not touched:  # spaces: the words on either side
            before = [at for at, (_, last) in enumerate(spans) if last <= start]
            after = [at for at, (first, _) in enumerate(spans) if first >= end]
            touched = before[-1:] + after[:1]
        for at in touched:
            expected[at] += weight / len(touched) / len(grams) ** 0.5
    found = [each.weight for each in classifier.explain(text, "toxicity")]
    assert found == pytest.approx(expected, abs=1e-9)


def _grams(classifier: LinearClassifier, text: str) -> Iterator[tuple[int, int, float]]:
    """Start, end and weight of each n-gram of a short text in lower case; the framing spaces are outside it."""
    _, weights = artifacts.load(artifacts.default_artifact())
    settings, column = classifier.manifest.features, classifier.labels.index("toxicity")
    row = weights[column] * classifier.manifest.heads[column].scale
    windows = lay([text.casefold()])
    for order, chars in enumerate(char_grams(windows, settings), start=1):
        for at in range(len(text) + 3 - order):
            yield at - 1, at - 1 + order, float(row[chars.buckets[at]])
    words = [found.span() for found in re.finditer(r"[^\W_]+", text)]
    singles, *pairs = word_grams(windows, settings, Powers.upto(64))
    for (start, end), bucket in zip(words, singles.buckets, strict=True):
        yield start, end, float(row[bucket])
    for grams in pairs:
        for (start, _), (_, end), bucket in zip(words, words[1:], grams.buckets, strict=False):
            yield start, end, float(row[bucket])


def test_a_text_without_a_visible_character_has_no_words(classifier: LinearClassifier) -> None:
    assert classifier.explain("", "toxicity") == []
    assert classifier.explain(" \t\x85", "toxicity") == []


def test_of_a_long_text_the_window_that_decides_is_explained(classifier: LinearClassifier) -> None:
    calm = "the weather was mild and we walked along the river. " * 100
    text = calm + "you stupid worthless bitch, shut up, you idiot. " * 10 + calm
    found = classifier.explain(text, "toxicity")
    logit = classifier.logits([text])[0, classifier.labels.index("toxicity")]
    assert sum(each.weight for each in found) == pytest.approx(logit, rel=1e-6)
    strongest = max(found, key=lambda each: each.weight)
    assert text[strongest.start : strongest.end] in {"stupid", "bitch", "idiot", "worthless", "shut"}
    assert found[-1].end - found[0].start < 1100


def test_hostile_texts_of_100_000_characters_are_explained(classifier: LinearClassifier) -> None:
    for unit in ("ß", "\u202eabc ", "a\u0301", "🖕", "ﷺ", "x", "\ud800", "İ "):
        text = (unit * 100_000)[:100_000]
        at = 0
        for each in classifier.explain(text, "toxicity"):
            assert at <= each.start < each.end <= len(text)
            assert np.isfinite(each.weight)
            at = each.end


def test_an_unknown_label_is_refused_with_those_that_exist(classifier: LinearClassifier) -> None:
    with pytest.raises(ValueError, match="toxicity"):
        classifier.explain("hello", "nonsense")


def test_the_linear_classifier_says_that_it_explains_exactly(classifier: LinearClassifier) -> None:
    assert isinstance(classifier, Explainer)
