"""A classifier may fail, hang, run out of memory or return nonsense; the path goes on and says so."""

import threading

import numpy as np
import pytest

from models.classifier import Scores
from models.lexicon import Lexicon
from stream_app.errors import Unavailable
from stream_app.pipeline.breaker import Breaker
from stream_app.pipeline.classify import Cascade, Step, classify
from stream_app.pipeline.level import MAX_ABANDONED
from stream_app.testing import FakeClassifier, make_level

TEXTS = ["one", "two is longer", "three", "poison", "five"]
LANGUAGES = ["en"] * len(TEXTS)


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def on_poison(act):
    """Trouble whenever the text "poison" is in the batch."""

    def trouble(texts):
        return act(texts) if "poison" in texts else None

    return trouble


def fails(texts):
    raise RuntimeError("CUDA error")


def out_of_memory(texts):
    raise MemoryError


def not_finite(texts):
    return Scores(np.full((len(texts), 1), np.nan, dtype=np.float32), np.full((len(texts), 1), True))


def out_of_range(texts):
    return Scores(np.full((len(texts), 1), 1.5, dtype=np.float32), np.full((len(texts), 1), True))


def wrong_shape(texts):
    return Scores(np.zeros((len(texts), 3), dtype=np.float32), np.full((len(texts), 3), True))


def short(texts):
    return Scores(np.zeros((len(texts) - 1, 1), dtype=np.float32), np.full((len(texts) - 1, 1), True))


TROUBLES = [fails, out_of_memory, not_finite, out_of_range, wrong_shape, short]


@pytest.mark.parametrize("act", TROUBLES)
def test_one_bad_text_costs_its_neighbours_nothing(act):
    level = make_level(FakeClassifier({"two": 0.7}, trouble=on_poison(act)))
    rows = level.score(TEXTS, LANGUAGES)
    assert [row is None for row in rows] == [text == "poison" for text in TEXTS]
    assert rows[1].scores == {"toxicity": pytest.approx(0.7)}


@pytest.mark.parametrize("act", TROUBLES)
def test_a_level_that_fails_on_everything_is_unavailable_and_then_left_alone(act):
    fake = FakeClassifier(trouble=act)
    level = make_level(fake, now=Clock())
    for _ in range(3):
        with pytest.raises(Unavailable):
            level.score(TEXTS, LANGUAGES)
    calls = len(fake.calls)
    with pytest.raises(Unavailable, match="breaker is open"):
        level.score(TEXTS, LANGUAGES)
    assert len(fake.calls) == calls


def test_the_number_of_tries_is_bounded():
    fake = FakeClassifier(trouble=fails)
    with pytest.raises(Unavailable):
        make_level(fake).score(["x"] * 256, ["en"] * 256)
    assert len(fake.calls) <= 8


def test_after_a_rest_one_batch_is_let_through_and_closes_the_circuit():
    clock = Clock()
    fake = FakeClassifier(trouble=fails)
    level = make_level(fake, breaker=Breaker(failures=1, rest_seconds=10, now=clock))
    with pytest.raises(Unavailable):
        level.score(TEXTS, LANGUAGES)
    fake.trouble = lambda texts: None
    clock.now = 9.9
    with pytest.raises(Unavailable):
        level.score(TEXTS, LANGUAGES)
    clock.now = 10.0
    assert None not in level.score(TEXTS, LANGUAGES)
    assert not level.breaker.is_open


def test_a_trial_that_fails_opens_the_circuit_again_at_once():
    clock = Clock()
    level = make_level(FakeClassifier(trouble=fails), breaker=Breaker(failures=2, rest_seconds=10, now=clock))
    for _ in range(2):
        with pytest.raises(Unavailable):
            level.score(TEXTS, LANGUAGES)
    clock.now = 11.0
    with pytest.raises(Unavailable, match="failed on all"):
        level.score(TEXTS, LANGUAGES)
    assert level.breaker.is_open


