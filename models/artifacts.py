"""A trained classifier on disk: ``weights.safetensors`` and ``manifest.json``, verified when loaded."""

import hashlib
import json
from pathlib import Path

import msgspec
import msgspec.structs
import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load as load_tensors
from safetensors.numpy import save as save_tensors

from models.errors import ArtifactError
from models.manifest import FORMAT_VERSION, Manifest

WEIGHTS_FILE = "weights.safetensors"
MANIFEST_FILE = "manifest.json"


def default_artifact() -> Path:
    """The folder of the linear classifier that ships with this package."""
    return Path(__file__).resolve().parent / "shipped" / "linear"


def encode_weights(weights: NDArray[np.int8]) -> bytes:
    """The bytes of the weights file; int8 [labels, buckets]."""
    return save_tensors({"weights": np.ascontiguousarray(weights, np.int8)})


def digest(data: bytes) -> str:
    """SHA-256, as written into manifests."""
    return hashlib.sha256(data).hexdigest()


def artifact_version(manifest: Manifest) -> str:
    """Changes with anything that can change a score: weights, scales, features, calibration, labels, evidence."""
    parts = [manifest.weights_sha256, manifest.name, manifest.features, manifest.heads, manifest.format_version]
    return digest(msgspec.json.encode(parts, order="sorted"))[:16]


def sealed(manifest: Manifest, weights: NDArray[np.int8]) -> Manifest:
    """The manifest with the digest of the weights and the version that follows from it."""
    with_digest = msgspec.structs.replace(manifest, weights_sha256=digest(encode_weights(weights)))
    return msgspec.structs.replace(with_digest, version=artifact_version(with_digest))


def save(folder: Path, manifest: Manifest, weights: NDArray[np.int8]) -> None:
    """Write both files; the manifest last, so that a folder with a manifest is complete."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / WEIGHTS_FILE).write_bytes(encode_weights(weights))
    (folder / MANIFEST_FILE).write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")


def load(folder: Path) -> tuple[Manifest, NDArray[np.int8]]:
    """Manifest and int8 weights [labels, buckets]; raises ArtifactError unless every digest and shape agrees."""
    manifest = read_manifest(folder)
    data = _read(folder / WEIGHTS_FILE)
    weights = _tensor(data, folder / WEIGHTS_FILE)
    expected = (len(manifest.heads), manifest.features.buckets)
    if weights.shape != expected:
        raise ArtifactError(
            f"{folder / WEIGHTS_FILE} holds weights of shape {list(weights.shape)}; the manifest's labels "
            f"({', '.join(manifest.labels)}) and hash_bits need {list(expected)}"
        )
    if digest(data) != manifest.weights_sha256:
        raise ArtifactError(
            f"{folder / WEIGHTS_FILE} has SHA-256 {digest(data)}, the manifest says {manifest.weights_sha256}; "
            "take both files from the same training run"
        )
    if artifact_version(manifest) != manifest.version:
        raise ArtifactError(
            f"{folder / MANIFEST_FILE} was edited: its contents give version {artifact_version(manifest)}, it says "
            f"{manifest.version}; calibration and evidence are changed by training, not by hand"
        )
    return manifest, weights


def read_manifest(folder: Path) -> Manifest:
    """The manifest alone; raises ArtifactError where it is missing, damaged or of another format."""
    path = folder / MANIFEST_FILE
    data = _read(path)
    try:
        found = json.loads(data)
    except ValueError as error:
        raise ArtifactError(f"{path} is not JSON ({error}); restore it from the release or train again") from error
    version = found.get("format_version") if isinstance(found, dict) else None
    if version != FORMAT_VERSION:
        raise ArtifactError(f"{path} has format version {version!r}; this release reads version {FORMAT_VERSION}")
    try:
        return msgspec.convert(found, Manifest)
    except msgspec.ValidationError as error:
        raise ArtifactError(f"{path} does not hold a manifest: {error}") from error


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ArtifactError(
            f"cannot read {path}: {error.strerror}; an artifact is a folder with {WEIGHTS_FILE} and {MANIFEST_FILE}"
        ) from error


def _tensor(data: bytes, path: Path) -> NDArray[np.int8]:
    try:
        tensors = load_tensors(data)
    except (SafetensorError, ValueError, KeyError) as error:
        raise ArtifactError(f"{path} is truncated or not a safetensors file: {error}") from error
    weights = tensors.get("weights")
    if weights is None or weights.dtype != np.int8 or weights.ndim != 2:
        raise ArtifactError(f"{path} must hold one int8 matrix named 'weights'; it holds {sorted(tensors)}")
    return weights
