"""What counts as a word in an explanation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.words import word_spans


def words(text: str) -> list[str]:
    return [text[start:end] for start, end in word_spans(text).tolist()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        (" \t\x00\u3000", []),
        ("you, fool!!", ["you", ",", "fool", "!!"]),
        ("don't f*ck with me", ["don't", "f*ck", "with", "me"]),
        ("'quoted' - *", ["'", "quoted", "'", "-", "*"]),
        ("तुम बेवकूफ हो", ["तुम", "बेवकूफ", "हो"]),
        ("e\u0301te\u0301", ["e\u0301te\u0301"]),
        ("می\u200cخواهم", ["می\u200cخواهم"]),
        ("バカ野郎 ok", ["バ", "カ", "野", "郎", "ok"]),
        ("ไม่ดี", ["ไ", "ม่", "ดี"]),
        ("👩\u200d👩\u200d👧🖕🏽 hi", ["👩\u200d👩\u200d👧🖕🏽", "hi"]),
        ("a \u0301 b", ["a", "\u0301", "b"]),
        ("\ud800x", ["\ud800", "x"]),
        ("b4d 10", ["b4d", "10"]),
    ],
)
def test_words_of(text: str, expected: list[str]) -> None:
    assert words(text) == expected


@given(st.text(st.characters(exclude_categories=()), max_size=60))
def test_words_are_in_order_apart_and_hold_all_that_is_visible(text: str) -> None:
    at = 0
    for start, end in word_spans(text).tolist():
        assert at <= start < end <= len(text)
        assert all(map(unseen, text[at:start]))
        at = end
    assert all(map(unseen, text[at:]))


def unseen(sign: str) -> bool:
    """Whether a character is a blank or a control."""
    return sign.isspace() or ord(sign) < 32 or 0x7F <= ord(sign) < 0xA0
