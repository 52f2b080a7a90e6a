"""``weir evaluate``."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, cast, get_args

import msgspec.structs
import typer
from rich.console import Console

from models.classifier import Classifier
from models.classifiers.load import load_any
from models.device import DeviceName
from models.errors import ArtifactError, DataError
from models.evaluate import compare
from models.evaluation.baseline import baseline as train_baseline
from models.evaluation.evasion import noised
from models.evaluation.probes import Probes
from models.evaluation.report import Report
from models.evaluation.rows import Rows
from models.evaluation.scored import System, of_classifier
from models.text.normalize import seen
from models.training.data import Row, without_held_out
from stream_app.bench.machine import machine
from stream_app.cli import EXIT_BAD_INPUT
from stream_app.errors import ConfigError
from stream_app.evaluation.cascade import cascade_system
from stream_app.evaluation.reading import ALL, drawn, kept, prepared, read, read_to_learn
from stream_app.evaluation.tables import LEGEND, tables
from stream_app.pipeline.policy import Policy
from stream_app.pipeline.policy_file import load_policy
from stream_app.thresholds import thresholds_of

app = typer.Typer(add_completion=False)


@app.command()
def evaluate(
    data: Annotated[
        list[Path], typer.Option(help="Labelled rows (*.jsonl, *.jsonl.gz) or a folder of them; may be repeated.")
    ],
    more: Annotated[
        list[Path] | None, typer.Argument(help="More files after the first.", metavar="[FILE]...")
    ] = None,
    artifact: Annotated[Path | None, typer.Option(help="Evaluate one artifact, by its folder.")] = None,
    cascade: Annotated[Path | None, typer.Option(help="Evaluate the cascade of this file.")] = None,
    others: Annotated[
        list[Path] | None, typer.Option("--compare", help="Another artifact beside it; may be repeated.")
    ] = None,
    train: Annotated[
        list[Path] | None, typer.Option(help="What the baseline learns from, where --data holds no train rows.")
    ] = None,
    baseline: Annotated[bool, typer.Option(help="Train the n-gram baseline and put it beside.")] = True,
    baseline_rows: Annotated[
        int | None, typer.Option(min=1, help="Train it on so many rows; 450,000 need about 4 GB.")
    ] = None,
    split: Annotated[
        str, typer.Option(help="Which rows to evaluate: validation, train, test, any name that rows give, or all.")
    ] = "validation",
    without: Annotated[
        list[str] | None, typer.Option(help="A source to leave out of what is evaluated; may be repeated.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Evaluate so many rows, drawn by the seed.")] = None,
    bootstrap: Annotated[int, typer.Option(min=0, help="Resamples for the intervals.")] = 500,
    seed: Annotated[int, typer.Option(min=0, help="Of resampling, drawing and the baseline.")] = 0,
    device: Annotated[str, typer.Option(help=f"Where classifiers run: {', '.join(get_args(DeviceName))}.")] = "auto",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document instead of tables.")] = False,
) -> None:
    """Measure quality by label, language and source, with intervals, at the thresholds of the shipped policy.

    Without --artifact or --cascade the shipped cascade is evaluated. Texts are normalized as in the stream. Rows
    that cannot be read are listed on standard error, and the exit status is 1.
    """
    left_out = frozenset(without or [])
    where, policy = _device(device), load_policy(None)
    systems = [_evaluated(artifact, cascade, policy, where)]
    systems += [of_classifier(_load(folder, where, "--compare"), "compared") for folder in others or []]
    with Console(stderr=True).status("reading") as status:
        found = read([*data, *(more or [])], "--data", split, with_train=baseline and not train)
        learned = read_to_learn(train, "--train") if baseline and train else None
        if baseline:
            source, _ = without_held_out(learned.chosen if learned else found.train)
            systems.append(_baseline(source, systems[0].labels, baseline_rows, seed, status.update))
        rows = Rows.of(prepared(row) for row in drawn(kept(found.chosen, left_out), limit, seed))
        report = compare(
            systems,
            rows,
            thresholds=thresholds_of(policy),
            bootstrap=bootstrap,
            seed=seed,
            probes=Probes.own(),
            changed=noised(rows, systems[0].labels, seen, seed=seed),
            progress=status.update,
        )
    bad = found.bad + (learned.bad if learned else 0)
    notes = _notes(split, limit, left_out, same_files=baseline and not train)
    made = machine()
    _show(msgspec.structs.replace(report, bad_rows=bad, data_digest=found.digest, made=made, notes=notes), as_json)
    raise typer.Exit(EXIT_BAD_INPUT if bad else 0)


def _show(report: Report, as_json: bool) -> None:
    if as_json:
        sys.stdout.buffer.write(report.to_json() + b"\n")
        return
    console = Console(width=None if sys.stdout.isatty() else 160)
    for title, table in tables(report):
        console.print(title, markup=False, highlight=False, style="bold")
        console.print(table, "")
    for line in (*report.notes, LEGEND):
        console.print(line, style="dim", highlight=False, markup=False)


def _evaluated(artifact: Path | None, cascade: Path | None, policy: Policy, device: DeviceName) -> System:
    if artifact and cascade:
        raise ConfigError("--artifact", str(artifact), "cannot be given with --cascade; --compare takes the second")
    if artifact:
        return of_classifier(_load(artifact, device, "--artifact"))
    return cascade_system(cascade, policy, device)


def _load(folder: Path, device: DeviceName, option: str) -> Classifier:
    try:
        return load_any(folder, device)
    except ArtifactError as error:
        raise ConfigError(folder, option, str(error)) from error


def _baseline(
    rows: list[Row], labels: tuple[str, ...], most: int | None, seed: int, progress: Callable[[str], None]
) -> System:
    learned = Rows.of(prepared(row) for row in drawn(rows, most, seed))
    try:
        return train_baseline(learned, labels, seed=seed, progress=progress)
    except ImportError as error:
        raise ConfigError("--baseline", str(error.name), "is not installed; weir[train], or --no-baseline") from error
    except DataError as error:
        raise ConfigError("--train", "(rows)", f"{error} with --no-baseline") from error


def _device(name: str) -> DeviceName:
    for known in get_args(DeviceName):
        if name == known:
            return cast("DeviceName", name)
    raise ConfigError("--device", name, f"is not one of {', '.join(get_args(DeviceName))}")


def _notes(split: str, limit: int | None, left_out: frozenset[str], *, same_files: bool) -> tuple[str, ...]:
    notes = []
    if limit is not None:
        notes.append(f"Only {limit} rows, drawn by the seed, were evaluated.")
    if left_out:
        notes.append(f"Left out: {', '.join(sorted(left_out))}.")
    if split != "validation":
        which = (
            "every split were evaluated, not those of validation alone"
            if split == ALL
            else (f"the split {split} were evaluated, not those of validation")
        )
        notes.append(f"Rows of {which}.")
    if split in ("train", ALL) and same_files:
        notes.append("The baseline was trained on rows that are evaluated here: its figures are too good.")
    return tuple(notes)
