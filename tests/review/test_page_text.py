"""Texts of users as the page draws them: highlights, sentences, signs, addresses."""

import unicodedata
from itertools import pairwise
from typing import Any

import pytest
import regex  # type: ignore[import-untyped] # it ships no types
from hypothesis import given
from hypothesis import strategies as st

from human_review.web.signs import MOST_IN_TEXT, MOST_PARAGRAPHS, MOST_SIGNS, tokens
from human_review.web.text import MOST_SENTENCES, Piece, language_attribute, line, merged, show

HOSTILE = st.text(
    st.sampled_from("ab .!?\n\r\t<&\"'/:.\x00\u200b\u200d\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
                    "\u0301\u0489\ufe0f\U000e0041\U000e007f\U0001f3f4👩🏿🇩אبक्\u2029\ufdfd"), max_size=80,
)  # fmt: skip
SPANS = st.lists(st.tuples(st.integers(-5, 90), st.integers(-5, 90)), max_size=6)
OPENERS = {"\u202a": "\u202c", "\u202b": "\u202c", "\u202d": "\u202c", "\u202e": "\u202c"} | dict.fromkeys(
    "\u2066\u2067\u2068", "\u2069"
)


def drawn(text: str, spans: Any = ()) -> list[list[list[Piece]]]:
    return [[list(one.pieces) for one in paragraph.sentences] for paragraph in show(text, spans).paragraphs]


def flat(text: str, spans: Any = ()) -> list[Piece]:
    return [piece for paragraph in drawn(text, spans) for sentence in paragraph for piece in sentence]


def marked(text: str, *spans: tuple[int, int]) -> list[str]:
    return [piece.text for piece in flat(text, spans) if piece.marked]


def plain(text: str) -> str:
    return "".join(piece.text for piece in flat(text) if not piece.title)


def signs(text: str) -> list[str]:
    return [piece.text for piece in flat(text) if piece.title]


@pytest.mark.parametrize(
    ("text", "spans", "expected"),
    [
        ("you are a donkey", [(8, 16)], ["a donkey"]),
        ("you are a donkey", [(8, 12), (10, 16)], ["a donkey"]),  # overlapping
        ("you are a donkey", [(8, 10), (10, 16)], ["a donkey"]),  # touching
        ("you are a donkey", [(0, 3), (8, 16)], ["you", "a donkey"]),
        ("donkey", [(-3, 2), (4, 99), (3, 3), (5, 1)], ["do", "ey"]),
        ("e\u0301a", [(1, 2)], ["e\u0301"]),  # a letter with its mark
        ("x👩‍👩‍👧y", [(2, 3)], ["👩‍👩‍👧"]),
        ("🇩🇪🇫🇷", [(1, 2)], ["🇩🇪"]),
        ("नमस्ते", [(2, 3)], ["स्ते"] if len(regex.findall(r"\X", "स्ते")) == 1 else ["स्"]),
        ("한글", [(0, 1)], ["한"]),
        ("a\r\nb", [(1, 2)], []),  # an end of line has nothing to mark
        ("أنت حمار هنا", [(4, 8)], ["حمار"]),
    ],
)
def test_spans_are_marked_whole_and_once(text: str, spans: list[tuple[int, int]], expected: list[str]) -> None:
    assert marked(text, *spans) == expected


@given(HOSTILE, SPANS)
def test_a_highlight_never_splits_a_grapheme_cluster_and_highlights_never_touch(
    text: str, spans: list[tuple[int, int]]
) -> None:
    edges = {0, len(text)} | {match.start() for match in regex.finditer(r"\X", text)}
    found = merged(spans, text)
    assert all(start in edges and end in edges and start < end for start, end in found)
    assert all(left[1] < right[0] for left, right in pairwise(found))


@given(HOSTILE, SPANS)
def test_what_is_written_out_leaves_no_direction_open_and_closes_none_that_is_not(
    text: str, spans: list[tuple[int, int]]
) -> None:
    for paragraph in drawn(text, spans):
        opened: list[str] = []
        for piece in (piece for sentence in paragraph for piece in sentence):
            for character in piece.text:
                if character in OPENERS:
                    opened.append(OPENERS[character])
                elif character in "\u202c\u2069":
                    assert opened.pop() == character
        assert opened == []


@given(HOSTILE)
def test_nothing_invisible_is_written_out_without_a_sign(text: str) -> None:
    for paragraph in drawn(text):
        written = "".join(piece.text for sentence in paragraph for piece in sentence if not piece.title)
        for at, character in enumerate(written):
            assert unicodedata.category(character) != "Cc" or character == "\t"
            assert character not in "\u200b\ufeff\u2060"
            assert character not in "\u200c\u200d" or (at > 0 and ord(written[at - 1]) >= 0x590)
            assert not 0xE0000 <= ord(character) < 0xE0080 or "\U0001f3f4" in written


