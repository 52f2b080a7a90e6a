"""The ledger on disk: what it keeps, and that its files are disposable."""

import pytest

from stream_app.adapters.cache import DiskCache
from stream_app.adapters.ledger import DiskLedger
from stream_app.adapters.ownership import Slot


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "slot-0" / "partition-0"


def opened(folder):
    return DiskLedger(folder, retention_days=30)


def test_it_finds_after_reopening_what_was_written(folder):
    ledger = opened(folder)
    ledger.write([(b"a", b"1"), ("é".encode(), b"2"), (b"gone", b"3")], next_offset=7)
    ledger.write([(b"gone", None)], next_offset=8)
    ledger.close()
    again = opened(folder)
    assert again.get_many(["a", "é", "gone", "never"]) == [b"1", b"2", None, None]
    assert again.next_offset == 8


def test_no_ids_and_no_entries_are_fine(folder):
    ledger = opened(folder)
    assert ledger.get_many([]) == []
    ledger.write([], next_offset=3)
    assert ledger.next_offset == 3


def test_entries_and_offset_are_forgotten_together(folder):
    ledger = opened(folder)
    ledger.write([(b"a", b"1")], next_offset=5)
    ledger.clear()
    assert (ledger.get_many(["a"]), ledger.next_offset) == ([None], 0)


@pytest.mark.parametrize("damage", ["manifest", "current", "everything", "not-a-folder"])
def test_damaged_files_are_rebuilt_from_nothing(folder, damage):
    ledger = opened(folder)
    ledger.write([(b"a", b"1")], next_offset=5)
    ledger.close()
    if damage == "not-a-folder":
        import shutil

        shutil.rmtree(folder)
        folder.write_bytes(b"junk")
    for file in folder.iterdir() if folder.is_dir() else ():
        if damage == "everything" or file.name.lower().startswith(damage):
            file.write_bytes(b"\x00garbage")
    again = opened(folder)
    assert again.next_offset in (0, 5)
    again.write([(b"b", b"2")], next_offset=6)
    assert again.get_many(["b"]) == [b"2"]


def test_the_cache_is_bounded_and_survives_damage(tmp_path):
    folder = tmp_path / "cache"
    cache = DiskCache(folder, max_bytes=2**20)
    for batch in range(20):
        cache.put_many([(b"%d-%d" % (batch, i), b"x" * 1000) for i in range(500)])
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file() and file.suffix == ".sst")
    assert size < 4 * 2**20
    assert cache.get_many([b"19-499", b"never"]) == [b"x" * 1000, None]
    cache.close()
    for file in folder.iterdir():
        file.write_bytes(b"garbage")
    assert DiskCache(folder, max_bytes=2**20).get_many([b"19-499"]) == [None]


def test_two_processes_never_share_a_slot(tmp_path):
    one, two = Slot(tmp_path), Slot(tmp_path)
    assert one.folder != two.folder
    one.close()
    three = Slot(tmp_path)
    assert three.folder == one.folder
    two.close()
    three.close()
