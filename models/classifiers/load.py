"""Loads an artifact of any kind by what its manifest says it is."""

import json
from pathlib import Path

from models.artifacts import MANIFEST_FILE
from models.classifier import Classifier
from models.device import DeviceName
from models.errors import ArtifactError

KINDS = ("linear.v1", "transformer.v1", "ensemble.v1")


def load_any(folder: Path, device: DeviceName = "auto") -> Classifier:
    """The classifier of an artifact folder; ``device`` is for those that can use a GPU.

    Raises ArtifactError where the folder holds no artifact, a damaged one, or one of an unknown kind.
    """
    name = _name(folder / MANIFEST_FILE)
    if name == "linear.v1":
        from models.classifiers.linear import LinearClassifier

        return LinearClassifier.load(folder)
    if name == "transformer.v1":
        from models.classifiers.transformer import TransformerClassifier

        return TransformerClassifier.load(folder, device=device)
    if name == "ensemble.v1":
        from models.classifiers.ensemble import EnsembleClassifier

        return EnsembleClassifier.load(folder, device=device)
    raise ArtifactError(f"{folder / MANIFEST_FILE} is of the kind {name!r}; known: {', '.join(KINDS)}")


def _name(path: Path) -> object:
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise ArtifactError(
            f"cannot read {path}: {error.strerror}; an artifact is a folder with {MANIFEST_FILE}"
        ) from error
    except ValueError as error:
        raise ArtifactError(f"{path} is not JSON ({error}); restore it from the release or train again") from error
    return found.get("name") if isinstance(found, dict) else None
