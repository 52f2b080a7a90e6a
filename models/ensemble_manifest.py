"""What an ensemble's folder says: its members with their versions, how they are mixed, where it was tested."""

import hashlib
from pathlib import Path

import msgspec
import msgspec.structs

from models.errors import ArtifactError
from models.manifest import LanguageRecord, Metric, Omitted, Recipe, Source
from models.mixing import Mix
from models.sigmoid import Line

ENSEMBLE_FORMAT = 1
NAME = "ensemble.v1"
FILE = "manifest.json"


class MemberEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One classifier of the ensemble. ``path`` is relative to the ensemble's folder."""

    kind: str
    path: str
    version: str


class OwnLines(msgspec.Struct, frozen=True, kw_only=True):
    """A member's calibration by itself, for telling how far the members are apart."""

    line: Line  # for languages without their own
    lines: dict[str, Line]


class EnsembleHead(msgspec.Struct, frozen=True, kw_only=True):
    """One label. Slopes and ``own`` are in the order of the members; 0 and None where a member does not know it."""

    label: str
    mix: Mix  # for languages without their own
    mixes: dict[str, Mix]
    own: tuple[OwnLines | None, ...]
    records: dict[str, LanguageRecord]

    @property
    def evidence(self) -> frozenset[str]:
        """Languages in which the label was trained and validated well enough to be relied on."""
        return frozenset(language for language, record in self.records.items() if record.evidence)


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """A text above one of these is unlike what the ensemble was tested on, so nothing that it says is evidence.

    ``unknown_share`` is the share of pieces that no member knows; ``disagreement`` is the largest distance, 0..1,
    between the members' own probabilities over the labels with evidence. Both are the stated percentile of the
    validation texts in supported languages.
    """

    unknown_share: float
    disagreement: float
    percentile: float


class EnsembleManifest(msgspec.Struct, frozen=True, kw_only=True):
    """``manifest.json`` of an ensemble."""

    format_version: int
    name: str
    version: str
    members: tuple[MemberEntry, ...]
    heads: tuple[EnsembleHead, ...]
    limits: Limits
    omitted: tuple[Omitted, ...]
    data_digest: str
    sources: tuple[Source, ...]
    recipe: Recipe
    metrics: tuple[Metric, ...]
    refused_rows: int = 0  # training rows that do not count because they hold a held-out probe word
    held_out_digest: str = ""  # of these words; empty where fitting knew none

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(head.label for head in self.heads)


def ensemble_version(manifest: EnsembleManifest) -> str:
    """Changes with anything that can change a score: the members' versions, mixing, evidence, limits."""
    members = [(member.kind, member.version) for member in manifest.members]
    parts = [members, manifest.name, manifest.heads, manifest.limits, manifest.format_version]
    return hashlib.sha256(msgspec.json.encode(parts, order="sorted")).hexdigest()[:16]


def sealed(manifest: EnsembleManifest) -> EnsembleManifest:
    """The manifest with the version that follows from it."""
    return msgspec.structs.replace(manifest, version=ensemble_version(manifest))


def save(folder: Path, manifest: EnsembleManifest) -> None:
    """Write ``manifest.json``."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / FILE).write_bytes(msgspec.json.format(msgspec.json.encode(manifest), indent=1) + b"\n")


def load(folder: Path) -> EnsembleManifest:
    """Raises ArtifactError where the manifest is missing, damaged, edited or of another format."""
    path = folder / FILE
    try:
        manifest = msgspec.json.decode(path.read_bytes(), type=EnsembleManifest)
    except OSError as error:
        raise ArtifactError(f"cannot read {path}: {error.strerror}; an ensemble is a folder with {FILE}") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ArtifactError(f"{path} is not an ensemble's manifest: {error}; restore it or train again") from error
    if manifest.format_version != ENSEMBLE_FORMAT:
        raise ArtifactError(
            f"{path} has format version {manifest.format_version}; this release reads version {ENSEMBLE_FORMAT}"
        )
    _check(manifest, path)
    return manifest


def _check(manifest: EnsembleManifest, path: Path) -> None:
    if ensemble_version(manifest) != manifest.version:
        raise ArtifactError(
            f"{path} was edited: its contents give version {ensemble_version(manifest)}, it says {manifest.version}; "
            "mixing, limits and evidence are changed by training, not by hand"
        )
    count = len(manifest.members)
    for head in manifest.heads:
        mixes = (head.mix, *head.mixes.values())
        if count < 1 or len(head.own) != count or any(len(mix.slopes) != count for mix in mixes):
            raise ArtifactError(
                f"{path}: the head of {head.label} does not have one slope for each of {count} members"
            )
