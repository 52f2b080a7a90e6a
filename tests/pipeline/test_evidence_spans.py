"""Where in the original text the words stand that a score rests on."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.artifacts import default_artifact
from models.classifiers.linear import LinearClassifier
from models.contribution import Contribution
from models.text.normalize import normalize
from models.text.normalized import NormalizedText
from stream_app.adapters.memory import MemoryLedger
from stream_app.contracts.decision import Decision, Reason
from stream_app.pipeline.evidence_spans import MOST_SPANS, evidence_spans, first_explainer, with_spans
from stream_app.pipeline.moderate import Moderator
from stream_app.testing import FakeClassifier, make_message, make_moderator

ALL = ("toxicity", "hate", "threat", "sexual", "self_harm", "spam")


def contributions(text: str, weights: Sequence[float]) -> list[Contribution]:
    """One for each word between spaces."""
    found, at = [], 0
    for word, weight in zip(text.split(" "), weights, strict=True):
        found.append(Contribution(at, at + len(word), weight))
        at += len(word) + 1
    return found


def words_of(text: str, spans: tuple[tuple[int, int], ...]) -> list[str]:
    return [text[start:end] for start, end in spans]


def spans_of(text: str, *weights: float) -> list[str]:
    return words_of(text, evidence_spans(contributions(text, weights), NormalizedText(text)))


@dataclass
class Explaining(FakeClassifier):
    """A fake that blames the words that it knows, and counts how often it is asked."""

    asked: list[tuple[str, str]] = field(default_factory=list)
    broken: bool = False

    def explain(self, text: str, label: str) -> list[Contribution]:
        self.asked.append((text, label))
        if self.broken:
            raise RuntimeError("out of order")
        return contributions(text, [self.words.get(word, 0.0) for word in text.split(" ")])


def decided(moderator: Moderator, *texts: str) -> list[Decision]:
    messages = [make_message({"item_id": f"i{at}", "text": text}, at) for at, text in enumerate(texts)]
    outcomes = moderator.moderate(messages, MemoryLedger().lookup)
    return [outcome.decision for outcome in outcomes if outcome.decision is not None]


def test_the_greatest_weights_are_shown_until_four_fifths_are_covered() -> None:
    assert spans_of("a b c d e", 4.0, 0.0, 3.9, 0.0, 2.1) == ["a", "c", "e"]
    assert spans_of("a b c d e", 4.0, 0.0, 4.1, 0.0, 1.9) == ["a", "c"]


def test_neighboring_words_are_one_span() -> None:
    assert spans_of("you utter fool of a man", 0.1, 2.0, 3.0, -1.0, 0.0, 2.5) == ["utter fool", "man"]


def test_words_that_speak_against_the_label_are_not_shown() -> None:
    assert spans_of("a b", -1.0, -2.0) == []
    assert spans_of("a b", 0.0, 0.0) == []
    assert evidence_spans([], NormalizedText("")) == ()
    assert spans_of("a b", float("nan"), 1.0) == ["b"]


def test_there_are_at_most_eight_spans_and_they_hold_the_greatest_weights() -> None:
    text = " ".join(["bad", "ok"] * 30)
    weights = [float(at + 1) if at % 2 == 0 else -1.0 for at in range(60)]
    found = evidence_spans(contributions(text, weights), NormalizedText(text))
    assert len(found) == MOST_SPANS == 8
    assert found[-1] == (len(text) - 6, len(text) - 3)


def test_spans_are_of_the_original_text() -> None:
    original = "\u202eoh  you\u200b  f\u200book\n\n!"
    text = normalize(original)
    assert text.text == "oh you fook !"
    found = evidence_spans(contributions(text.text, [0.0, 0.0, 3.0, 0.0]), text)
    assert words_of(original, found) == ["f\u200book"]


def test_two_words_out_of_one_character_are_one_span() -> None:
    text = normalize("x ﷺ y")
    assert len(text.text.split(" ")) > 3
    found = evidence_spans(contributions(text.text, [0.0, 2.0, -1.0, 2.0, 2.0, 0.0]), text)
    assert found == ((2, 3),)


PIECES = st.one_of(
    st.sampled_from([*"ab \n\u0301\u202e\u200b\u200d\ufdfa🖕\ufe0fßİ\ud800\u0e32ﬁ\u3000", "idiot", "バカ"]),
    st.characters(exclude_categories=()),
)


@pytest.fixture(scope="module")
def linear() -> LinearClassifier:
    return LinearClassifier.load(default_artifact())


@given(original=st.lists(PIECES, max_size=40).map("".join))
def test_spans_of_any_text_are_inside_it_in_order_and_apart(linear: LinearClassifier, original: str) -> None:
    text = normalize(original)
    at = -1
    for start, end in evidence_spans(linear.explain(text.text, "toxicity"), text):
        assert at < start < end <= len(original)
        at = end


@pytest.mark.parametrize("unit", ["\u202eabc\u202c ", "idiot\u0301\u0302 ", "🖕\u200d\ufe0f", "a\u200bb ", "ﷺ", "你"])
def test_hostile_texts_of_100_000_characters_have_few_spans_inside(linear: LinearClassifier, unit: str) -> None:
    original = (unit * 100_000)[:100_000]
    text = normalize(original)
    found = evidence_spans(linear.explain(text.text, "toxicity"), text)
    assert len(found) <= MOST_SPANS
    assert all(0 <= start < end <= len(original) for start, end in found)


def test_only_the_score_of_the_label_gets_spans() -> None:
    score = Reason(kind="score", detail="toxicity 0.9 >= act_from 0.8", label="toxicity")
    others = (
        Reason(kind="score", detail="hate 0.9 >= act_from 0.8", label="hate"),
        Reason(kind="rule", detail="toxicity rule", label="toxicity", spans=((0, 1),)),
        Reason(kind="score", detail="no evidence"),
    )
    explaining = Explaining({"bad": 2.0}, labels=ALL)
    found = with_spans((score, *others), "toxicity", NormalizedText("so bad"), explaining)
    assert found[0].spans == ((3, 6),)
    assert found[1:] == others
    assert with_spans(others[2:], None, NormalizedText("so bad"), explaining) == others[2:]
    assert with_spans((score,), "unheard-of", NormalizedText("so bad"), explaining) == (score,)
    assert len(explaining.asked) == 1


def test_a_decision_says_where_its_score_comes_from_and_an_allowed_item_costs_nothing() -> None:
    explaining = Explaining({"awful": 0.999, "hmm": 0.5}, labels=ALL)
    acted, reviewed, allowed = decided(make_moderator(explaining), "so  awful", "hmm no", "fine")
    assert [each.verdict == "allow" for each in (acted, reviewed, allowed)] == [False, False, True]
    assert [reason.spans for reason in acted.reasons if reason.label == acted.label] == [((4, 9),)]
    assert [reason.spans for reason in reviewed.reasons if reason.label == reviewed.label] == [((0, 3),)]
    assert [text for text, _ in explaining.asked] == ["so awful", "hmm no"]


def test_spans_change_neither_the_verdict_nor_the_id() -> None:
    words = {"awful": 0.999}
    (plain,) = decided(make_moderator(FakeClassifier(words, labels=ALL)), "so awful")
    (shown,) = decided(make_moderator(Explaining(words, labels=ALL)), "so awful")
    assert shown.reasons != plain.reasons
    assert (shown.decision_id, shown.verdict, shown.label) == (plain.decision_id, plain.verdict, plain.label)
    assert decided(make_moderator(Explaining(words, labels=ALL)), "so awful") == [shown]


def test_an_explainer_out_of_order_costs_the_spans_and_nothing_else() -> None:
    (decision,) = decided(make_moderator(Explaining({"awful": 0.999}, labels=ALL, broken=True)), "so awful")
    assert decision.verdict != "allow"
    assert all(reason.spans == () for reason in decision.reasons)


def test_the_first_level_that_explains_exactly_does_it() -> None:
    explaining = Explaining(name="second")
    moderator = make_moderator(FakeClassifier(name="first"), explaining, Explaining(name="third"))
    assert first_explainer(moderator.cascade) is explaining
    assert first_explainer(make_moderator().cascade) is None
