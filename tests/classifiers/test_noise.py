"""What noise does to texts: readable, repeatable, and never a failure."""

import unicodedata
from difflib import SequenceMatcher

import numpy as np
import pytest

from models import noise
from models.noise import noisy

TEXTS = ["", " ", "a", "😀", "😀🏽", "ab", "\ud800", "the old house near the river", "тихий дом", "静かな本", "a  b"]
SENTENCE = "nobody in the office could say where the second key had been left"


@pytest.mark.parametrize("change", noise._CHANGES, ids=range(len(noise._CHANGES)))
@pytest.mark.parametrize("text", TEXTS, ids=ascii)
def test_no_change_fails_on_any_text(change: noise.Change, text: str) -> None:
    for seed in range(30):
        change(text, np.random.default_rng(seed))


@pytest.mark.parametrize("change", noise._CHANGES, ids=range(len(noise._CHANGES)))
def test_every_change_depends_on_its_seed_alone(change: noise.Change) -> None:
    first, second = ([change(SENTENCE, np.random.default_rng(seed)) for seed in range(20)] for _ in range(2))
    assert first == second
    assert len(set(first)) > 3


@pytest.mark.parametrize("change", noise._CHANGES, ids=range(len(noise._CHANGES)))
def test_every_change_keeps_most_of_a_text_readable(change: noise.Change) -> None:
    for seed in range(50):
        assert _alike(SENTENCE, change(SENTENCE, np.random.default_rng(seed))) > 0.6


def test_one_or_two_changes_are_made_and_are_the_same_for_the_same_seed() -> None:
    first, second = ([noisy(SENTENCE, np.random.default_rng(seed)) for seed in range(100)] for _ in range(2))
    assert first == second
    assert sum(text != SENTENCE for text in first) > 80
    assert noisy("", np.random.default_rng(1)) == ""


def _alike(text: str, other: str) -> float:
    """Share of the letters that a reader still finds in their order, look-alikes counted as what they look like."""
    shown = (char for char in other if unicodedata.category(char) != "Cf" and char not in ".-_*")
    kept = "".join(_ALIKE.get(char, char) for char in shown)
    return SequenceMatcher(None, text.replace(" ", ""), kept.replace(" ", ""), autojunk=False).ratio()


_ALIKE = {
    char: plain
    for table in (noise._LEET, noise._ALIKE)
    for plain, options in table.items()
    for char in options
    if plain.isascii()
}
