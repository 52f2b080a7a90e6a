"""The encoder that training starts from is the one that was tried, or training does not start."""

from pathlib import Path

import pytest

from models.errors import DataError
from models.training import teacher
from models.training.data import file_digest


def _install(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package of that name that holds other weights."""
    model = folder / teacher.PACKAGE / "model"
    model.mkdir(parents=True)
    (folder / teacher.PACKAGE / "__init__.py").touch()
    (model / "model.safetensors").write_bytes(b"weights")
    monkeypatch.syspath_prepend(folder)
    return model


def test_weights_with_the_right_digest_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = _install(tmp_path, monkeypatch)
    monkeypatch.setattr(teacher, "MINILM_SHA256", file_digest(model / "model.safetensors"))
    assert teacher.find("minilm") == model


def test_other_weights_are_refused_by_name_and_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    model = _install(tmp_path, monkeypatch)
    with pytest.raises(DataError, match=file_digest(model / "model.safetensors")):
        teacher.find("minilm")


def test_a_package_without_weights_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (_install(tmp_path, monkeypatch) / "model.safetensors").unlink()
    with pytest.raises(DataError, match="cannot read"):
        teacher.find("minilm")


def test_what_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(teacher, "PACKAGE", "no_such_package")
    with pytest.raises(DataError, match=r"weir\[teacher\]"):
        teacher.find("minilm")


def test_a_folder_of_ones_own_needs_no_digest(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"model\.safetensors"):
        teacher.find(str(tmp_path))
    (tmp_path / "model.safetensors").write_bytes(b"own")
    assert teacher.find(str(tmp_path)) == tmp_path
    assert teacher.find("random") is None
