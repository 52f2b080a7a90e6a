"""What a transformer artifact says about itself; what every trained level says comes from models.manifest."""

import msgspec

from models.manifest import Head, Metric, Omitted, Source
from models.transformer.encoder import Shape

FORMAT_VERSION = 1
NAME = "transformer.v1"


class Corpus(msgspec.Struct, frozen=True, kw_only=True):
    """Text without labels that was read: how much of each kind, and a digest over the files."""

    digest: str
    sentences: int
    translations: int
    dictionary: int


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far training got: what ``weir train --resume`` goes on from."""

    phase: str
    step: int
    steps: int


class Resumed(msgspec.Struct, frozen=True, kw_only=True):
    """One time that training went on from a checkpoint.

    What is drawn follows from the seed, the phase and the step at which the phase was begun or last resumed: these
    three are the cursor in the data.
    """

    phase: str
    step: int
    seed: int
    changed: dict[str, float]  # settings that are others from here on


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """How the weights were made."""

    method: str
    seed: int
    started_from: str
    settings: dict[str, float]
    evidence_rule: str
    machine: str
    resumed: tuple[Resumed, ...] = ()  # in order
    libraries: dict[str, str] = {}  # versions by name, of the run that wrote this last

    @property
    def last_seed(self) -> int:
        """The one that was drawn by last."""
        return self.resumed[-1].seed if self.resumed else self.seed


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """``manifest.json`` of a transformer. ``heads`` calibrate; their ``scale`` is 1."""

    format_version: int
    name: str
    version: str
    shape: Shape
    labels: tuple[str, ...]  # in the order of the network's outputs
    heads: tuple[Head, ...]  # in the same order; empty in a checkpoint that was never calibrated
    omitted: tuple[Omitted, ...]
    data_digest: str
    sources: tuple[Source, ...]
    held_out_digest: str  # of the probe words that no training text may hold
    refused_rows: int  # training rows left out because they hold one
    corpus: Corpus
    progress: Progress
    recipe: Recipe
    metrics: tuple[Metric, ...]
    weights_sha256: str
    vocabulary_sha256: str
