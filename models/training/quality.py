"""The results page, written from a report of ``weir evaluate --json``, so that it cannot say what was not measured.

``python -m models.training.quality REPORT.json > docs/results/quality.md``
"""

import re
import sys
from pathlib import Path

import msgspec

from models.evaluation.report import LevelShare, Report, SystemReport
from models.evaluation.shortfalls import shortfalls
from models.training.quality_cells import plain
from models.training.quality_probes import contrast, evasion, groups, insults, swaps
from models.training.quality_tables import harmless, items, of_label

_HOW = """## How it is measured

- Annotated validation rows, texts normalized as in the stream. The same rows chose settings, calibration and bands,
  so expect less elsewhere. Figures of other people's test sets are not comparable with these.
- AUC counts pairs of one source only, so that telling sources apart earns nothing; "over all pairs" does not.
  Intervals are 95 % percentile bootstraps, rows drawn within source and class; the lead over another system is
  taken on the same resamples. Of a quantity that cannot be below 0, like ECE, the interval leans upwards.
- Every system is given the language that is detected, as in the stream; the tables go by the language of the data.
- ECE is over 10 bins of equal mass. F1, positives seen and negatives in review are at the thresholds of the shipped
  policy. A score without evidence never acts; where the policy sends such items to a person, they count as seen and
  as in review. Negatives at act_from counts scores with and without evidence.
- Recall at 95 % precision is what could be acted on if the threshold were chosen on these very rows. Positives acted
  on and the precision of acting are what the shipped act_from does, where there is evidence.
- Harmless sentences were annotated by nobody; a few are rude. Sentences about groups and insults are templates: they
  repeat frames, so their intervals are too narrow."""


def page(report: Report) -> str:
    """The whole page as Markdown."""
    first = report.systems[0]
    parts = [
        "# Quality",
        "<!-- Written by `python -m models.training.quality`; edit that, not this. -->",
        _made(report),
        _short(report),
        *(of_label(name, report) for name in dict.fromkeys(cell.label for cell in first.cells)),
        items(first),
        harmless(first),
        groups(first),
        swaps(report),
        insults(report),
        contrast(report),
        evasion(report),
        _HOW,
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _made(report: Report) -> str:
    made = {name: plain(str(value), 300) for name, value in report.made.items()}
    command = re.sub(r"(?<![^\s=])/\S*/", "", made.pop("command", ""))  # folders are the machine's, not the reader's
    where = ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in made.items())
    lines = [
        f"`{command}`: {where}",
        "",
        f"{report.rows:,} rows, of which {report.weak_rows:,} weak; {report.bad_rows} bad rows refused; "
        f"{report.bootstrap} resamples; data digest `{report.data_digest[:16]}`.",
        "",
        *map(_system, report.systems),
        *(f"- {plain(note, 300)}" for note in report.notes),
        *(f"- levels: {_levels(system)}" for system in report.systems if system.levels),
    ]
    return "\n".join(lines)


def _system(system: SystemReport) -> str:
    named = f"{plain(system.name)} {plain(system.version, 120)}"
    return f"- {system.role}: {named}, {system.texts_per_second:,.0f} texts a second"


def _levels(system: SystemReport) -> str:
    return ", ".join(f"{plain(level.level)} decided {level.share:.1%}{_cost(level)}" for level in system.levels)


def _cost(level: LevelShare) -> str:
    if level.asked is None or level.seconds_per_1000 is None or level.cpu_seconds_per_1000 is None:
        return ""
    seconds = f"{level.seconds_per_1000:.3f} s and {level.cpu_seconds_per_1000:.3f} s of CPU"
    return f" (asked of {level.asked:.1%}, {seconds} for 1,000 of them)"


def _short(report: Report) -> str:
    lines = ["## What falls short", ""]
    for found in shortfalls(report):
        if not found.cases:
            lines.append(f"- {plain(found.rule, 200)}: nothing to measure it on.")
        elif found.broken:
            named = ", ".join(map(plain, found.broken))
            lines.append(f"- {plain(found.rule, 200)}: **missed** in {len(found.broken)} of {found.cases}: {named}.")
        else:
            lines.append(f"- {plain(found.rule, 200)}: met in all {found.cases}.")
    scored = {cell.label for cell in report.systems[0].cells}
    without = [label for label in report.thresholds if label not in scored]
    if without:
        lines.append(f"- Labels of the policy that nothing here scores: {', '.join(map(plain, without))}.")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    """Print the page of the report named by the one argument; 2 where that is no report."""
    try:
        (name,) = arguments
        report = msgspec.json.decode(Path(name).read_bytes(), type=Report)
    except (ValueError, OSError, msgspec.DecodeError) as error:
        sys.stderr.write(f"give one file that `weir evaluate --json` wrote: {error}\n")
        return 2
    sys.stdout.write(page(report))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
