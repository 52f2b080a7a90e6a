"""What the analysis copy keeps, what it loses, and what it says about it; rows U are kinds of hostile text."""

import re
import unicodedata
from typing import Any

import pytest

from models.text import normalize as module
from models.text.normalize import FLAGS, Limits, normalize

FAMILY = "👨‍👩‍👧‍👦"
UNCHANGED = {
    "empty": "",
    "ASCII": "Hello, world! 1 < 2 & so on.",
    "Latin": "Çà va, naïve café? Straße",
    "Cyrillic": "Привет, как дела?",
    "Hindi": "नमस्ते, आप कैसे हैं? क्षेत्र",
    "Tamil": "வணக்கம் உலகம்",
    "Thai": "สวัสดีครับ ที่นี่",
    "Arabic with vowels": "السَّلَامُ عَلَيْكُمْ",
    "Hebrew with points": "שָׁלוֹם עוֹלָם",
    "Korean": "안녕하세요",
    "Japanese": "こんにちは、元気ですか。ガギグ",
    "Vietnamese": "Tiếng Việt rất đẹp",
    "U12 Persian ZWNJ": "می‌خواهم به خانه‌ها بروم",
    "U12 Sinhala ZWJ": "ශ්‍රී ලංකා",
    "U12 Devanagari ZWJ": "र्‍य क्‌ष",
    "U12 Malayalam chillu": "അവന്‍ വന്നു",
    "U12 Arabic vowels before ZWNJ": "کِتابِ‌من",
    "U12 emoji family": f"we are {FAMILY}!",
    "U12 emoji with selector": "love ❤️ and ❤️‍🔥",
    "U12 emoji with skin": "👩🏽‍🚒 👍🏿",
    "U12 keycap": "press 1️⃣ or #️⃣",
    "U12 flag of England": "go 🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f!",
    "U12 flag of a country": "🇩🇪",
}
CHANGED: dict[str, tuple[str, str, tuple[str, ...]]] = {
    "U1 zero-width space": ("h\u200ba\u200bt\u200be", "hate", ("invisible",)),
    "U1 zero-width joiners in Latin": ("h\u200da\u200ct\u2060e", "hate", ("invisible",)),
    "U1 soft hyphen": ("ha\u00adte", "hate", ("invisible",)),
    "U1 filler letters": ("ha\u3164te ha\uffa0te", "hate hate", ("invisible",)),
    "U1 grapheme joiner": ("ha\u034fte", "hate", ("invisible",)),
    "U1 direction mark at an edge": ("שלום\u200f!", "שלום!", ()),
    "U1 BOM in front": ("\ufeffhello", "hello", ()),
    "U1 joiner at the end of a Persian word": ("می‌ خواهم", "می خواهم", ()),
    "U2 tags": ("hi" + "".join(chr(0xE0000 + ord(letter)) for letter in "hate"), "hi", ("invisible",)),
    "U2 a sentence behind a flag": (
        "🏴" + "".join(chr(0xE0000 + ord(letter)) for letter in "hateyou") + "\U000e007f",
        "🏴",
        ("invisible",),
    ),
    "U3 selectors": ("a" + "\U000e0101\U000e0142\ufe01\ufe02" * 64, "a", ("invisible",)),
    "U3 selectors after an emoji": ("😀" + "\U000e0101" * 40, "😀", ("invisible",)),
    "U3 a Han variant": ("葛\U000e0100城", "葛城", ()),
    "U4 override": ("\u202eetah\u202c", "etah", ("bidi",)),
    "U4 isolates": ("a \u2066b\u2069" + "\u2067" * 10_000, "a b", ("bidi",)),
    "U9 fullwidth": ("ｈａｔｅ", "hate", ()),
    "U9 mathematical": ("𝐡𝒶𝖙𝚎", "hate", ()),
    "U9 circled, squared, superscript": ("ⓗⓐ㎏²", "hakg2", ()),
    "U9 ligature": ("ﬁsh", "fish", ()),
    "U10 private use in a word": ("ha\ue000te", "hate", ("unknown",)),
    "U10 mostly private use": ("\ue000\ue001\U000f0000a", "a", ("mostly-unknown", "unknown")),
    "U10 noncharacters": ("a\ufffe\uffff\U0010ffffb", "ab", ("mostly-unknown", "unknown")),
    "U10 replacement characters": ("\ufffd" * 100, "", ("mostly-unknown", "unknown")),
    "U10 surrogate": ("ha\ud800te", "hate", ("surrogate",)),
    "U11 controls": ("h\x00a\x08t\x7fe\x9f", "hate", ("controls",)),
    "U11 terminal colour": ("\x1b[31mhate\x1b[0m", "hate", ("controls",)),
    "U11 an escape that would hide a letter": ("\x1b[Duck", "[Duck", ("controls",)),
    "U11 carriage return": ("nice\rhate", "nice hate", ()),
    "U11 information separator": ("ha\x1fte", "hate", ("controls",)),
    "U13 decomposed Latin": ("cafe\u0301", "café", ()),
    "U13 decomposed Vietnamese": ("Tie\u0302\u0301ng", "Tiếng", ()),
    "U13 marks in another order": ("a\u0301\u0323", "ạ\u0301", ()),
    "U13 decomposed Hangul": ("\u1112\u1161\u11ab", "한", ()),
    "U13 halfwidth kana": ("\uff76\uff9e", "ガ", ()),
    "U13 marks around an invisible": ("e\u200b\u0301", "é", ()),
    "U17 line ends": ("a\nb", "a b", ()),
    "U17 50k line ends": ("a" + "\n" * 50_000 + "b", "a b", ()),
    "U17 all kinds of space": ("a \t\u00a0\u2003\u3000\u2028\u0085\u2800b", "a b", ()),
    "U17 spaces at the ends": ("  a ", "a", ()),
    "U20 nothing is left": ("\u200b\u200c\u2060", "", ()),
    "U20 nothing is left of a long text": ("\u200b" * 100, "", ("invisible",)),
}


