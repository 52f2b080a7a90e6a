"""Training rows are checked one by one, and nothing is dropped without a word."""

import gzip
import json
from pathlib import Path

import pytest

from models.errors import DataError
from models.training.data import Reader


def _line(**change: object) -> str:
    row = {"text": "hi", "lang": "en", "labels": {"toxicity": 0}, "source": "s", "split": "train", "weak": 0}
    return json.dumps(row | change)


def _read(folder: Path) -> tuple[list[str], Reader]:
    reader = Reader.of(folder)
    return [row.text for row in reader.rows()], reader


@pytest.mark.parametrize(
    "bad",
    [
        "not json",
        _line(text=""),
        _line(text="\u200b \x07\u3000"),
        _line(text=3),
        _line(labels={"toxicity": 2}),
        _line(labels={"Tox ic": 1}),
        _line(labels={"toxicity": True}),
        _line(split="test"),
        _line(split=None),
        _line(split=3),
        json.dumps({key: value for key, value in json.loads(_line()).items() if key != "split"}),
        json.dumps({"text": "no more fields"}),
        "[]",
    ],
)
def test_a_bad_row_is_counted_and_placed_and_its_neighbours_kept(tmp_path: Path, bad: str) -> None:
    (tmp_path / "a.jsonl").write_text("\n".join([_line(text="one"), bad, _line(text="two")]))
    texts, reader = _read(tmp_path)
    manifest = reader.manifest()
    assert texts == ["one", "two"]
    assert manifest.bad_rows == 1
    assert (manifest.first_bad_rows[0].file, manifest.first_bad_rows[0].line) == ("a.jsonl", 2)
    assert (manifest.files[0].rows, manifest.files[0].bad_rows) == (2, 1)


def test_training_refuses_a_test_split_and_says_who_reads_it(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("\n".join([_line(text="one"), _line(split="test"), _line(split="x" * 9000)]))
    texts, reader = _read(tmp_path)
    assert texts == ["one"]
    reasons = [bad.reason for bad in reader.manifest().first_bad_rows]
    assert "split must be train or validation, not 'test'" in reasons[0]
    assert "weir evaluate" in reasons[0]
    assert max(map(len, reasons)) < 200


def test_any_split_or_none_is_read_where_that_is_asked_for(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("\n".join([_line(), _line(split="test"), _line(split=None), _line(split=3)]))
    reader = Reader((tmp_path / "a.jsonl",), splits=None)
    assert [row.split for row in reader.rows()] == ["train", "test", None]
    assert reader.manifest().bad_rows == 1


def test_a_reason_never_quotes_the_text(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(_line(text="private words", split="test"))
    _, reader = _read(tmp_path)
    assert "private" not in reader.manifest().first_bad_rows[0].reason


def test_invalid_utf8_is_a_bad_row(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_bytes(_line().encode() + b'\n{"text": "\xff"}\n')
    texts, reader = _read(tmp_path)
    assert texts == ["hi"]
    assert reader.manifest().bad_rows == 1


def test_a_truncated_archive_keeps_what_can_be_read_and_says_so(tmp_path: Path) -> None:
    packed = gzip.compress("\n".join(_line(text=f"{index}" * 50) for index in range(2000)).encode())
    (tmp_path / "a.jsonl.gz").write_bytes(packed[: len(packed) // 2])
    texts, reader = _read(tmp_path)
    assert len(texts) < 2000
    assert "cannot be read" in reader.manifest().first_bad_rows[-1].reason


def test_many_bad_rows_are_all_counted_but_not_all_listed(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text("bad\n" * 1000)
    _, reader = _read(tmp_path)
    assert reader.manifest().bad_rows == 1000
    assert len(reader.manifest().first_bad_rows) == 100


def test_the_digest_follows_names_and_contents(tmp_path: Path) -> None:
    digests = []
    for name, text in (("a.jsonl", "x"), ("a.jsonl", "y"), ("b.jsonl", "y")):
        folder = tmp_path / str(len(digests))
        folder.mkdir()
        (folder / name).write_text(_line(text=text))
        _, reader = _read(folder)
        digests.append(reader.manifest().digest)
    assert len(set(digests)) == 3


def test_an_empty_folder_is_an_error_that_says_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"jsonl\.gz"):
        Reader.of(tmp_path)
