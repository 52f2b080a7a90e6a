"""What others published for the sources, beside our validation figures."""

import csv
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from models.manifest import Metric
from models.training.cards.markdown import number, plain, table

FILE = Path(__file__).resolve().parents[1] / "published.tsv"
_ADDRESS = re.compile(r"https://[\w./-]+")
_KINDS = {"simple": "simpler", "encoder": "encoder"}


@dataclass(frozen=True, slots=True)
class Figure:
    """One published figure, 0..1; ``address`` is where it was read."""

    source: str
    label: str
    kind: str
    model: str
    metric: str
    value: str
    split: str
    reported_by: str
    address: str


def read(path: Path = FILE) -> list[Figure]:
    """In the order of the file. Raises ValueError, naming the line, where a row is not one of these."""
    with path.open(encoding="utf-8", newline="") as file:
        lines = [line for line in file if not line.startswith("#")]
    rows = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE, strict=True)
    return [_figure(row, at) for at, row in enumerate(rows, 1)]


def section(metrics: Sequence[Metric]) -> str:
    """A table of all figures with our AUC of the same source beside each."""
    ours = {metric.scope: metric.value for metric in metrics if metric.name == "validation_auc"}
    rows = [_row(figure, ours.get(f"{figure.label}/{figure.source}")) for figure in read()]
    return "\n\n".join(
        [
            "## Published figures, for context",
            "**The last column cannot be compared with the others**: ours is an AUC of the validation part, theirs "
            "are mostly F1 on other parts, and what counts as positive differs. They say how hard a source is. "
            "`simpler` is a model without a pretrained encoder, or the plainest one that was found there; `encoder` "
            f"is a BERT or its like. Each of the {len(rows)} figures was read at the address it links to, or in a "
            "copy of that paper. Where a source or a kind is missing, none was found that way; most bag-of-words "
            "rows of the papers are missing.",
            table(["source", "kind", "model", "metric", "published", "part", "reported by", "our AUC (label)"], rows),
        ]
    )


def _figure(row: dict[str, str], at: int) -> Figure:
    try:
        figure = Figure(**row)
        known = figure.kind in _KINDS and 0.0 <= float(figure.value) <= 1.0
    except (TypeError, ValueError):
        known = False
    if not known or not _ADDRESS.fullmatch(figure.address):
        raise ValueError(f"published figure {at}: give nine columns, a kind of {sorted(_KINDS)}, a value 0..1, https")
    return figure


def _row(figure: Figure, ours: float | None) -> list[str]:
    reported = f"[{plain(figure.reported_by)}]({figure.address})"
    cells = (figure.source, _KINDS[figure.kind], figure.model, figure.metric, figure.value, figure.split)
    return [*map(plain, cells), reported, f"{number(ours)} ({plain(figure.label)})"]
