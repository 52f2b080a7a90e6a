"""Who leaves a level early, by label and language, and what that is said to cost."""

import pytest

from models.exits import EXITS_FORMAT, Exits, LanguageExits, sealed
from models.lexicon import Lexicon
from stream_app.contracts.metrics import LEVEL_ITEMS, LEVEL_SECONDS, LEVEL_UP
from stream_app.pipeline.classify import Cascade, Step, classify
from stream_app.pipeline.level import Row
from stream_app.telemetry import Telemetry
from stream_app.testing import FakeClassifier, make_level


def make_exits(**bands):
    """``en={"toxicity": (0.1, 0.9)}``."""
    return sealed(
        Exits(
            format_version=EXITS_FORMAT,
            lower="1",
            upper="2",
            thresholds={},
            target=0.005,
            rows=0,
            left=0,
            changed=0,
            languages={tag: LanguageExits(rows=0, left=0, changed=0, bands=each) for tag, each in bands.items()},
        )
    )


def step(**bands):
    return Step(make_level(FakeClassifier()), exits=make_exits(**bands))


def row(**scores):
    return Row(scores, frozenset(scores))


BANDS = {"toxicity": (0.1, 0.9), "hate": (0.2, 0.8)}


@pytest.mark.parametrize(
    ("scores", "unsure"),
    [
        ({"toxicity": 0.05, "hate": 0.05}, False),
        ({"toxicity": 0.95, "hate": 0.05}, False),
        ({"toxicity": 0.05, "hate": 0.5}, True),
        ({"toxicity": 0.5, "hate": 0.05}, True),
        ({"toxicity": 0.1, "hate": 0.05}, True),
        ({"toxicity": 0.05, "hate": 0.8}, True),
        ({"toxicity": 0.05}, False),
        ({"toxicity": 0.05, "spam": 0.0}, True),
    ],
)
def test_a_text_leaves_only_where_every_label_is_outside_its_band(scores, unsure):
    assert step(en=BANDS).is_unsure(row(**scores), "en") is unsure


def test_a_label_without_evidence_has_no_say():
    some = Row({"toxicity": 0.05, "hate": 0.5}, frozenset({"toxicity"}))
    assert not step(en=BANDS).is_unsure(some, "en")


def test_a_text_without_any_evidence_or_any_score_never_leaves():
    assert step(en=BANDS).is_unsure(Row({"toxicity": 0.0}, frozenset()), "en")
    assert step(en=BANDS).is_unsure(None, "en")


@pytest.mark.parametrize("tag", ["de", "und", "xx"])
def test_a_language_without_bands_never_leaves(tag):
    assert step(en=BANDS).is_unsure(row(toxicity=0.0), tag)


def test_each_language_has_its_own_band():
    both = step(en={"toxicity": (0.1, 0.9)}, de={"toxicity": (0.01, 0.99)})
    assert not both.is_unsure(row(toxicity=0.05), "en-US")
    assert both.is_unsure(row(toxicity=0.05), "de")


def test_the_edges_of_one_band_for_all_are_unsure():
    plain = Step(make_level(FakeClassifier()), 0.2, 0.8)
    assert plain.is_unsure(row(toxicity=0.2), "xx")
    assert plain.is_unsure(row(toxicity=0.8), "xx")
    assert not plain.is_unsure(row(toxicity=0.81), "xx")


def make_cascade(telemetry=None):
    first = FakeClassifier({"bad": 0.95, "hmm": 0.5}, name="first")
    second = FakeClassifier({"bad": 0.99, "hmm": 0.7}, name="second")
    exits = make_exits(en={"toxicity": (0.1, 0.9)})
    steps = (Step(make_level(first), exits=exits), Step(make_level(second)))
    return Cascade(Lexicon([], [], version="empty"), steps, telemetry), second


TEXTS = ["this is a bad sentence in English", "hmm, I wonder what this is about", "what a lovely morning it is today"]


def test_only_the_texts_between_climb():
    cascade, second = make_cascade()
    assert [found.level for found in classify(TEXTS, cascade)] == ["first", "second", "first"]
    assert second.calls == [[TEXTS[1]]]


def test_items_and_seconds_are_counted_by_level():
    telemetry = Telemetry()
    cascade, _ = make_cascade(telemetry)
    classify(TEXTS, cascade)
    assert telemetry.value(LEVEL_ITEMS, "first") == 2
    assert telemetry.value(LEVEL_ITEMS, "second") == 1
    assert telemetry.value(LEVEL_UP, "second") == 1
    for level in ("first", "second"):
        assert telemetry.registry.get_sample_value(f"{LEVEL_SECONDS.name}_count", {"level": level}) == 1


def test_a_level_that_is_down_counts_as_down_and_its_texts_as_the_lexicons():
    def fails(texts):
        raise RuntimeError("out of order")

    telemetry = Telemetry()
    level = make_level(FakeClassifier(name="only", trouble=fails))
    level.breaker.failed(at_once=True)
    classify(TEXTS, Cascade(Lexicon([], [], version="empty"), (Step(level),), telemetry))
    assert telemetry.value(LEVEL_UP, "only") == 0
    assert telemetry.value(LEVEL_ITEMS, "lexicon") == len(TEXTS)


def test_other_exits_are_another_assessment():
    one, other = (
        Cascade(Lexicon([], [], version="empty"), (step(en={"toxicity": (low, 0.9)}),)) for low in (0.1, 0.2)
    )
    assert one.artifacts != other.artifacts
