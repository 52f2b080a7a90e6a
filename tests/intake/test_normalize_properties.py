"""What holds for the analysis copy of any text."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.text.normalize import Limits, normalize
from models.text.unicode_kinds import STRIPPED, kinds_of

# Characters that meet badly: marks, joiners with their scripts, emoji parts, jamo, what expands, what is stripped.
TRICKY = [
    "\x1b[0m",
    *"ab \n\t1#=\x00\x9b\ud800\u0301\u0315\u0300\u0344\u0338\u20e3",
    *"\u0628\u064b\u200c\u200d\u0915\u094d\u093c\u0958\u09be\u09c7\u0cbf\u0cd5\u0e32\u0e33\u0e4d\u0f71\u0f72\u0f80",
    *"\u1100\u1161\u11a8\uac00\u3164\uff76\uff9e\u845b\U00011131\U00011127\u00a8\u3000\ufdfa\ufb01",
    *"\u2764\ufe0f\ufe00\U000e0100\u180b\U0001f525\U0001f3fb\U0001f3f4\U000e0067\U000e007f",
    *"\u200b\u00ad\u202e\ue000\ufffd",
]
PIECES = st.one_of(
    st.sampled_from(TRICKY),
    st.sampled_from(TRICKY),
    st.characters(exclude_categories=()),
    st.tuples(st.sampled_from(TRICKY), st.integers(1, 40)).map(lambda pair: pair[0] * pair[1]),
)
TEXTS = st.lists(PIECES, max_size=40).map("".join)
LIMITS = st.sampled_from([Limits(), Limits(chars=20, marks=3), Limits(chars=7)])


@settings(max_examples=500)
@given(TEXTS, LIMITS)
def test_once_is_enough(text: str, limits: Limits) -> None:
    once = normalize(text, limits=limits)
    again = normalize(once.text, limits=limits)
    assert (again.text, again.offsets) == (once.text, None)


@settings(max_examples=500)
@given(TEXTS, LIMITS)
def test_offsets_rise_within_the_original(text: str, limits: Limits) -> None:
    found = normalize(text, limits=limits)
    assert len(found.text) <= limits.chars
    if found.offsets is None:
        assert len(found.text) <= len(text)
        return
    assert len(found.offsets) == len(found.text) + 1
    assert list(found.offsets) == sorted(found.offsets)
    assert found.offsets[0] >= 0
    assert found.offsets[-1] <= len(text)


@settings(max_examples=300)
@given(TEXTS)
def test_the_copy_is_composed_encodable_and_has_no_loose_space(text: str) -> None:
    found = normalize(text).text
    assert unicodedata.is_normalized("NFKC", found)
    found.encode()
    assert found == " ".join(found.split())


@settings(max_examples=300)
@given(st.lists(PIECES, max_size=12).map("".join))
def test_clusters_give_what_the_whole_would(text: str) -> None:
    kinds = kinds_of(text)
    seen = "".join(character for character, kind in zip(text, kinds, strict=True) if kind not in STRIPPED)
    assert normalize(seen, limits=Limits(marks=10_000)).text == " ".join(unicodedata.normalize("NFKC", seen).split())


@pytest.mark.long
def test_every_character_alone_and_in_company() -> None:
    for code in range(0x110000):
        for text in (chr(code), f"a{chr(code)}b", f"\u0628{chr(code)}\u0628", f"\u2764{chr(code)}\u200d\U0001f525"):
            once = normalize(text).text
            assert normalize(once).text == once, hex(code)
