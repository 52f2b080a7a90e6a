"""What a word adds, found by taking it away."""

import math
from collections.abc import Sequence

import numpy as np
import pytest

from models.classifier import Scores
from models.classifiers.occlusion import MOST_PARTS, occlude, without
from models.contribution import Explainer
from models.explain import explain

LOWEST = math.log(1e-6 / (1 - 1e-6))


class Counting:
    """Scores "bad" words: logit -3 and 2 more for each; the second label is always sure."""

    name = "counting"
    version = "1"
    labels = ("toxicity", "sure")

    def __init__(self) -> None:
        self.calls: list[list[str]] = []

    def score(self, texts: Sequence[str], languages: Sequence[str]) -> Scores:
        assert len(texts) == len(languages)
        self.calls.append(list(texts))
        logits = np.array([2.0 * text.count("bad") - 3.0 for text in texts])
        values = np.stack([1 / (1 + np.exp(-logits)), np.ones(len(texts))], axis=1).astype(np.float32)
        return Scores(values, np.ones_like(values, np.bool_))


def test_a_word_counts_as_much_as_the_logit_falls_without_it() -> None:
    found = occlude(Counting(), "so bad and bad!", "en")
    toxicity = [(each.start, each.end, round(each.weight, 3)) for each in found["toxicity"]]
    assert toxicity == [(0, 2, 0.0), (3, 6, 2.0), (7, 10, 0.0), (11, 14, 2.0), (14, 15, 0.0)]
    assert [each.weight for each in found["sure"]] == [0.0] * 5


def test_probabilities_of_0_and_1_are_kept_finite() -> None:
    class Abrupt(Counting):
        def score(self, texts: Sequence[str], languages: Sequence[str]) -> Scores:
            values = np.array([[float("bad" in text)] * 2 for text in texts], np.float32)
            return Scores(values, np.ones_like(values, np.bool_))

    (found,) = occlude(Abrupt(), "bad", "en")["toxicity"]
    assert found.weight == pytest.approx(-2 * LOWEST)


def test_all_texts_go_in_one_call() -> None:
    classifier = Counting()
    occlude(classifier, "one two three", "en")
    assert classifier.calls == [["one two three", "two three", "one three", "one two"]]


def test_a_long_text_is_taken_apart_into_64_groups_of_about_equal_size() -> None:
    classifier = Counting()
    text = "word " * 999 + "bad"
    found = occlude(classifier, text, "en")["toxicity"]
    assert len(classifier.calls) == 1
    assert len(classifier.calls[0]) == 1 + MOST_PARTS == 65
    sizes = {text[each.start : each.end].count(" ") + 1 for each in found}
    assert sizes == {15, 16}
    assert [each.weight > 1 for each in found] == [False] * 63 + [True]


def test_a_text_without_words_is_not_even_scored() -> None:
    classifier = Counting()
    assert occlude(classifier, " \n", "und") == {"toxicity": [], "sure": []}
    assert classifier.calls == []


@pytest.mark.parametrize(
    ("spans", "left"),
    [
        ([], "ab cd ef"),
        ([(0, 2)], "cd ef"),
        ([(3, 5)], "ab ef"),
        ([(6, 8)], "ab cd"),
        ([(0, 2), (3, 5)], "ef"),
        ([(3, 5), (6, 8)], "ab"),
        ([(0, 2), (3, 5), (6, 8)], ""),
        ([(1, 2)], "a cd ef"),
    ],
)
def test_what_is_left_has_no_double_space_and_none_at_an_end(spans: list[tuple[int, int]], left: str) -> None:
    assert without("ab cd ef", spans) == left


def test_any_classifier_is_explained_by_its_score_alone() -> None:
    classifier = Counting()
    assert not isinstance(classifier, Explainer)
    found = explain(classifier, "so bad", "en", "toxicity")
    assert [round(each.weight, 3) for each in found] == [0.0, 2.0]
    with pytest.raises(ValueError, match="toxicity, sure"):
        explain(classifier, "so bad", "en", "nonsense")
