"""Features depend on a text alone, and the packed sums are exactly the sums of the weights."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models import lanes
from models.features import FeatureSettings, Powers, char_grams, word_grams
from models.windows import cut, lay

SMALL = FeatureSettings(hash_bits=10, window_chars=50, stride_chars=40, max_windows=6)
WEIGHTS = np.random.default_rng(3).integers(-127, 128, (5, SMALL.buckets), dtype=np.int8)
PACKED = lanes.pack(WEIGHTS, SMALL)


def _buckets(text: str) -> list[int]:
    windows = lay([text])
    grams = (*char_grams(windows, SMALL), *word_grams(windows, SMALL, Powers.upto(windows.codes.size + 1)))
    found = np.concatenate([gram.buckets for gram in grams])
    return sorted(found[found < SMALL.buckets].tolist())


@given(st.lists(st.text(max_size=50), min_size=1, max_size=8))
@settings(max_examples=150, deadline=None)
def test_packed_sums_are_the_plain_sums_of_each_text_alone(texts: list[str]) -> None:
    totals, counts = lanes.sums(PACKED, texts)
    for text, total, count in zip(texts, totals, counts, strict=True):
        buckets = _buckets(text)
        assert count == len(buckets)
        assert total.tolist() == WEIGHTS[:, buckets].sum(axis=1, dtype=np.int64).tolist()


def test_extreme_sums_do_not_spill_into_other_lanes() -> None:
    settings_ = FeatureSettings(hash_bits=10)
    for sign in (1, -1):
        weights = np.full((4, settings_.buckets), 127 * sign, np.int8)
        weights[1] = -weights[1]
        totals, counts = lanes.sums(lanes.pack(weights, settings_), ["x y " * 250])
        assert (
            totals[0].tolist()
            == [value * int(counts[0]) for value in (127 * sign, -127 * sign) * 1] + [127 * sign * int(counts[0])] * 2
        )


def test_a_short_text_has_the_n_grams_one_would_count() -> None:
    # " ab " : 4 + 3 + 2 + 1 character n-grams of order 1 to 4, none of 5, one word
    assert len(_buckets("ab")) == 11


def test_two_words_make_one_pair() -> None:
    with_pair = len(_buckets("ab cd"))  # " ab cd ": 7 + 6 + 5 + 4 + 3, two words, one pair
    assert with_pair == 28


def test_words_do_not_pair_across_texts() -> None:
    together = lanes.sums(PACKED, ["one", "two"])[1]
    assert together.tolist() == [len(_buckets("one")), len(_buckets("two"))]


def test_control_characters_count_as_spaces() -> None:
    assert _buckets("a\tb\nc") == _buckets("a b c")


def test_chunk_borders_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = [f"text number {index} says hello" for index in range(200)]
    whole = lanes.sums(PACKED, texts)[0]
    monkeypatch.setattr(lanes, "_POSITIONS", 64)
    assert np.array_equal(lanes.sums(PACKED, texts)[0], whole)


@given(st.integers(0, 400))
def test_windows_cover_the_text_and_their_number_is_bounded(length: int) -> None:
    text = "".join(chr(33 + index % 90) for index in range(length))
    windows = cut(text, 50, 40, 6)
    assert len(windows) <= 6
    assert text.startswith(windows[0])
    assert text.endswith(windows[-1])
    assert all(len(window) <= 50 for window in windows)


@pytest.mark.parametrize(
    "wrong",
    [{"hash_bits": 30}, {"char_order": 0}, {"word_order": 3}, {"stride_chars": 2000}, {"window_chars": 5000}],
)
def test_settings_that_cannot_work_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"must|need"):
        FeatureSettings(**wrong)
