"""Builds the artifacts of the shipped cascade, one after the other, and shows how far it got."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from models.artifacts import default_artifact
from models.device import DeviceName
from models.training.data import Reader
from models.training.folders import Folders
from models.training.recipe import SEED
from stream_app.config_files import shipped
from stream_app.pipeline.policy_file import load_policy
from stream_app.thresholds import thresholds_of

PARTS = ("linear", "romanized", "transformer", "ensemble")


@dataclass(frozen=True, slots=True)
class Plan:
    """What to build from; the fields are the options of ``weir train``."""

    data: Path
    out: Path | None
    start: str
    resume: bool
    more_steps: int
    miniature: bool
    cards: Path | None
    seed: int | None
    limit: int | None
    device: DeviceName
    changes: Mapping[str, float] = field(default_factory=dict)

    @property
    def labelled(self) -> Path:
        return Folders.of(self.data).labelled

    @property
    def fresh_seed(self) -> int:
        """The one of a part that does not go on from another run."""
        return SEED if self.seed is None else self.seed

    def folder(self, part: str) -> Path:
        """Where an artifact lies."""
        return (self.out or default_artifact().parent) / part


@dataclass(frozen=True, slots=True)
class Screen:
    """Lines that stay, and one bar that moves."""

    console: Console
    progress: Progress

    def say(self, line: str) -> None:
        self.console.log(line, markup=False)

    def steps(self, phase: str, done: int, steps: int, loss: float, _: float) -> None:
        """Show a step of a phase; every fiftieth also stays as a line, so that a log tells the whole run."""
        task = next((task.id for task in self.progress.tasks if task.description == phase), None)
        if task is None:
            task = self.progress.add_task(phase, total=steps)
        self.progress.update(task, completed=done)
        if done % 50 == 0 or done == steps:
            self.say(f"{phase}: step {done} of {steps}, loss {loss:.4f}")


def build(plan: Plan, parts: Sequence[str]) -> Iterator[str]:
    """Build some of ``PARTS``; one line for each artifact that was written. Raises DataError and ArtifactError."""
    with _screen() as screen:
        _check(plan, parts, screen)
        for part in parts:
            screen.say(f"-- {part}")
            yield _BUILDERS[part](plan, screen)


def _check(plan: Plan, parts: Sequence[str], screen: Screen) -> None:
    """Fail before anything is overwritten, and say once which rows no part will use."""
    if "transformer" in parts:
        from models.training.transformer.recipe import Settings, changed

        changed(Settings(), plan.changes)
        _start(plan)
    reader = Reader.of(plan.labelled)
    deque(reader.rows(), maxlen=0)
    found = reader.manifest()
    for row in found.first_bad_rows:
        screen.say(f"bad row refused: {row.file}, line {row.line}: {row.reason}")
    if more := found.bad_rows - len(found.first_bad_rows):
        screen.say(f"bad rows refused: {more:,} more")


@contextmanager
def _screen() -> Iterator[Screen]:
    console = Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=console) as progress:
        yield Screen(console, progress)


def _linear(plan: Plan, screen: Screen) -> str:
    from models.training.linear import train

    folder = plan.folder("linear")
    manifest = train(plan.labelled, folder, seed=plan.fresh_seed, limit=plan.limit, progress=screen.say)
    _write_card(plan, "linear")
    return f"{manifest.name} {manifest.version} -> {folder}"


def _romanized(plan: Plan, screen: Screen) -> str:
    from models.training.romanized import train_romanized

    folder = plan.folder("romanized")
    manifest = train_romanized(plan.labelled, folder, seed=plan.fresh_seed, progress=screen.say)
    _write_card(plan, "romanized")
    return f"{manifest.name} {manifest.version} -> {folder}"


def _transformer(plan: Plan, screen: Screen) -> str:
    from models.training.transformer.recipe import Settings, miniature
    from models.training.transformer.run import train

    folders, folder = Folders.of(plan.data), plan.folder("transformer")
    manifest = train(
        folders.labelled, folders.text, shipped("lexicons"), folder,
        start=_start(plan),
        resume=plan.resume, more_steps=plan.more_steps, settings=miniature() if plan.miniature else Settings(),
        changes=plan.changes, seed=plan.seed, limit=plan.limit, device=plan.device, say=screen.say,
        report=screen.steps,
    )  # fmt: skip
    _write_card(plan, "transformer")
    return f"{manifest.name} {manifest.version} -> {folder}"


def _start(plan: Plan) -> Path | None:
    """The folder with the encoder that the transformer learns from in this run, if it does."""
    from models.training.teacher import find

    return find(plan.start) if reads_the_start(plan, plan.folder("transformer")) else None


def reads_the_start(plan: Plan, folder: Path) -> bool:
    """Whether this run still learns from the encoder that it starts from: until the end of pre-training."""
    if not plan.resume or plan.miniature:
        return not plan.miniature
    from models.training.transformer.run import PRETRAIN
    from models.transformer.artifact import read_manifest

    return read_manifest(folder).progress.phase == PRETRAIN


def _ensemble(plan: Plan, screen: Screen) -> str:
    from models.training.ensemble import fit, open_members

    folder = plan.folder("ensemble")
    members = open_members({kind: plan.folder(kind) for kind in ("linear", "transformer")}, plan.device)
    manifest = fit(
        plan.labelled, folder, members, lower=members[0].classifier, thresholds=thresholds_of(load_policy(None)),
        seed=plan.fresh_seed, limit=plan.limit, progress=screen.say,
    )  # fmt: skip
    _write_card(plan, "ensemble")
    return f"{manifest.name} {manifest.version} -> {folder}"


def _write_card(plan: Plan, part: str) -> None:
    from models.training.card import of

    if plan.cards is not None:
        plan.cards.mkdir(parents=True, exist_ok=True)
        card = plan.cards / f"{part}.md"
        card.write_text(of(plan.folder(part), earlier=card), encoding="utf-8")


_BUILDERS: dict[str, Callable[[Plan, Screen], str]] = {
    "linear": _linear,
    "romanized": _romanized,
    "transformer": _transformer,
    "ensemble": _ensemble,
}
