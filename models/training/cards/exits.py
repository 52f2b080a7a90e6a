"""What an ensemble's card says of texts that leave early, and of what becomes of items."""

import re
from pathlib import Path

from models.evaluation.report import ALL, Figure, Report, Share, SystemReport
from models.exits import Exits
from models.training.cards.markdown import plain, table

OUTCOMES = "## What becomes of items"
_SECTION = re.compile(rf"^{OUTCOMES}\n.*?(?=\n\n## |\Z)", re.MULTILINE | re.DOTALL)
_UNMEASURED = (
    "The shares of allow, review and act are missing: they need a report of the whole cascade with this ensemble. "
    "`weir evaluate --data DIR --json > report.json` writes it, and `python -m models.training.card FOLDER "
    "report.json` this card with it."
)


def early(exits: Exits | None) -> str:
    """How many texts leave early, how many of them change, all together and by language."""
    if exits is None:
        return "## Early exits\n\nNone were fitted: every text reaches the ensemble."
    rows = [
        [plain(tag), f"{found.rows:,}", f"{found.left:,} ({_share(found.left, found.rows)})", f"{found.changed:,}"]
        for tag, found in exits.languages.items()
    ]
    return "\n\n".join(
        [
            "## Early exits",
            f"After the level before it (version `{plain(exits.lower)}`), {exits.left:.1%} of {exits.rows:,} "
            f"validation rows leave early. {exits.changed:.2%} of all rows leave and would have come out otherwise, "
            f"by bands fitted on other rows; the target is at most {exits.target:.2%}. On real traffic, with less "
            "abuse, more leaves. The bands, by label and language, are in `exits.json`; "
            "[the cascade](../cascade.md) says how they are found, and for which thresholds.",
            table(["language", "rows", "leave early", "of these changed"], rows) if rows else "No language leaves.",
            "Languages that are not listed never leave early.",
        ]
    )


def outcomes(report: Report | None, kept: str | None = None) -> str:
    """Shares of allow, review and act by the shipped policy, from a report or else as ``kept``."""
    if report is None or not report.systems or not report.systems[0].shares:
        return kept or f"{OUTCOMES}\n\n{_UNMEASURED}"
    system = report.systems[0]
    head = ["language", "items", "rows", "allow", "review", "act"]
    return "\n\n".join(
        [
            OUTCOMES,
            f"By the shipped policy, {plain(system.name)} `{plain(system.version, 120)}` on {report.rows:,} rows, "
            f"all labels together.{_levels(system)} Validation rows hold far more abuse than most streams.",
            table(head, [_outcome(share) for share in system.shares]),
        ]
    )


def earlier_outcomes(card: Path | None, version: str) -> str | None:
    """The section of a card that lies there already, if it has a table and names the ensemble's version."""
    try:
        found = _SECTION.search(card.read_text(encoding="utf-8")) if card else None
    except (OSError, UnicodeDecodeError):
        return None
    section = found[0].rstrip() if found else ""
    return section if "\n|---|" in section and version and version in section else None


def _levels(system: SystemReport) -> str:
    if not system.levels:
        return ""
    return " " + ", ".join(f"{plain(level.level)} decided {level.share:.1%}" for level in system.levels) + "."


def _outcome(share: Share) -> list[str]:
    language = "all languages" if share.language == ALL else plain(share.language)
    kind = "harmful" if share.harmful else "harmless"
    return [language, kind, f"{share.rows:,}", _rate(share.allow), _rate(share.review), _rate(share.act)]


def _rate(figure: Figure | None) -> str:
    if figure is None:
        return "-"
    if figure.low is None or figure.high is None:
        return f"{figure.value:.1%}"
    return f"{figure.value:.1%} ({figure.low:.1%} to {figure.high:.1%})"


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.0%}" if whole else "-"