@given(HOSTILE)
def test_beyond_the_most_signs_nothing_visible_is_hidden_and_nothing_invisible_written_out(text: str) -> None:
    text *= 60
    written = plain(text)
    for character in "ab!?<אב\u0939":
        assert written.count(character) == text.count(character)
    assert not set(written) & set("\u200b\ufeff\u2060\x00")
    for paragraph in drawn(text):
        opened: list[str] = []
        for character in "".join(piece.text for sentence in paragraph for piece in sentence):
            if character in OPENERS:
                opened.append(OPENERS[character])
            elif character in "\u202c\u2069":
                assert opened.pop() == character
        assert opened == []


@given(st.text(st.characters(categories=("L", "Nd", "Po", "Zs"), exclude_characters="\u3164\uffa0\u115f\u1160.:")))
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert plain(text) == text


def test_each_line_is_a_paragraph_and_each_sentence_has_its_number() -> None:
    shown = show("One. Two! Three?\nنعم؟ لا. 一。二。")
    numbers = [[sentence.number for sentence in paragraph.sentences] for paragraph in shown.paragraphs]
    assert numbers == [[1, 2, 3], [4, 5, 6, 7]]
    assert shown.sentences == 7


def test_abbreviations_of_addresses_do_not_end_a_sentence() -> None:
    assert show("See a.b.example for 3.5 points").sentences == 1


def test_sentences_past_the_sixtieth_have_no_number_of_their_own() -> None:
    shown = show("Oh! " * 100)
    assert shown.sentences == MOST_SENTENCES
    assert [one.number for one in shown.paragraphs[0].sentences][-40:] == [0] * 40


@pytest.mark.parametrize(
    ("text", "expected", "named"),
    [
        ("a\u202eb\u202cc", "a\u202eb\u202cc", ["RLO", "PDF"]),
        ("a\u202eb", "a\u202eb\u202c", ["RLO"]),
        ("a\u202cb\u2069", "ab", ["PDF", "PDI"]),
        ("a\u2067b\u202ec\u2069d", "a\u2067b\u202ec\u202c\u2069d", ["RLI", "RLO", "PDI"]),
        ("a\x00\x07b", "ab", ["NUL", "U+0007"]),
        ("a\u200b\u200b\u200bb", "ab", ["ZWSP ×3"]),
        ("سلام\u200cها", "سلام\u200cها", []),
        ("a\u200cb", "ab", ["ZWNJ"]),
        ("z" + "\u0301" * 50, "z" + "\u0301" * 4, ["+46"]),
        ("\U000e0068\U000e0069", "", ["tags “hi”"]),
        ("\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
         "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", []),
        ("x" + "\ufe0f" * 9, "x", ["VS ×9"]),
        ("❤\ufe0f", "❤\ufe0f", []),
        ("❤\ufe0f\u200d🔥", "❤\ufe0f\u200d🔥", []),
        ("\ufe0f\u200d", "", ["VS ×1", "ZWJ"]),
        ("a\u200b\ufe0f", "a", ["ZWSP", "VS ×1"]),
        ("क" + "\u0301" * 6 + "\u200d", "क" + "\u0301" * 4, ["+2", "ZWJ"]),
        ("\ue000\ufdd0\U0001ffff", "", ["U+E000", "U+FDD0", "U+1FFFF"]),
    ],
)  # fmt: skip
def test_what_cannot_be_seen_becomes_a_sign(text: str, expected: str, named: list[str]) -> None:
    assert (plain(text), signs(text)) == (expected, named)


def test_long_rows_of_signs_are_counted_and_not_drawn() -> None:
    pieces = flat("".join(chr(code) for code in range(1, 9)) * 100)
    assert len(pieces) < 20
    assert flat("a\u200b" * 5000)[-1] == Piece("+4600", "4600 more such characters")


def test_a_paragraph_has_so_many_signs_and_says_how_many_are_left_out() -> None:
    two = "a\u200b" * 1000 + "\n" + "b\u2067c\u2069" * 1000
    first, second = ([piece for sentence in paragraph for piece in sentence] for paragraph in drawn(two))
    assert first[-1] == Piece("+600", "600 more such characters")
    assert second[-1] == Piece("+1600", "1600 more such characters")
    assert [sum(bool(piece.title) for piece in pieces) for pieces in (first, second)] == [401, 401]
    assert plain(two).count("a") == plain(two).count("b") == plain(two).count("c") == 1000


def test_a_text_of_many_lines_has_so_many_signs_and_each_line_says_how_many_are_left_out() -> None:
    lines = drawn(("a\u200b" * 300 + "\n") * 100)
    assert (
        sum(piece.title.startswith("U+200B") for pieces in lines for one in pieces for piece in one) == MOST_IN_TEXT
    )
    assert lines[-1][-1][-1] == Piece("+300", "300 more such characters")
    assert len(lines) == 100


