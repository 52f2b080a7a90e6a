"""The kinds of classifier that a level of the cascade may name, and how each is loaded.

What needs torch is imported when a level asks for it.
"""

import os
from collections.abc import Callable
from functools import cache
from pathlib import Path

from models.artifacts import default_artifact
from models.classifier import Classifier
from models.classifiers.linear import LinearClassifier
from models.device import DeviceName
from models.errors import ArtifactError
from stream_app.errors import ConfigError
from stream_app.pipeline.strict_yaml import Section

HUB = "hub"


def _linear(folder: Path, device: DeviceName = "auto") -> Classifier:
    return LinearClassifier.load(folder)


def _ensemble(folder: Path, device: DeviceName = "auto") -> Classifier:
    from models.classifiers.ensemble import EnsembleClassifier

    survive_forks()
    return EnsembleClassifier.load(folder, device=device)


def _transformer(folder: Path, device: DeviceName = "auto") -> Classifier:
    from models.classifiers.transformer import TransformerClassifier

    survive_forks()
    return TransformerClassifier.load(folder, device=device)


CLASSIFIERS: dict[str, Callable[..., Classifier]] = {
    "linear": _linear,
    "ensemble": _ensemble,
    "transformer": _transformer,
}
"""Kinds that come as a folder with a manifest: ``load(folder, device)``."""

KINDS = (*CLASSIFIERS, HUB)


@cache
def survive_forks() -> None:
    """Let processes that are forked from this one compute in one thread each.

    The threads that torch computes with do not come along in a fork, and a child that waits for them hangs.
    """
    import torch

    os.register_at_fork(after_in_child=lambda: torch.set_num_threads(1))


def load_classifier(kind: str, section: Section, source: Path, device: DeviceName) -> Classifier:
    """Load what a section of the file ``source`` names, by the keys of its kind. Raises ConfigError."""
    if kind == HUB:
        return _hub(section, source, device)
    artifact = section.text("artifact")
    folder = default_artifact().parent / kind if artifact == "shipped" else source.parent / artifact
    try:
        return CLASSIFIERS[kind](folder, device)
    except ArtifactError as error:
        raise ConfigError(source, f"{section.key}.artifact", str(error)) from error


def _hub(section: Section, source: Path, device: DeviceName) -> Classifier:
    name = section.text("source")
    revision = section.text("revision") if section.has("revision") else None
    label_map = source.parent / section.text("label_map")
    folder = source.parent / name
    from models.classifiers.hub import HubClassifier

    survive_forks()
    try:
        return HubClassifier.load(
            str(folder) if folder.is_dir() else name, label_map=label_map, revision=revision, device=device
        )
    except ArtifactError as error:
        raise ConfigError(source, f"{section.key}.source", str(error)) from error
