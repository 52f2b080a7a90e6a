"""Where a data folder keeps what."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Folders:
    """Labelled rows, and text without labels where there is any."""

    labelled: Path
    text: Path | None

    @classmethod
    def of(cls, data: Path) -> "Folders":
        """``data`` itself holds the rows, or ``data/train`` does; text without labels lies in ``data/text``."""
        labelled = data / "train" if (data / "train").is_dir() else data
        text = data / "text"
        return cls(labelled, text if text.is_dir() else None)
