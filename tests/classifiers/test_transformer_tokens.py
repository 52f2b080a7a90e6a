"""From text to piece ids: the same in training and in serving, for any text."""

from pathlib import Path

import pytest

from models.errors import ArtifactError, DataError
from models.training.transformer.vocabulary import train_vocabulary
from models.transformer import artifact
from models.transformer.testing import save_tiny, tiny_vocabulary
from models.transformer.tokens import BYTES, PAD, SPECIAL, Tokenizer, unknown_share

TEXTS = [
    "The ferry leaves at nine.",
    "ФЕРРИ уходит в девять",
    "",
    "   ",
    "\ud800 lone surrogate \udfff",
    "😀😡🖕🏽",
    "ᚠᚢᚦᚨᚱᚲ",
    "nul \x00 tab \t line \n",
    "a" * 100_000,
    "ferry 9 " * 12_500,
    "ＦＵＬＬ ﬁne İstanbul ß",
]


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return tiny_vocabulary()


def test_ids_are_the_same_before_an_artifact_is_saved_and_after_it_is_loaded(tmp_path: Path) -> None:
    trained = tiny_vocabulary()
    save_tiny(tmp_path)
    served = artifact.load(tmp_path)[2]
    assert served.data == trained.data
    assert served.encode(TEXTS) == trained.encode(TEXTS)


def test_a_text_has_the_same_ids_alone_and_among_others(tokenizer: Tokenizer) -> None:
    assert [tokenizer.encode([text])[0] for text in TEXTS] == tokenizer.encode(TEXTS)


def test_the_same_texts_make_the_same_vocabulary(tokenizer: Tokenizer) -> None:
    assert tiny_vocabulary().digest == tokenizer.digest


def test_every_id_is_a_piece_of_the_vocabulary_and_never_a_mark(tokenizer: Tokenizer) -> None:
    found = {piece for row in tokenizer.encode(TEXTS) for piece in row}
    assert max(found) < tokenizer.size
    assert found.isdisjoint({PAD, 2, 3, 4})


def test_normalization_lies_inside_the_vocabulary(tokenizer: Tokenizer) -> None:
    plain, wide, capital, ligature = tokenizer.encode(["ferry fine", "ｆｅｒｒｙ fine", "FERRY FINE", "ferry ﬁne"])
    assert plain == wide == capital == ligature
    assert b"nmt_nfkc_cf" in tokenizer.data


def test_marks_that_a_text_spells_out_are_letters_like_others(tokenizer: Tokenizer) -> None:
    row = tokenizer.encode(["<pad> </s> <mask>"])[0]
    assert set(row).isdisjoint({PAD, *range(2, SPECIAL)})


def test_a_hundred_thousand_characters_are_encoded_whole(tokenizer: Tokenizer) -> None:
    once, often = tokenizer.encode(["ferry nine ", "ferry nine " * 9_100])
    assert len(often) >= 9_100 * len(once) - 1


def test_lone_surrogates_are_characters_that_nobody_knows(tokenizer: Tokenizer) -> None:
    surrogate, mark = tokenizer.encode(["a \ud800 b", "a ? b"])
    assert surrogate == mark


def test_another_split_of_a_text_spells_the_same(tokenizer: Tokenizer) -> None:
    text = "the ferry leaves at nine and comes back before it gets dark"
    found = [tokenizer.resplit(text) for _ in range(30)]
    spelled = {"".join(tokenizer.piece(piece) for piece in row) for row in found}
    assert spelled == {"\u2581" + text.replace(" ", "\u2581")}
    assert len({tuple(row) for row in found}) > 5
    assert tokenizer.resplit("") == []
    assert tokenizer.resplit("\ud800") == tokenizer.encode(["?"])[0]


def test_the_unknown_share_is_that_of_bytes_and_unknown_pieces(tokenizer: Tokenizer) -> None:
    known, none, half = unknown_share([[400, 401], [], [SPECIAL + BYTES - 1, 400]])
    assert (known, none, half) == (0.0, 0.0, 0.5)
    runes, words = unknown_share(tokenizer.encode(["ᚠᚢᚦᚨᚱᚲ", "the ferry leaves"]))
    assert runes > 0.8
    assert words == 0.0


@pytest.mark.parametrize("share", [0.0, 0.3, 0.999])
def test_a_file_that_is_cut_short_is_refused(tokenizer: Tokenizer, tmp_path: Path, share: float) -> None:
    path = tmp_path / "vocabulary.model"
    path.write_bytes(tokenizer.data[: int(len(tokenizer.data) * share)])
    with pytest.raises(ArtifactError, match=r"cut short|was not made by"):
        Tokenizer.load(path)


def test_a_file_that_is_no_vocabulary_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "vocabulary.model"
    path.write_bytes(b"hello")
    with pytest.raises(ArtifactError, match="not a SentencePiece vocabulary"):
        Tokenizer.load(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"absent\.model.*belongs to the artifact"):
        Tokenizer.load(tmp_path / "absent.model")


def test_a_vocabulary_with_other_marks_is_refused(tokenizer: Tokenizer, tmp_path: Path) -> None:
    path = tmp_path / "vocabulary.model"
    path.write_bytes(tokenizer.data.replace(b"<mask>", b"<mark>"))
    with pytest.raises(ArtifactError, match=r"<mark>.*not made by `weir train`"):
        Tokenizer.load(path)


def test_little_text_makes_a_smaller_vocabulary() -> None:
    assert SPECIAL + BYTES < train_vocabulary(["a few words of text", "and a few more"], 4_000, 1).size < 400


@pytest.mark.parametrize("texts", [[], [""]])
def test_no_text_makes_no_vocabulary(texts: list[str]) -> None:
    with pytest.raises(DataError, match="too little text"):
        train_vocabulary(texts, 400, 1)
