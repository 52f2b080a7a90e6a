"""Texts without labels as they lie in a folder: plain or packed, whole or with broken lines."""

import gzip
from pathlib import Path

import pytest

from models.errors import DataError
from models.probes.probes import held_out, mentions_held_out
from models.training.transformer.corpus import Pair, Sentence, dictionary, sentences, translations


def nothing(_: str) -> bool:
    return False


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("mono", "parallel", "dict"):
        (tmp_path / name).mkdir()
    return tmp_path


def test_sentences_are_read_plain_and_packed(folder: Path) -> None:
    (folder / "mono" / "en.txt").write_text("one line\n\nanother line\r\n")
    (folder / "mono" / "fr.txt.gz").write_bytes(gzip.compress("une ligne\u2028même ligne\n".encode()))
    (folder / "mono" / "README.md").write_text("not a text\n")
    assert list(sentences(folder, nothing)) == [
        Sentence("en", "one line"),
        Sentence("en", "another line"),
        Sentence("fr", "une ligne même ligne"),
    ]


def test_translations_are_paired_by_id_and_need_their_english(folder: Path) -> None:
    rows = ["id\tlang\ttext", "1\tde\teins", "2\tde\tzwei", "1\ten\tone", "3\ten\tthree", "broken", "1\tfr\t"]
    rows.append("1\tes\tuno\tmore")
    (folder / "parallel" / "some.tsv.gz").write_bytes(gzip.compress("\n".join(rows).encode()))
    assert list(translations(folder, nothing)) == [Pair("one", "de", "eins"), Pair("one", "es", "uno")]


def test_dictionaries_are_read_in_both_directions_and_others_left_out(folder: Path) -> None:
    (folder / "dict" / "en-de.tsv").write_text("house\tHaus\tmore\nlonely\n\t\n")
    (folder / "dict" / "fr-en.tsv").write_text("maison\thouse\n")
    (folder / "dict" / "fr-de.tsv").write_text("maison\tHaus\n")
    assert list(dictionary(folder, nothing)) == [Pair("house", "de", "Haus"), Pair("house", "fr", "maison")]


def test_bytes_that_are_not_utf_8_cost_their_line_only(folder: Path) -> None:
    (folder / "mono" / "en.txt").write_bytes(b"good\n\xff\xfe bad\nalso good\n")
    assert [found.text for found in sentences(folder, nothing)] == ["good", "also good"]


@pytest.mark.parametrize("keep", [5, 40])
def test_a_packed_file_that_is_cut_short_is_named(folder: Path, keep: int) -> None:
    whole = gzip.compress("\n".join(f"line number {n}" for n in range(500)).encode())
    (folder / "mono" / "en.txt.gz").write_bytes(whole[:keep])
    with pytest.raises(DataError, match=r"en\.txt\.gz cannot be read to its end"):
        list(sentences(folder, nothing))


def test_a_packed_file_that_is_not_packed_is_named(folder: Path) -> None:
    (folder / "mono" / "en.txt.gz").write_text("plain after all")
    with pytest.raises(DataError, match="fetch it again"):
        list(sentences(folder, nothing))


def test_what_is_missing_is_left_out(tmp_path: Path) -> None:
    assert [*sentences(tmp_path, nothing), *translations(tmp_path, nothing), *dictionary(tmp_path, nothing)] == []


def test_texts_with_a_held_out_word_are_refused_on_either_side(folder: Path) -> None:
    word = held_out("en")[0]
    (folder / "mono" / "en.txt").write_text(f"a fine day\nyou {word}\n")
    rows = ("id\tlang\ttext", f"1\ten\tyou {word}", "1\tde\tdu da", "2\ten\tyou", f"2\tde\t{word}")
    (folder / "parallel" / "p.tsv").write_text("\n".join(rows))
    (folder / "dict" / "de-en.tsv").write_text(f"wort\t{word}\n{word}\tword\nwort\tword\n")
    assert list(sentences(folder, mentions_held_out)) == [Sentence("en", "a fine day")]
    assert list(translations(folder, mentions_held_out)) == []
    assert list(dictionary(folder, mentions_held_out)) == [Pair("word", "de", "wort")]
