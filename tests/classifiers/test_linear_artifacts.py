"""A damaged or foreign artifact is refused with words that help."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from models import artifacts
from models.errors import ArtifactError, ClassifierError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return Path(shutil.copytree(artifacts.default_artifact(), tmp_path / "artifact"))


def _edit(folder: Path, change: Callable[[dict[str, object]], None]) -> None:
    path = folder / artifacts.MANIFEST_FILE
    found = json.loads(path.read_text())
    change(found)
    path.write_text(json.dumps(found))


def test_a_whole_artifact_loads(folder: Path) -> None:
    manifest, weights = artifacts.load(folder)
    assert weights.dtype == np.int8
    assert weights.shape == (len(manifest.labels), manifest.features.buckets)


@pytest.mark.parametrize("name", [artifacts.WEIGHTS_FILE, artifacts.MANIFEST_FILE])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(ArtifactError, match=name):
        artifacts.load(folder)


def test_truncated_weights_are_refused(folder: Path) -> None:
    path = folder / artifacts.WEIGHTS_FILE
    path.write_bytes(path.read_bytes()[:-1000])
    with pytest.raises(ArtifactError, match="truncated"):
        artifacts.load(folder)


def test_one_changed_weight_is_noticed(folder: Path) -> None:
    path = folder / artifacts.WEIGHTS_FILE
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(ArtifactError, match="SHA-256"):
        artifacts.load(folder)


def test_an_edited_calibration_is_noticed(folder: Path) -> None:
    def double(found: dict[str, object]) -> None:
        found["heads"][0]["scale"] *= 2  # type: ignore[index] # a manifest as plain JSON

    _edit(folder, double)
    with pytest.raises(ArtifactError, match="was edited"):
        artifacts.load(folder)


def test_a_wrong_number_of_labels_is_refused(folder: Path) -> None:
    _edit(folder, lambda found: found["heads"].pop())  # type: ignore[attr-defined] # not in the stubs
    with pytest.raises(ArtifactError, match="shape"):
        artifacts.load(folder)


@pytest.mark.parametrize("version", [0, 2, "1", None])
def test_another_format_version_is_refused(folder: Path, version: object) -> None:
    _edit(folder, lambda found: found.update(format_version=version))
    with pytest.raises(ArtifactError, match="reads version 1"):
        artifacts.load(folder)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format_version": 1}', '{"format_version": 1, "heads": 3}'])
def test_what_is_not_a_manifest_is_refused(folder: Path, text: str) -> None:
    (folder / artifacts.MANIFEST_FILE).write_text(text)
    with pytest.raises(ArtifactError):
        artifacts.load(folder)


def test_settings_that_could_overflow_are_refused(folder: Path) -> None:
    _edit(folder, lambda found: found["features"].update(window_chars=100_000))  # type: ignore[attr-defined] # not in the stubs
    with pytest.raises(ArtifactError, match="window_chars"):
        artifacts.load(folder)


def test_weights_of_another_type_are_refused(folder: Path) -> None:
    from safetensors.numpy import save_file

    save_file({"weights": np.zeros((2, 4), np.float32)}, folder / artifacts.WEIGHTS_FILE)
    with pytest.raises(ArtifactError, match="int8"):
        artifacts.load(folder)


def test_artifact_errors_are_classifier_errors() -> None:
    assert issubclass(ArtifactError, ClassifierError)
