"""``weir evaluate``."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from models.artifacts import default_artifact
from models.classifiers.linear import LinearClassifier
from models.errors import ArtifactError
from models.evaluate import Report
from models.evaluate import evaluate as measure
from models.training.data import Reader, Row
from stream_app.cli import EXIT_BAD_INPUT
from stream_app.errors import ConfigError
from stream_app.pipeline.policy_file import load_policy

app = typer.Typer(add_completion=False)


@app.command()
def evaluate(
    data: Annotated[
        list[Path], typer.Option(help="Labelled rows (*.jsonl, *.jsonl.gz) or a folder of them; may be repeated.")
    ],
    artifact: Annotated[Path | None, typer.Option(help="Folder of an artifact; the shipped one if absent.")] = None,
    split: Annotated[str, typer.Option(help="Which rows: validation, train or all.")] = "validation",
    bootstrap: Annotated[int, typer.Option(help="Resamples for the intervals.")] = 200,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document instead of a table.")] = False,
) -> None:
    """Print quality by label and language with intervals, at the thresholds of the shipped policy."""
    reader = Reader(tuple(file for path in data for file in _files(path)))
    try:
        classifier = LinearClassifier.load(artifact or default_artifact())
    except ArtifactError as error:
        raise ConfigError(artifact or default_artifact(), "artifact", str(error)) from error
    policy = load_policy(None)
    thresholds = {label: policy.labels[label].band.act_from for label in classifier.labels if label in policy.labels}
    rows = _of_split(reader, split)
    report = measure(classifier, rows, thresholds=thresholds, bootstrap=bootstrap)
    if as_json:
        sys.stdout.buffer.write(report.to_json() + b"\n")
    else:
        Console(width=None if sys.stdout.isatty() else 140).print(_table(report))
    read = reader.manifest()
    for bad in read.first_bad_rows:
        sys.stderr.write(f"{bad.file}:{bad.line}: {bad.reason}\n")
    raise typer.Exit(EXIT_BAD_INPUT if read.bad_rows else 0)


def _table(report: Report) -> Table:
    """What fits a terminal; ``--json`` has the rest. Lines without both classes have no AUC and are left out."""
    columns = ("label", "lang", "rows", "positive", "AUC (95 %)", "AP", "F1", "R@1%", "R@5%", "ECE", "evidence")
    table = Table(title=f"{report.classifier} {report.version}", box=None)
    for name in columns:
        table.add_column(name, no_wrap=True)
    for cell in report.cells:
        if cell.auc is not None:
            interval = f"{_figure(cell.auc)} ({_figure(cell.auc_low)}-{_figure(cell.auc_high)})"
            figures = (cell.average_precision, cell.f1, cell.recall_at_1_percent_fpr, cell.recall_at_5_percent_fpr)
            shown = [_figure(each) for each in (*figures, cell.ece)]
            evidence = f"{cell.evidence:.0%}"
            table.add_row(cell.label, cell.language, str(cell.rows), str(cell.positives), interval, *shown, evidence)
    return table


def _figure(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}".removeprefix("0")


def _of_split(reader: Reader, split: str) -> Iterator[Row]:
    return (row for row in reader.rows() if split in ("all", row.split))


def _files(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted([*path.glob("*.jsonl"), *path.glob("*.jsonl.gz")])
    if not path.is_file():
        raise ConfigError("--data", str(path), "is not a file or folder")
    return [path]
