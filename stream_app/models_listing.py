"""What lies in artifact folders, as far as their manifests say it; nothing of torch is loaded for that."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec

from models.artifacts import MANIFEST_FILE, default_artifact
from models.errors import ArtifactError
from models.manifest import LanguageRecord, Metric, Omitted, Source
from stream_app.errors import ConfigError


class HeadFacts(msgspec.Struct, frozen=True):
    """One label, of any kind of artifact."""

    label: str
    records: dict[str, LanguageRecord] = {}

    @property
    def evidence(self) -> list[str]:
        """Languages in which the label may be relied on."""
        return sorted(language for language, record in self.records.items() if record.evidence)


class MadeBy(msgspec.Struct, frozen=True):
    """The recipe, of any kind of artifact."""

    method: str
    seed: int
    evidence_rule: str = ""
    started_from: str = ""
    machine: str = ""


class MemberFacts(msgspec.Struct, frozen=True):
    """A member of an ensemble."""

    kind: str
    path: str
    version: str


class Reached(msgspec.Struct, frozen=True):
    """How far training got."""

    phase: str
    step: int
    steps: int


class Facts(msgspec.Struct, frozen=True):
    """What manifests of all kinds have in common, and what only some say."""

    name: str
    version: str
    format_version: int
    heads: tuple[HeadFacts, ...] = ()
    omitted: tuple[Omitted, ...] = ()
    data_digest: str = ""
    sources: tuple[Source, ...] = ()
    metrics: tuple[Metric, ...] = ()
    recipe: MadeBy | None = None
    members: tuple[MemberFacts, ...] = ()
    progress: Reached | None = None
    weights_sha256: str = ""
    vocabulary_sha256: str = ""


@dataclass(frozen=True, slots=True)
class Listed:
    """An artifact folder. ``size`` is that of its files in bytes."""

    folder: Path
    facts: Facts
    size: int


def read(folder: Path) -> Listed:
    """Raises ArtifactError where there is no manifest that can be read."""
    path = folder / MANIFEST_FILE
    try:
        facts = msgspec.json.decode(path.read_bytes(), type=Facts)
        size = sum(entry.stat().st_size for entry in folder.iterdir() if entry.is_file())
    except OSError as error:
        raise ArtifactError(
            f"cannot read {path}: {error.strerror}; an artifact is a folder with {MANIFEST_FILE}"
        ) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ArtifactError(f"{path} does not hold a manifest: {error}") from error
    return Listed(folder, facts, size)


def listed(parent: Path) -> Iterator[Listed | ArtifactError]:
    """Every artifact folder in ``parent`` by name; an error in the place of one that cannot be read."""
    for path in sorted(parent.glob(f"*/{MANIFEST_FILE}")):
        try:
            yield read(path.parent)
        except ArtifactError as error:
            yield error


def verify(folder: Path, name: str) -> None:
    """Load an artifact as a worker would. Raises ArtifactError unless every digest, shape and version agrees."""
    if name == "romanized.v1":
        from models.romanized import Romanized

        Romanized.load(folder)
        return
    from models.classifiers.load import load_any
    from models.exits import beside

    beside(folder, load_any(folder, "cpu").version)


def folder_of(named: str) -> Path:
    """A folder by its path, or one of those that ship by its name. Raises ConfigError."""
    shipped = default_artifact().parent
    for folder in (Path(named), shipped / named):
        if (folder / MANIFEST_FILE).is_file():
            return folder
    names = ", ".join(path.parent.name for path in sorted(shipped.glob(f"*/{MANIFEST_FILE}")))
    raise ConfigError("FOLDER", named, f"holds no {MANIFEST_FILE}; name an artifact's folder, or one of {names}")
