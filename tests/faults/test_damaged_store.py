"""Whatever happens to the files of a ledger, it answers rightly, or starts anew, or says that it is damaged."""

import random
from collections import Counter
from pathlib import Path

import pytest

from stream_app.adapters.ledger import DiskLedger
from stream_app.testing_checker import report
from stream_app.testing_faults import DAMAGES, Damage, damage

ENTRIES = 3000


def value(number: int, version: int) -> bytes:
    return f"{number}/{version}/".encode() + bytes(str(number) * 40, "ascii")


def filled(folder: Path) -> None:
    """A ledger that was opened and closed a few times: tables, a log, and a second version of every third entry."""
    for version in range(3):
        ledger = DiskLedger(folder, retention_days=365)
        for start in range(0, ENTRIES, 500):
            entries = [(f"i{n}".encode(), value(n, version)) for n in range(start, start + 500, version + 1)]
            ledger.write(entries, next_offset=version * ENTRIES + start + 500)
        ledger.close()


def state_at(offset: int) -> dict[str, bytes]:
    """What a ledger must hold that has taken in so much."""
    state: dict[str, bytes] = {}
    for version in range(3):
        for start in range(0, ENTRIES, 500):
            if version * ENTRIES + start + 500 <= offset:
                state |= {f"i{n}": value(n, version) for n in range(start, start + 500, version + 1)}
    return state


@pytest.mark.parametrize("how", DAMAGES)
def test_damage_is_never_a_wrong_answer(tmp_path: Path, how: Damage) -> None:
    pristine = tmp_path / "pristine"
    filled(pristine)
    names = sorted(file.name for file in pristine.iterdir() if file.is_file())
    rng = random.Random(how)
    fates: dict[str, str] = {}
    for name in names:
        for turn in range(4 if how == "flipped" else 2):
            folder = tmp_path / f"{name}-{turn}"
            folder.mkdir()
            for file in pristine.iterdir():
                (folder / file.name).write_bytes(file.read_bytes())
            damage(folder / name, how, rng)
            fates[f"{name} {turn}"] = _fate(folder)
    report("damaged store", how=how, fates=Counter(fates.values()))
    assert len(names) >= 5, names
    assert set(fates.values()) <= {"whole", "earlier", "anew", "damaged"}, fates


def _fate(folder: Path) -> str:
    """What a ledger in that folder does; every answer that it gives is checked against the offset that it claims."""
    ledger = DiskLedger(folder, retention_days=365)
    try:
        ids = [f"i{n}" for n in range(ENTRIES)]
        expected = state_at(ledger.next_offset)
        try:
            found = ledger.get_many(ids)
        except Exception:  # noqa: BLE001 - this is what ends the process; the next one starts anew
            again = DiskLedger(folder, retention_days=365)
            assert again.next_offset == 0
            assert again.get_many(ids) == [None] * ENTRIES
            again.close()
            return "damaged"
        assert found == [expected.get(each) for each in ids]
        if ledger.next_offset == 0:
            return "anew"
        return "whole" if ledger.next_offset == 3 * ENTRIES else "earlier"
    finally:
        ledger.close()
