"""Romanised languages are told from English and from one another, with a trained artifact of their own."""

import json
import random
from pathlib import Path

import numpy as np
import pytest

from models.errors import DataError
from models.language import detect
from models.probes.probes import held_out
from models.romanized import Romanized, mostly_latin, romanized_artifact, shipped
from models.training.data import held_out_digest
from models.training.romanized import train_romanized

WORDS = {
    "xx-Latn": ("kitna", "bohat", "nahin", "tumhara", "acha", "magar", "phir", "yahan"),
    "en": ("much", "very", "nothing", "yours", "good", "however", "again", "here"),
}


def _write(folder: Path, tags: tuple[str, ...]) -> Path:
    draw = random.Random(1)
    folder.mkdir()
    rows = [
        {
            "text": " ".join(draw.choices(WORDS[tag], k=5)),
            "lang": tag,
            "labels": {"toxicity": 0},
            "source": "own",
            "split": "validation" if number % 5 == 0 else "train",
        }
        for number in range(400)
        for tag in tags
    ]
    (folder / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return folder


def test_a_small_one_trains_loads_and_repeats(tmp_path: Path) -> None:
    data = _write(tmp_path / "data", ("en", "xx-Latn"))
    first = train_romanized(data, tmp_path / "one")
    assert first == train_romanized(data, tmp_path / "two")
    romanized = Romanized.load(tmp_path / "one")
    assert romanized.tags == ("xx-Latn",)
    tags = [tag for tag, _ in romanized.tags_of(["kitna acha phir", "very good however"])]
    assert tags == ["xx-Latn", None]
    assert (first.refused_rows, first.held_out_digest) == (0, held_out_digest())


def test_rows_with_a_held_out_word_teach_nothing_and_are_counted(tmp_path: Path) -> None:
    data = _write(tmp_path / "data", ("en", "xx-Latn"))
    without = train_romanized(data, tmp_path / "one")
    row = {"text": f"you {held_out('en')[0]}", "lang": "en", "labels": {}, "source": "own", "split": "train"}
    with (data / "a.jsonl").open("a") as file:
        file.write("\n" + json.dumps(row) + "\n")
    found = train_romanized(data, tmp_path / "two")
    assert (found.refused_rows, found.weights_sha256) == (1, without.weights_sha256)


def test_without_romanised_rows_there_is_nothing_to_train(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="-Latn"):
        train_romanized(_write(tmp_path / "data", ("en",)), tmp_path / "out")


def test_the_shipped_one_is_small_and_good() -> None:
    assert sum(file.stat().st_size for file in romanized_artifact().iterdir()) < 1_000_000
    assert "ur-Latn" in shipped().tags
    assert shipped().tags_of([]) == []


def test_roman_urdu_is_named() -> None:
    texts = ["tum bilkul pagal ho yaar kya bakwas kar rahe ho", "ye log kabhi nahi sudhrenge bohat bura hua hai"]
    assert [found.tag for found in detect(texts)] == ["ur-Latn", "ur-Latn"]


def test_a_text_alone_is_detected_as_among_others() -> None:
    texts = ["ok lol", "kya haal hai bhai sab theek", "see you soon my friend", "안녕하세요", ""]
    assert [detect([text])[0] for text in texts] == detect(texts)


@pytest.mark.parametrize(("text", "latin"), [("abc", True), ("straße", True), ("абв", False), ("안녕 a", False)])
def test_letters_are_counted(text: str, latin: bool) -> None:
    assert mostly_latin(text) is latin


def test_probabilities_are_probabilities() -> None:
    found = shipped().probabilities(["hello", "kya", "x" * 5000])
    assert np.isfinite(found).all()
    assert ((found >= 0) & (found <= 1)).all()
