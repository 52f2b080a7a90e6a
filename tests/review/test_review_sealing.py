"""The key file: made once, whole, and never overwritten."""

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from human_review.sealing import load_sealer
from stream_app.errors import ConfigError


def test_a_key_is_made_once_and_readable_by_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "key"
    sealed = load_sealer(file).seal_for_service(b"secret")
    assert load_sealer(file).open_for_service(sealed) == b"secret"
    assert file.stat().st_mode & 0o777 == 0o600
    assert os.listdir(file.parent) == ["key"]


def test_starts_at_the_same_time_end_up_with_one_key(tmp_path: Path) -> None:
    for number in range(10):
        file = tmp_path / str(number)
        with ThreadPoolExecutor(8) as starts:
            sealers = list(starts.map(lambda _, file=file: load_sealer(file), range(8)))
        sealed = sealers[0].seal_for_service(b"secret")
        assert {sealer.open_for_service(sealed) for sealer in sealers} == {b"secret"}


def test_a_start_that_is_cut_off_leaves_no_short_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def cut(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", cut)
        with pytest.raises(KeyboardInterrupt):
            load_sealer(tmp_path / "key")
    assert not (tmp_path / "key").exists()
    load_sealer(tmp_path / "key")


def test_a_file_that_holds_no_key_is_refused_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_bytes(b"short")
    with pytest.raises(ConfigError, match="32 bytes"):
        load_sealer(file)
    assert file.read_bytes() == b"short"
