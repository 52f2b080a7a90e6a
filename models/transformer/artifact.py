"""A transformer on disk: ``weights.safetensors``, ``vocabulary.model``, ``manifest.json``; verified when loaded."""

import json
from pathlib import Path

import msgspec
import msgspec.structs
from torch import Tensor

from models.artifacts import MANIFEST_FILE, WEIGHTS_FILE, digest
from models.errors import ArtifactError
from models.transformer.manifest import FORMAT_VERSION, NAME, Manifest
from models.transformer.network import Network
from models.transformer.tokens import Tokenizer
from models.transformer.weights import decode, encode

VOCABULARY_FILE = "vocabulary.model"


def version_of(manifest: Manifest) -> str:
    """Changes with anything that can change a score."""
    parts = [
        manifest.weights_sha256, manifest.vocabulary_sha256, manifest.name, manifest.shape, manifest.labels,
        manifest.heads, manifest.format_version,
    ]  # fmt: skip
    return digest(msgspec.json.encode(parts, order="sorted"))[:16]


def save(folder: Path, manifest: Manifest, network: Network, tokenizer: Tokenizer) -> Manifest:
    """Write all three files, the manifest last, and return it with the digests and the version that follow."""
    folder.mkdir(parents=True, exist_ok=True)
    weights = encode(network.state_dict())
    (folder / WEIGHTS_FILE).write_bytes(weights)
    (folder / VOCABULARY_FILE).write_bytes(tokenizer.data)
    return write_manifest(
        folder,
        msgspec.structs.replace(manifest, weights_sha256=digest(weights), vocabulary_sha256=tokenizer.digest),
    )


def write_manifest(folder: Path, manifest: Manifest) -> Manifest:
    """Write the manifest alone, with the version that follows from it."""
    sealed = msgspec.structs.replace(manifest, version=version_of(manifest))
    (folder / MANIFEST_FILE).write_bytes(msgspec.json.format(msgspec.json.encode(sealed), indent=1) + b"\n")
    return sealed


def load(folder: Path) -> tuple[Manifest, Network, Tokenizer]:
    """Raises ArtifactError unless every digest, shape and size agrees."""
    manifest = read_manifest(folder)
    if version_of(manifest) != manifest.version:
        raise ArtifactError(
            f"{folder / MANIFEST_FILE} was edited: its contents give version {version_of(manifest)}, it says "
            f"{manifest.version}; calibration and evidence are changed by training, not by hand"
        )
    weights_path = folder / WEIGHTS_FILE
    data = _read(weights_path)
    state = decode(data, str(weights_path))
    tokenizer = Tokenizer.load(folder / VOCABULARY_FILE)
    if tokenizer.size != manifest.shape.pieces:
        raise ArtifactError(
            f"{folder / VOCABULARY_FILE} has {tokenizer.size} pieces, the network {manifest.shape.pieces}: tokenizer "
            "and weights do not belong together; take both from the same training run"
        )
    _agree(folder / VOCABULARY_FILE, tokenizer.digest, manifest.vocabulary_sha256)
    network = Network(manifest.shape, manifest.labels)
    _fill(network, state, weights_path)
    _agree(weights_path, digest(data), manifest.weights_sha256)
    return manifest, network.eval(), tokenizer


def read_manifest(folder: Path) -> Manifest:
    """The manifest alone; raises ArtifactError where it is missing, damaged or of another format."""
    path = folder / MANIFEST_FILE
    data = _read(path)
    try:
        found = json.loads(data)
    except ValueError as error:
        raise ArtifactError(f"{path} is not JSON ({error}); restore it from the release or train again") from error
    kind = (found.get("name"), found.get("format_version")) if isinstance(found, dict) else None
    if kind != (NAME, FORMAT_VERSION):
        raise ArtifactError(f"{path} is of kind {kind}; this level reads {(NAME, FORMAT_VERSION)}")
    try:
        return msgspec.convert(found, Manifest)
    except msgspec.ValidationError as error:
        raise ArtifactError(f"{path} does not hold a manifest: {error}") from error


def _fill(network: Network, state: dict[str, Tensor], path: Path) -> None:
    wanted = network.state_dict()
    wrong = sorted(
        name for name in wanted.keys() | state.keys()
        if name not in state or name not in wanted or state[name].shape != wanted[name].shape
    )  # fmt: skip
    if wrong:
        raise ArtifactError(
            f"{path} does not fit the manifest's shape and labels: {len(wrong)} weights differ, the first is "
            f"{wrong[0]}; take both files from the same training run"
        )
    network.load_state_dict(state)


def _agree(path: Path, found: str, expected: str) -> None:
    if found != expected:
        raise ArtifactError(
            f"{path} has SHA-256 {found}, the manifest says {expected}; take the files from the same training run"
        )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ArtifactError(
            f"cannot read {path}: {error.strerror}; an artifact is a folder with {WEIGHTS_FILE}, {VOCABULARY_FILE} "
            f"and {MANIFEST_FILE}"
        ) from error
