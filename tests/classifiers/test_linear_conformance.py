"""What the linear classifier that ships holds beyond what every classifier must (test_conformance.py)."""

import numpy as np
import pytest

from models.artifacts import default_artifact
from models.classifier import Classifier
from models.classifiers.linear import LinearClassifier


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return LinearClassifier.load(default_artifact())


def test_a_text_among_many_others_scores_bit_for_bit_as_alone(classifier: Classifier) -> None:
    texts = [f"{word} " * (1 + n % 40) for n, word in enumerate(["idiot", "lovely", "좋은", "😡", "x" * 500] * 100)]
    many = classifier.score(texts, ["en"] * len(texts)).probabilities
    for place in (0, 7, 250, 499):
        assert np.array_equal(many[place], classifier.score([texts[place]], ["en"]).probabilities[0])


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
