"""A transformer on disk: parts that do not belong together, or were changed, are refused with what would do."""

import json
from collections.abc import Callable
from pathlib import Path

import msgspec.structs
import pytest

from models.artifacts import MANIFEST_FILE, WEIGHTS_FILE, default_artifact
from models.classifiers.transformer import TransformerClassifier
from models.errors import ArtifactError
from models.transformer import artifact
from models.transformer.artifact import VOCABULARY_FILE
from models.transformer.manifest import Manifest
from models.transformer.testing import save_tiny, tiny_vocabulary

Damage = Callable[[Path], object]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_tiny(tmp_path / "artifact")
    return tmp_path / "artifact"


def test_what_ships_is_at_most_24_million_bytes() -> None:
    shipped = default_artifact().parent / "transformer"
    assert 0 < sum(file.stat().st_size for file in shipped.iterdir()) <= 24_000_000


def _edit(folder: Path, **fields: object) -> None:
    path = folder / MANIFEST_FILE
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def _resealed(folder: Path, change: Callable[[Manifest], Manifest]) -> None:
    """A manifest that agrees with itself but not with the weights."""
    artifact.write_manifest(folder, change(artifact.read_manifest(folder)))


def _shape(folder: Path, **sizes: int) -> None:
    _resealed(folder, lambda old: msgspec.structs.replace(old, shape=msgspec.structs.replace(old.shape, **sizes)))


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-100])


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)


def _smaller_vocabulary(folder: Path) -> None:
    (folder / VOCABULARY_FILE).write_bytes(tiny_vocabulary(400).data)


def _other_vocabulary(folder: Path) -> None:
    """Of the same size."""
    vocabulary = tiny_vocabulary()
    piece = max((piece for piece, _ in vocabulary.pieces() if piece.isascii() and piece.isalpha()), key=len)
    other = vocabulary.data.replace(piece.encode(), piece[::-1].encode())
    assert other != vocabulary.data
    (folder / VOCABULARY_FILE).write_bytes(other)


DAMAGES: dict[str, tuple[Damage, str]] = {
    "a vocabulary of another size": (_smaller_vocabulary, "do not belong together; take both from the same"),
    "another vocabulary": (_other_vocabulary, "vocabulary.model has SHA-256 .* take the files from the same"),
    "no vocabulary": (lambda folder: (folder / VOCABULARY_FILE).unlink(), "cannot read .*vocabulary.model"),
    "a vocabulary cut short": (lambda folder: _cut(folder / VOCABULARY_FILE), "cut short"),
    "no weights": (lambda folder: (folder / WEIGHTS_FILE).unlink(), "an artifact is a folder with weights"),
    "weights cut short": (lambda folder: _cut(folder / WEIGHTS_FILE), "truncated"),
    "a flipped bit": (lambda folder: _flip(folder / WEIGHTS_FILE), "weights.safetensors has SHA-256"),
    "no manifest": (lambda folder: (folder / MANIFEST_FILE).unlink(), "an artifact is a folder with weights"),
    "a manifest cut short": (lambda folder: _cut(folder / MANIFEST_FILE), "is not JSON"),
    "a manifest that is a list": (lambda folder: (folder / MANIFEST_FILE).write_text("[]"), "of kind None"),
    "a later format": (lambda folder: _edit(folder, format_version=99), "this level reads"),
    "another kind": (lambda folder: _edit(folder, name="linear.v1"), "linear.v1.* this level reads"),
    "an edited version": (lambda folder: _edit(folder, version="0" * 16), "was edited"),
    "edited labels": (lambda folder: _edit(folder, labels=["toxicity", "hate"]), "was edited"),
    "no heads at all": (lambda folder: _edit(folder, heads=None), "does not hold a manifest"),
    "one label too many": (
        lambda folder: _resealed(folder, lambda old: msgspec.structs.replace(old, labels=(*old.labels, "hate"))),
        "does not fit the manifest's shape and labels",
    ),
    "one layer too many": (lambda folder: _shape(folder, layers=2), "does not fit the manifest's shape and labels"),
    "another width": (lambda folder: _shape(folder, width=64), "does not fit the manifest's shape and labels"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_artifact_is_refused_with_what_would_do(folder: Path, name: str) -> None:
    damage, message = DAMAGES[name]
    damage(folder)
    with pytest.raises(ArtifactError, match=message):
        TransformerClassifier.load(folder, device="cpu")


def test_what_was_saved_loads_with_the_same_manifest(folder: Path) -> None:
    assert artifact.load(folder)[0] == artifact.read_manifest(folder)


def test_the_same_weights_give_the_same_files(folder: Path, tmp_path: Path) -> None:
    save_tiny(tmp_path / "again")
    for name in (MANIFEST_FILE, WEIGHTS_FILE, VOCABULARY_FILE):
        assert (folder / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_the_version_follows_weights_labels_and_evidence(tmp_path: Path) -> None:
    kinds: tuple[Callable[[Path], Manifest], ...] = (
        save_tiny,
        lambda folder: save_tiny(folder, seed=1),
        lambda folder: save_tiny(folder, ("toxicity", "hate")),
        lambda folder: save_tiny(folder, evidence=("en", "de")),
    )
    assert len({make(tmp_path / str(place)).version for place, make in enumerate(kinds)}) == len(kinds)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="cannot read"):
        TransformerClassifier.load(tmp_path / "absent", device="cpu")
