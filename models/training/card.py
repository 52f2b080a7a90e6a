"""The card of any artifact: ``python -m models.training.card [FOLDER [REPORT.json]] > docs/model_cards/NAME.md``.

Without a folder, the card of the linear classifier that ships. The report, of ``weir evaluate --json`` for the whole
cascade, brings the shares of allow, review and act into the card of an ensemble; without one this command leaves them
out, whatever card was there before.
"""

import sys
from pathlib import Path

import msgspec

from models.artifacts import MANIFEST_FILE, default_artifact, read_manifest
from models.errors import ArtifactError
from models.evaluation.report import Report
from models.training.cards.linear import card

__all__ = ["KINDS", "card", "main", "of"]

KINDS = ("linear.v1", "transformer.v1", "ensemble.v1", "romanized.v1")


class _Named(msgspec.Struct):
    name: str


def of(folder: Path, report: Report | None = None, earlier: Path | None = None) -> str:
    """The card of the artifact in a folder, by the name in its manifest.

    ``earlier``, for an ensemble, is the card that will be overwritten: without a report it keeps its shares.

    Raises ArtifactError where there is no artifact, a damaged one, or one of a kind that has no generated card.
    """
    name = _name(folder / MANIFEST_FILE)
    if name == "linear.v1":
        return card(read_manifest(folder))
    if name == "transformer.v1":
        from models.training.transformer.card import card as of_transformer
        from models.transformer.artifact import read_manifest as read_transformer

        return of_transformer(read_transformer(folder))
    if name == "ensemble.v1":
        from models.training.ensemble_card import card as of_ensemble

        return of_ensemble(folder, report, earlier)
    if name == "romanized.v1":
        from models.training.cards.romanized import card as of_romanized

        return of_romanized(read_manifest(folder))
    raise ArtifactError(f"{folder / MANIFEST_FILE} is of the kind {name!r}; there are cards of {', '.join(KINDS)}")


def main(arguments: list[str]) -> int:
    """Print a card; 2 where the arguments name no artifact or no report."""
    try:
        folder = Path(arguments[0]) if arguments else default_artifact()
        report = msgspec.json.decode(Path(arguments[1]).read_bytes(), type=Report) if arguments[1:] else None
        text = of(folder, report)
    except (ArtifactError, OSError, msgspec.DecodeError) as error:
        sys.stderr.write(f"give the folder of an artifact and, if you like, a report: {error}\n")
        return 2
    sys.stdout.write(text)
    return 0


def _name(path: Path) -> str:
    try:
        return msgspec.json.decode(path.read_bytes(), type=_Named).name
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ArtifactError(f"cannot read {path}: {error}; an artifact is a folder with {MANIFEST_FILE}") from error


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