@pytest.mark.parametrize("row", UNCHANGED)
def test_what_carries_meaning_stays(row: str) -> None:
    found = normalize(UNCHANGED[row])
    assert (found.text, found.offsets, found.flags) == (UNCHANGED[row], None, ())


@pytest.mark.parametrize("row", CHANGED)
def test_what_is_not_seen_goes(row: str) -> None:
    text, expected, flags = CHANGED[row]
    found = normalize(text)
    assert found.text == expected
    assert found.flags == flags


def test_every_flag_is_documented_and_met() -> None:
    met = {flag for _, _, flags in CHANGED.values() for flag in flags}
    assert met | {"cut", "expanded", "marks-capped"} == set(FLAGS)


@pytest.mark.parametrize(
    ("text", "word", "original"),
    [
        ("say h\u200ba\u200bte now", "hate", "h\u200ba\u200bte"),
        ("one  two   three", "three", "three"),
        ("ﬁve ﬁsh", "fish", "ﬁsh"),
        ("\x1b[31mred\x1b[0m blue", "red", "red\x1b[0m"),
        ("cafe\u0301 noir", "café", "cafe\u0301"),
        ("ｈａｔｅ ok", "hate", "ｈａｔｅ"),
        ("\u1112\u1161\u11ab글 x", "글", "글"),
        ("first\nsecond\n", "second", "second"),
        ("  lead", "lead", "lead"),
    ],
)
def test_a_span_leads_back_to_the_original(text: str, word: str, original: str) -> None:
    found = normalize(text)
    start = found.text.index(word)
    first, last = found.original_span(start, start + len(word))
    assert text[first:last] == original


class Normalizer:
    """Stands in for ``unicodedata.normalize`` and for the check, and remembers what reached them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seen: list[str] = []
        self.checked: list[str] = []
        monkeypatch.setattr(module, "to_form", self.to_form)
        monkeypatch.setattr(module, "is_normalized", self.is_normalized)

    def to_form(self, form: Any, text: str) -> str:
        self.seen.append(text)
        return unicodedata.normalize(form, text)

    def is_normalized(self, form: Any, text: str) -> bool:
        self.checked.append(text)
        return unicodedata.is_normalized(form, text)


LONG_MARKS = re.compile("[\u0300-\u036f]{31}")


@pytest.mark.parametrize(
    "text",
    [
        "a" + "\u0315\u0300" * 80_000,
        "a" + "\u0315\u200b\u0300" * 50_000,
        "\u0315\u0300" * 80_000,
        ("é" + "\u0315\u0300" * 40 + " ") * 1000,
        "a" + "\u0344" * 30 + "\u0315\u0300" * 1000,
    ],
    ids=["one letter", "with invisibles between", "no letter", "many letters", "marks that become two"],
)
def test_u5_no_more_than_thirty_marks_are_ever_composed_at_once(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    normalizer = Normalizer(monkeypatch)
    found = normalize(text)
    assert "marks-capped" in found.flags
    assert not LONG_MARKS.search(found.text)
    assert all(len(cluster) <= 31 for cluster in normalizer.seen)
    assert not any(LONG_MARKS.search(text) for text in normalizer.checked)
    assert sum(map(len, normalizer.seen)) <= 2 * len(text)


def test_u6_expansion_stops_at_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    normalizer = Normalizer(monkeypatch)
    found = normalize("\ufdfa" * 64 * 1024)
    assert len(found.text) <= Limits().chars
    assert found.flags == ("expanded",)
    assert len(normalizer.seen) <= Limits().chars / 18 + 2


def test_a_text_over_the_limit_is_cut_and_says_so() -> None:
    found = normalize("x" * 300_000)
    assert (len(found.text), found.flags) == (200_000, ("cut",))
    assert normalize("y" * 200_000).flags == ()


def test_u7_marks_of_a_normal_number_stay() -> None:
    assert normalize("z" + "\u0335" * 30).flags == ()
    assert normalize("z" + "\u0335" * 31).flags == ("marks-capped",)
    assert len(normalize("ก" + "\u0e47" * 500).text) == 31


def test_plain_text_takes_the_short_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "Draft", None)
    for text in ("Hello there, world", "two\nlines\n", "Привет, мир", "你好", "nice 😀 day", "مرحبا"):
        assert normalize(text).offsets is None
