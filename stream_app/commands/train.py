"""``weir train``."""

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from models.artifacts import default_artifact
from models.errors import DataError
from models.romanized import romanized_artifact
from models.training.card import card
from models.training.linear import train as train_linear
from models.training.romanized import train_romanized
from stream_app.errors import ConfigError

app = typer.Typer(add_completion=False)
TRAINERS = {"linear": default_artifact, "romanized": romanized_artifact}
"""What can be trained, and where the shipped artifact lies."""


@app.command()
def train(
    data: Annotated[
        Path, typer.Option(help="Folder with *.jsonl or *.jsonl.gz rows; docs/data.md says how to build it.")
    ],
    out: Annotated[Path | None, typer.Option(help="Folder of the artifact; the shipped one if absent.")] = None,
    card_file: Annotated[Path | None, typer.Option("--card", help="Where to write the model card.")] = None,
    classifier: Annotated[str, typer.Option(help=f"What to train: {', '.join(TRAINERS)}.")] = "linear",
    seed: Annotated[int, typer.Option(help="The same data and seed give the same artifact.")] = 7,
    limit: Annotated[int | None, typer.Option(help="Train on that many rows, for a try.")] = None,
) -> None:
    """Train a classifier from labelled rows and write its artifact.

    ``linear`` scores labels; ``romanized`` tells languages in Latin letters that fastText does not know.
    """
    console = Console(stderr=True)
    if classifier not in TRAINERS:
        raise ConfigError("--classifier", classifier, f"is not one of {', '.join(TRAINERS)}")
    folder = out or TRAINERS[classifier]()
    if not data.is_dir():
        raise ConfigError(
            "--data", str(data), "is not a folder; docs/data.md names the public sources and their shape"
        )
    with console.status("reading") as status:

        def progress(line: str) -> None:
            status.update(line)
            console.log(line)

        try:
            if classifier == "romanized":
                manifest = train_romanized(data, folder, seed=seed, progress=progress)
            else:
                manifest = train_linear(data, folder, seed=seed, limit=limit, progress=progress)
        except DataError as error:
            raise ConfigError(data, "rows", str(error)) from error
    if card_file is not None:
        card_file.write_text(card(manifest), encoding="utf-8")
    typer.echo(f"{manifest.name} {manifest.version} -> {folder}")