def test_a_level_that_hangs_is_abandoned_at_its_time_limit_and_opens_the_circuit():
    wake = threading.Event()
    fake = FakeClassifier(trouble=lambda texts: wake.wait() and None)
    level = make_level(fake, timeout_seconds=0.05)
    with pytest.raises(Unavailable, match="no answer within"):
        level.score(TEXTS, LANGUAGES)
    assert level.breaker.is_open
    wake.set()


def test_too_many_hanging_calls_ask_for_a_new_process():
    wake = threading.Event()
    asked = []
    clock = Clock()
    level = make_level(
        FakeClassifier(trouble=lambda texts: wake.wait() and None),
        breaker=Breaker(failures=1, rest_seconds=1, now=clock),
        timeout_seconds=0.02,
        on_hung=lambda: asked.append(True),
    )
    for _ in range(MAX_ABANDONED):
        clock.now += 2
        with pytest.raises(Unavailable):
            level.score(TEXTS, LANGUAGES)
    assert asked == [True]
    wake.set()


def test_batches_hold_texts_of_like_length_and_rows_come_back_in_order():
    fake = FakeClassifier({"needle": 0.9})
    level = make_level(fake, batch_texts=2)
    texts = ["a" * 50, "b", "needle" + "c" * 40, "d"]
    rows = level.score(texts, ["en"] * 4)
    assert [round(row.scores["toxicity"], 2) for row in rows] == [0.01, 0.01, 0.9, 0.01]
    assert fake.calls == [["b", "d"], ["needle" + "c" * 40, "a" * 50]]


def test_each_call_that_worked_is_told_so_that_a_slow_level_is_no_stall():
    told = []
    level = make_level(FakeClassifier(), batch_texts=2, on_scored=lambda: told.append(1))
    level.score(TEXTS, LANGUAGES)
    assert len(told) == 3
    level.classifier.trouble = fails
    with pytest.raises(Unavailable):
        level.score(TEXTS, LANGUAGES)
    assert len(told) == 3


def test_no_texts_need_no_call():
    fake = FakeClassifier()
    assert make_level(fake).score([], []) == []
    assert fake.calls == []


def cascade(*fakes, low=0.2, high=0.8):
    return Cascade(Lexicon([], [], version="empty"), tuple(Step(make_level(f), low, high) for f in fakes))


def test_a_sure_level_ends_the_climb_and_an_unsure_one_does_not():
    first = FakeClassifier({"clear": 0.95, "hmm": 0.5}, name="first")
    second = FakeClassifier({"hmm": 0.7}, name="second")
    clear, hmm, fine = classify(["clear", "hmm", "fine"], cascade(first, second))
    assert second.calls == [["hmm"]]
    assert (clear.level, hmm.level, fine.level) == ("first", "second", "first")
    assert hmm.scores["toxicity"] == pytest.approx(0.7)


def test_without_evidence_the_next_level_is_asked_however_low_the_score():
    first = FakeClassifier(name="first", has_evidence=False)
    second = FakeClassifier(name="second")
    (found,) = classify(["fine"], cascade(first, second))
    assert found.level == "second"
    assert not found.degraded


def test_when_the_higher_level_is_down_the_lower_one_stands_and_the_item_is_degraded():
    first = FakeClassifier({"hmm": 0.5}, name="first")
    second = FakeClassifier(name="second", trouble=fails)
    (found,) = classify(["hmm"], cascade(first, second))
    assert found.level == "first"
    assert found.scores["toxicity"] == pytest.approx(0.5)
    assert found.degraded.startswith("second is unavailable") or "second" in found.degraded


def test_when_every_level_is_down_only_the_lexicon_is_left_and_nothing_is_scored():
    found = classify(["a", "b"], cascade(FakeClassifier(trouble=fails)))
    assert [f.level for f in found] == ["lexicon", "lexicon"]
    assert [f.scores for f in found] == [{}, {}]
    assert all("unavailable" in f.degraded for f in found)
