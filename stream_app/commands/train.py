"""``weir train``."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from models.device import DeviceName
from models.errors import ArtifactError, DataError
from stream_app.errors import ConfigError
from stream_app.training import PARTS, Plan, build

app = typer.Typer(add_completion=False)


@app.command()
def train(
    data: Annotated[Path, typer.Option(help="Folder of the data; docs/data.md says what lies where.")],
    out: Annotated[
        Path | None,
        typer.Option(help="Folder that gets one folder for each artifact; that of the package if absent."),
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option(help=f"Build only this, may be repeated: {', '.join(PARTS)}.")
    ] = None,
    start: Annotated[
        str, typer.Option(help="What the transformer starts from: minilm, random, or a folder with an encoder.")
    ] = "minilm",
    resume: Annotated[
        bool, typer.Option(help="Go on from the transformer that is there, instead of from the start.")
    ] = False,
    more_steps: Annotated[
        int, typer.Option(min=0, help="Fine-tune the transformer that many steps longer than planned.")
    ] = 0,
    setting: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Change a setting of the transformer, may be repeated."),
    ] = None,
    miniature: Annotated[bool, typer.Option(help="A tiny transformer in two minutes, to see the path work.")] = False,
    cards: Annotated[Path | None, typer.Option(help="Folder for the model cards.")] = None,
    seed: Annotated[
        int | None,
        typer.Option(help="Of every draw: 7, or what a resumed transformer was drawn by, unless given."),
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Use that many labelled rows, for a try.")] = None,
    device: Annotated[DeviceName, typer.Option(help="Where the transformer trains.")] = "auto",
) -> None:
    """Build the artifacts of the shipped cascade from data, in the order in which they need each other.

    ``linear`` scores labels by n-grams; ``romanized`` tells languages in Latin letters that fastText does not know;
    ``transformer`` scores labels by context; ``ensemble`` mixes linear and transformer and fits the early exits.
    """
    wanted = tuple(only or PARTS)
    for name in wanted:
        if name not in PARTS:
            raise ConfigError("--only", name, f"is not one of {', '.join(PARTS)}")
    if not data.is_dir():
        raise ConfigError(
            "--data", str(data), "is not a folder; docs/data.md names the public sources and their shape"
        )
    plan = Plan(
        data=data, out=out, start=start, resume=resume, more_steps=more_steps, miniature=miniature, cards=cards,
        seed=seed, limit=limit, device=device, changes=_changes(setting or ()),
    )  # fmt: skip
    try:
        for line in build(plan, [name for name in PARTS if name in wanted]):
            typer.echo(line)
    except DataError as error:
        raise ConfigError(data, "rows", str(error)) from error
    except ArtifactError as error:
        raise ConfigError(out or "the package", "artifact", str(error)) from error


def _changes(settings: Sequence[str]) -> dict[str, float]:
    """Numbers by name, from ``NAME=VALUE``."""
    found = {}
    for setting in settings:
        name, _, value = setting.partition("=")
        try:
            found[name] = float(value)
        except ValueError:
            raise ConfigError("--set", setting, "is not NAME=NUMBER, for example gold_share=0.6") from None
        if not math.isfinite(found[name]):
            raise ConfigError("--set", setting, "is not a finite number")
    return found
