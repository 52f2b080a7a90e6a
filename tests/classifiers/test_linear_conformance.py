"""What every classifier must hold, held by the linear one that ships."""

import numpy as np
import pytest

from models.artifacts import default_artifact
from models.classifier import Classifier
from models.classifiers.linear import LinearClassifier

TEXTS = [
    "you are a complete idiot",
    "what a lovely morning",
    "Du bist ein Idiot, verschwinde",
    "좋은 아침입니다",
    "你好,世界 hello мир",
    "😀😡🖕",
    "a",
    "WINNER!! Claim your free prize now, text 80082",
    "\ud800 lone surrogate",
    "x" * 3000,
    "İstanbul'da ßtraße ﬁ",
    "tab\tand\nline\x00end",
]
LANGUAGES = ["en", "en", "de", "ko", "zh", "und", "und", "en", "en", "und", "tr", "en"]


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return LinearClassifier.load(default_artifact())


def test_scores_are_finite_probabilities_of_the_stated_labels(classifier: Classifier) -> None:
    scores = classifier.score(TEXTS, LANGUAGES)
    assert scores.probabilities.shape == scores.evidence.shape == (len(TEXTS), len(classifier.labels))
    assert scores.probabilities.dtype == np.float32
    assert scores.evidence.dtype == np.bool_
    assert np.isfinite(scores.probabilities).all()
    assert ((scores.probabilities >= 0) & (scores.probabilities <= 1)).all()


def test_a_batch_of_one_is_a_batch_of_many_bit_for_bit(classifier: Classifier) -> None:
    many = classifier.score(TEXTS * 50, LANGUAGES * 50).probabilities
    one = [classifier.score([text], [tag]).probabilities[0] for text, tag in zip(TEXTS, LANGUAGES, strict=True)]
    assert np.array_equal(many, np.stack(one * 50))


def test_order_is_kept_and_the_same_twice(classifier: Classifier) -> None:
    forward = classifier.score(TEXTS, LANGUAGES).probabilities
    backward = classifier.score(TEXTS[::-1], LANGUAGES[::-1]).probabilities
    assert np.array_equal(forward, backward[::-1])
    assert np.array_equal(forward, classifier.score(TEXTS, LANGUAGES).probabilities)


def test_an_empty_batch_has_no_rows(classifier: Classifier) -> None:
    scores = classifier.score([], [])
    assert scores.probabilities.shape == scores.evidence.shape == (0, len(classifier.labels))


@pytest.mark.parametrize("blank", ["", " ", "\n\t ", "\x00", "\u3000\u200b\ufeff"])
def test_a_blank_text_scores_nothing_without_evidence(classifier: Classifier, blank: str) -> None:
    scores = classifier.score([blank, "you idiot"], ["en", "en"])
    assert not scores.probabilities[0].any()
    assert not scores.evidence[0].any()
    assert scores.probabilities[1].any()


def test_a_hundred_thousand_harmless_characters_do_not_hide_an_insult(classifier: Classifier) -> None:
    toxicity = classifier.labels.index("toxicity")
    insult = "you are a fucking stupid piece of shit, shut up you dumb bitch. " * 12
    padded = insult + "the weather was mild and we walked along the river. " * 1920
    alone, hidden = classifier.score([insult, padded], ["en", "en"]).probabilities[:, toxicity]
    assert len(padded) > 100_000
    assert alone > 0.9
    assert hidden > 0.9


def test_case_does_not_matter(classifier: Classifier) -> None:
    upper, lower = classifier.score(["YOU FOOL", "you fool"], ["en", "en"]).probabilities
    assert np.array_equal(upper, lower)


def test_texts_and_languages_must_pair_up(classifier: Classifier) -> None:
    with pytest.raises(ValueError, match="one tag a text"):
        classifier.score(["a", "b"], ["en"])


def test_insults_score_above_pleasantries(classifier: Classifier) -> None:
    toxicity = classifier.labels.index("toxicity")
    texts = [
        "shut up you stupid bitch",
        "thank you for the kind letter",
        "halt die Fresse du Arschloch",
        "guten Morgen",
    ]
    found = classifier.score(texts, ["en", "en", "de", "de"]).probabilities[:, toxicity]
    assert found[0] > 0.8
    assert found[1] < 0.3
    assert found[2] > found[3]
