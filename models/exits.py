"""Where a text may leave the cascade early: for each language and label, the scores that the next level must see."""

import hashlib
from collections.abc import Mapping
from pathlib import Path

import msgspec
import msgspec.structs

from models.errors import ArtifactError
from models.tags import base_tag
from models.thresholds import Thresholds

EXITS_FORMAT = 2
EXITS_FILE = "exits.json"

Band = tuple[float, float]


class LanguageExits(msgspec.Struct, frozen=True, kw_only=True):
    """The bands of one language, and how they did on the validation rows that they were fitted on.

    A text leaves early where every label with evidence scores below ``from`` or above ``to`` of its band.
    """

    rows: int
    left: int  # rows that leave early
    changed: int  # of these, rows for which the next level would have said something else
    bands: dict[str, Band]


class Exits(msgspec.Struct, frozen=True, kw_only=True):
    """``exits.json``. A language that is not named never leaves early; neither does a label without a band."""

    format_version: int
    lower: str  # versions of the artifacts
    upper: str
    thresholds: dict[str, Thresholds]
    target: float  # largest share of texts whose outcome may change
    rows: int  # validation rows with evidence at the lower level
    left: float  # share of them that leaves early
    changed: float  # share of them that leaves early and should not have, by bands fitted on other rows
    languages: dict[str, LanguageExits]
    version: str = ""  # follows from all of the above; `sealed` writes it

    def __post_init__(self) -> None:
        """Refuse bands that are none."""
        for language, entry in self.languages.items():
            for label, (low, high) in entry.bands.items():
                if not 0.0 <= low <= high <= 1.0:
                    raise ValueError(f"the band of {label} in {language} must hold 0 <= from <= to <= 1")

    def bands(self, tag: str) -> dict[str, Band] | None:
        """The bands of a language by label; None where its texts never leave early."""
        entry = self.languages.get(base_tag(tag))
        return entry.bands if entry else None

    def outdated(self, thresholds: Mapping[str, Band]) -> list[str]:
        """Labels whose thresholds (review from, act from) are not those that the bands were fitted for."""
        known = {label: (entry.review_from, entry.act_from) for label, entry in self.thresholds.items()}
        return sorted(label for label, value in thresholds.items() if label in known and known[label] != value)


def exits_version(exits: Exits) -> str:
    """Of everything that the file holds, the version aside, with numbers as they are when read back."""
    unsealed = msgspec.json.encode(msgspec.structs.replace(exits, version=""))
    read_back = msgspec.json.decode(unsealed, type=Exits)
    return hashlib.sha256(msgspec.json.encode(read_back, order="sorted")).hexdigest()[:16]


def sealed(exits: Exits) -> Exits:
    """The exits with the version that follows from them."""
    return msgspec.structs.replace(exits, version=exits_version(exits))


def save(folder: Path, exits: Exits) -> None:
    """Write ``exits.json``, sealed."""
    (folder / EXITS_FILE).write_bytes(msgspec.json.format(msgspec.json.encode(sealed(exits)), indent=1) + b"\n")


def load(path: Path, *, lower: str, upper: str) -> Exits:
    """Exits for levels of these versions; raises ArtifactError where they were fitted for others, or as ``read``."""
    exits = read(path)
    if (exits.lower, exits.upper) != (lower, upper):
        raise ArtifactError(
            f"{path} was fitted for the levels {exits.lower} and {exits.upper}, and these are {lower} and {upper}; "
            "run `weir train --data DIR --only ensemble`, take all from one release, or write `unsure: [from, to]`"
        )
    return exits


def beside(folder: Path, upper: str) -> Exits | None:
    """The exits in an ensemble's folder, None where there are none; raises ArtifactError unless they are its own."""
    path = folder / EXITS_FILE
    if not path.exists():
        return None
    exits = read(path)
    if exits.upper != upper:
        raise ArtifactError(
            f"{path} was fitted for the ensemble {exits.upper}, and this one is {upper}; run "
            "`weir train --data DIR --only ensemble`"
        )
    return exits


def read(path: Path) -> Exits:
    """Raises ArtifactError where the file is missing, damaged, edited or of another format."""
    try:
        exits = msgspec.json.decode(path.read_bytes(), type=Exits)
    except OSError as error:
        raise ArtifactError(f"cannot read {path}: {error.strerror}; write `unsure: [from, to]` instead") from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ArtifactError(f"{path} does not hold exit bands: {error}; restore it or fit it again") from error
    if exits.format_version != EXITS_FORMAT:
        raise ArtifactError(
            f"{path} has format version {exits.format_version}; this release reads {EXITS_FORMAT}; run "
            "`weir train --data DIR --only ensemble`"
        )
    if (found := exits_version(exits)) != exits.version:
        raise ArtifactError(
            f"{path} was edited: its contents give version {found}, it says {exits.version or 'none'}; "
            "bands are changed by fitting, not by hand: fit them again, or write `unsure: [from, to]`"
        )
    return exits