def test_highlights_sentences_and_addresses_are_found_beyond_the_most_signs() -> None:
    text = "a\u200b" * 500 + " You are a donk\u200bey! See http://evil.example now."
    at = text.index("donk")
    assert marked(text, (at, at + 7)) == ["donkey"]
    assert "hxxp://evil[.]example" in plain(text)
    assert show(text).sentences == 2


@pytest.mark.parametrize("unit", [
    "\u2067\u2069", "a\u2067b\u2069", "\u200d", "a\u200b", "a\u200b\u2067\u2069", "a\0", "a\u200e", "\u2028",
    "a\u2028", "a\u0301\u0301\u0301\u0301\u0301", "\u202a\u2067\u2069\u202c", "a\U000e0041",
])  # fmt: skip
def test_signs_without_end_are_not_made_one_by_one(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    assert len(flat(text)) < 6 * MOST_SIGNS
    full = [token for token in tokens(text) if any(piece.title for piece in token.pieces)]
    assert len(full) <= MOST_IN_TEXT + MOST_PARAGRAPHS + 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://evil.example/a.b?c=d", "hxxp://evil[.]example/a.b?c=d"),
        ("HTTPS://EVIL.EXAMPLE", "HXXPS://EVIL[.]EXAMPLE"),
        ("see www.evil.example.", "see www[.]evil[.]example."),
        ("evil.example/login", "evil[.]example/login"),
        ("ftp://evil.example", "ftp[:]//evil[.]example"),
        ("javascript:alert(1)", "javascript[:]alert(1)"),
        ("DATA:text/html,x", "DATA[:]text/html,x"),
        ("http://a.b http://c.d", "hxxp://a[.]b hxxp://c[.]d"),
        ("it ended.Next one", "it ended.Next one"),
        ("ratio 3:4, file.txt", "ratio 3:4, file.txt"),
    ],
)
def test_addresses_are_written_so_that_nothing_can_follow_them(text: str, expected: str) -> None:
    assert plain(text) == expected


@pytest.mark.parametrize(
    ("text", "other"),
    [
        ("https://xn--80ak6aa92e.com/x", "= аррӏе[.]com"),
        ("https://аррӏе.com/x", "= xn--80ak6aa92e[.]com"),
        ("xn--80ak6aa92e.com", "= аррӏе[.]com"),
        ("http://xn--\x7f.com", None),
        ("http://example.com", None),
    ],
)
def test_hosts_in_other_scripts_are_shown_in_both_forms(text: str, other: str | None) -> None:
    named = [piece.text for piece in flat(text) if piece.title == "the same host in its other form"]
    assert named == ([other] if other else [])


def test_a_highlight_inside_a_defanged_address_stays_where_it_was() -> None:
    assert marked("go to http://evil.example now", (6, 25)) == ["hxxp://evil[.]example"]


def test_one_line_holds_no_end_of_line() -> None:
    assert [piece.text for piece in line("a\nb\r\nc\u2028d")] == ["a", "⏎", "b", "⏎", "c", "LS", "⏎", "d"]
    assert line(None) == line("") == ()


@pytest.mark.parametrize(
    ("tag", "attribute"),
    [("en", "en"), ("pt-BR", "pt-BR"), ("ur-Latn", "ur-Latn"), ("zz", None), ('"><x', None), ("", None), (None, None),
     ("en-" + "a" * 99, None), ("en\n", None)],
)  # fmt: skip
def test_only_real_language_tags_become_attributes(tag: str | None, attribute: str | None) -> None:
    assert language_attribute(tag) == attribute


@pytest.mark.parametrize(
    "text", ["\u202e" * 9000, "a\n" * 9000, "!! " * 9000, "z" + "\u0301" * 9000, "http://a.b " * 2000, "xn--" * 4000]
)
def test_extreme_texts_are_drawn_with_few_pieces(text: str) -> None:
    assert len(flat(text, [(0, 5), (7, 9)])) < 10_000
    assert len(show(text).paragraphs) <= 501


@pytest.mark.parametrize("unit", [
    ".", ".)", "।.", "।", "।\"", "。)", "。", "! ", "\U0001f1e6", "\u0301", "👩\u200d", "क्", "\U0001f3f4\U000e0067",
    "\u2066", "'", "http://", "a.",
])  # fmt: skip
def test_nothing_long_keeps_the_page_waiting(unit: str) -> None:
    text = unit * (100_000 // len(unit))
    assert show(text, [(5, 6), (50_001, 50_002), (99_000, 99_001)]).sentences > 0


@given(st.text(st.sampled_from("\U0001f1e6\U0001f1e9\u0301\u200d👩🏿क्षa\r\n한"), max_size=1500), st.data())
def test_long_texts_have_the_clusters_of_short_ones(text: str, data: Any) -> None:
    text = text * 8
    whole = [match.span() for match in regex.finditer(r"\X", text)]
    if whole:
        span = data.draw(st.sampled_from(whole))
        assert merged([span], text) == [span]
        assert merged([(span[1] - 1, span[1])], text) == [span]
