"""``weir models``: what artifacts there are, what one says about itself, one for other tools."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from models.artifacts import default_artifact
from models.errors import ArtifactError
from models.manifest import LanguageRecord
from stream_app.cli import EXIT_BAD_INPUT
from stream_app.errors import ConfigError
from stream_app.evaluation.tables import plain
from stream_app.models_listing import Facts, Listed, folder_of, listed, read, verify

app = typer.Typer(
    add_completion=False, no_args_is_help=True, help="List trained artifacts, show one, write one for other tools."
)

AsJson = Annotated[bool, typer.Option("--json", help="JSON instead of tables.")]
Named = Annotated[str, typer.Argument(metavar="FOLDER", help="An artifact's folder, or the name of one that ships.")]


@app.command(name="list")
def list_(
    parent: Annotated[
        Path | None,
        typer.Argument(metavar="[PARENT]", help="Folder of artifacts; the shipped ones if absent."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """List artifacts with their labels and the languages in which each label may be relied on."""
    where = parent or default_artifact().parent
    entries = list(listed(where))
    if not entries:
        raise ConfigError("PARENT", str(where), "holds no artifacts: folders with a manifest.json each")
    found = [entry for entry in entries if isinstance(entry, Listed)]
    for entry in entries:
        if isinstance(entry, ArtifactError):
            typer.echo(plain(str(entry), 400), err=True)
    if as_json:
        typer.echo(msgspec.json.encode([_summary(entry) for entry in found]))
    else:
        _print_list(found)
    raise typer.Exit(EXIT_BAD_INPUT if len(found) < len(entries) else 0)


@app.command()
def show(named: Named, as_json: AsJson = False) -> None:
    """Load one artifact, which checks every digest, and show what its manifest says."""
    folder = folder_of(named)
    try:
        entry = read(folder)
        verify(folder, entry.facts.name)
    except ArtifactError as error:
        raise ConfigError("FOLDER", named, plain(str(error), 600)) from error
    if as_json:
        typer.echo(msgspec.json.encode(_summary(entry) | {"manifest": entry.facts}))
        return
    _print_page(entry)


@app.command()
def export(
    named: Named, out: Annotated[Path, typer.Argument(metavar="OUT", help="A new folder for what is written.")]
) -> None:
    """Write a transformer so that Hugging Face tools load it: AutoModel for the encoder, AutoTokenizer."""
    folder = folder_of(named)
    try:
        name = read(folder).facts.name
        if name != "transformer.v1":
            raise ConfigError("FOLDER", named, f"is of the kind {plain(name)}; only transformer.v1 can be exported")
        from models.transformer.export import export as write

        write(folder, out)
    except ArtifactError as error:
        raise ConfigError("FOLDER", named, plain(str(error), 600)) from error
    except OSError as error:
        raise ConfigError("OUT", str(out), f"cannot be written: {error.strerror}") from error
    typer.echo(f"{folder} -> {out}")


def _summary(entry: Listed) -> dict[str, object]:
    facts = entry.facts
    return {
        "folder": str(entry.folder),
        "name": facts.name,
        "version": facts.version,
        "bytes": entry.size,
        "evidence": {head.label: head.evidence for head in facts.heads},
    }


def _print_list(found: list[Listed]) -> None:
    table = _table("folder", "name", "version", "MB", "label", "languages with evidence")
    for entry in found:
        begin = (entry.folder.name, entry.facts.name, entry.facts.version, _megabytes(entry.size))
        for place, (label, languages) in enumerate(_evidence(entry.facts)):
            _add(table, *(begin if place == 0 else ("",) * 4), label, languages)
    _console().print(table)


def _print_page(entry: Listed) -> None:
    console = _console()
    facts = _table("", "")
    for name, value in _facts(entry):
        _add(facts, name, value)
    console.print(facts, "")
    records = _table("label", "language", "training + / -", "validation + / -", "AUC (95 %)", "ECE", "evidence")
    for head in entry.facts.heads:
        for language, record in sorted(head.records.items()):
            _add(records, head.label, language, *_figures(record))
    if records.row_count:
        console.print(records)


def _facts(entry: Listed) -> Iterator[tuple[str, str]]:
    facts = entry.facts
    yield "folder", f"{entry.folder}, {_megabytes(entry.size)} MB, every digest agrees"
    yield "name, version", f"{facts.name}, {facts.version}"
    for label, languages in _evidence(facts):
        yield f"label {label}".strip(), languages or "none yet: a checkpoint that was never calibrated"
    for omitted in facts.omitted:
        yield f"no head for {omitted.label}", omitted.reason
    for member in facts.members:
        yield f"member {member.kind}", f"{member.path}, version {member.version}"
    if facts.progress is not None:
        yield "training got to", f"{facts.progress.phase}, step {facts.progress.step} of {facts.progress.steps}"
    if facts.recipe is not None:
        yield "method", f"{facts.recipe.method}; seed {facts.recipe.seed}"
        yield from (
            (name, value)
            for name, value in (
                ("started from", facts.recipe.started_from),
                ("machine", facts.recipe.machine),
                ("evidence needs", facts.recipe.evidence_rule),
            )
            if value
        )
    rows, bad = (sum(getattr(source, name) for source in facts.sources) for name in ("rows", "bad_rows"))
    yield "data", f"{len(facts.sources)} files, {rows:,} rows, {bad:,} bad ones left out, digest {facts.data_digest}"
    for name, value in (("weights", facts.weights_sha256), ("vocabulary", facts.vocabulary_sha256)):
        if value:
            yield f"{name} SHA-256", value


def _evidence(facts: Facts) -> list[tuple[str, str]]:
    """Labels with their languages. Heads without records are no labels of content: `romanized` tells languages."""
    found = [(head.label, " ".join(head.evidence) or "none") for head in facts.heads if head.records]
    return found or [("", "tells " + " ".join(head.label for head in facts.heads) if facts.heads else "")]


def _figures(record: LanguageRecord) -> tuple[str, ...]:
    auc = "" if record.auc is None else f"{record.auc:.3f}"
    if record.auc_low is not None and record.auc_high is not None:
        auc += f" ({record.auc_low:.3f} to {record.auc_high:.3f})"
    return (
        f"{record.train_positives:,} / {record.train_negatives:,}",
        f"{record.validation_positives:,} / {record.validation_negatives:,}",
        auc,
        "" if record.ece is None else f"{record.ece:.3f}",
        "yes" if record.evidence else "no",
    )


def _table(*columns: str) -> Table:
    table = Table(box=None, show_header=any(columns))
    for place, name in enumerate(columns):
        table.add_column(Text(name), no_wrap=place + 1 < len(columns), overflow="fold")
    return table


def _add(table: Table, *cells: str) -> None:
    table.add_row(*(Text(plain(cell, 600)) for cell in cells))


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f}"


def _console() -> Console:
    return Console(width=None if sys.stdout.isatty() else 160)
