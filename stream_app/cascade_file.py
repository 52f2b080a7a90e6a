"""Reads ``cascade.yaml``: which classifiers look at a text, in which order, and when the next one is asked."""

import math
import os
import time
from pathlib import Path

from models import exits
from models.artifacts import default_artifact
from models.device import DeviceName
from models.errors import ArtifactError
from models.exits import EXITS_FILE, Exits
from models.lexicon import Lexicon, LexiconError
from stream_app.classifiers import KINDS, load_classifier
from stream_app.config_files import shipped
from stream_app.errors import ConfigError
from stream_app.pipeline.breaker import Breaker
from stream_app.pipeline.classify import Cascade, Step
from stream_app.pipeline.level import Level
from stream_app.pipeline.strict_yaml import Section, parse
from stream_app.telemetry import Telemetry

EXIT_HUNG = 73

SHIPPED = "shipped"
SHIPPED_EXITS = default_artifact().parent / "ensemble" / EXITS_FILE


def load_cascade(
    path: Path | None = None,
    *,
    timeout_seconds: float = math.inf,
    device: DeviceName = "auto",
    telemetry: Telemetry | None = None,
) -> Cascade:
    """Read ``cascade.yaml``; None means the shipped one. ``timeout_seconds`` caps what the file allows a level.

    ``device`` is where networks run. Raises ConfigError with file and key.
    """
    source = path or shipped("cascade.yaml")
    try:
        text = source.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(source, "(file)", f"cannot be read: {error.strerror or error}") from error
    top = Section(str(source), "", parse(text, source))
    top.raw("version")
    sections = top.sections("levels")
    top.close()
    levels = [_level(section, source, timeout_seconds, device) for section in sections]
    names = [level.name for level in levels]
    if len(set(names)) < len(names):
        raise ConfigError(source, "levels", f"two levels have one name: {', '.join(names)}")
    following = [*levels[1:], None]
    steps = [_step(*each, source) for each in zip(sections, levels, following, strict=True)]
    for section in sections:
        section.close()
    return Cascade(_lexicon(source), tuple(steps), telemetry)


def _level(section: Section, source: Path, cap_seconds: float, device: DeviceName) -> Level:
    kind = section.choice("classifier", KINDS)
    timeout = section.number("timeout_seconds", above=0, most=600)
    batch = int(section.number("batch_texts", least=1, most=65_536))
    rest = section.section("breaker")
    breaker = Breaker(
        failures=int(rest.number("failures", least=1)), rest_seconds=rest.number("rest_seconds"), now=time.monotonic
    )
    rest.close()
    return Level(
        load_classifier(kind, section, source, device),
        breaker=breaker,
        timeout_seconds=min(timeout, cap_seconds),
        batch_texts=batch,
        on_hung=_replace_process,
    )


def _step(section: Section, level: Level, following: Level | None, source: Path) -> Step:
    """The level with its band or exits; the last level needs neither, as there is nowhere to climb to."""
    has_band, has_exits = section.has("unsure"), section.has("exits")
    if has_band and has_exits:
        raise section.error("exits", "stands beside `unsure`; keep one of them")
    if has_exits:
        if following is None:
            raise section.error("exits", "stands at the last level; it belongs to the level before the ensemble")
        return Step(level, exits=_exits(section, level, following, source))
    if has_band:
        return Step(level, *_band(section))
    if following is not None:
        raise section.error("unsure", "is missing; every level but the last needs `unsure: [from, to]` or `exits`")
    return Step(level)


def _exits(section: Section, level: Level, following: Level, source: Path) -> Exits:
    name = section.text("exits")
    path = SHIPPED_EXITS if name == SHIPPED else source.parent / name
    try:
        return exits.load(path, lower=level.classifier.version, upper=following.classifier.version)
    except ArtifactError as error:
        raise ConfigError(source, f"{section.key}.exits", str(error)) from error


def _band(section: Section) -> tuple[float, float]:
    value = section.raw("unsure")
    if not (isinstance(value, list) and len(value) == 2 and all(isinstance(each, int | float) for each in value)):
        raise section.error("unsure", "must be two numbers, [from, to]")
    low, high = (float(each) for each in value)
    if not 0 <= low <= high <= 1:
        raise section.error("unsure", f"must hold 0 <= from <= to <= 1, not {value}")
    return low, high


def _lexicon(source: Path) -> Lexicon:
    try:
        return Lexicon.load(shipped("lexicons"))
    except LexiconError as error:
        raise ConfigError(source, "lexicons", str(error)) from error


def _replace_process() -> None:
    """Too many calls hang in threads that cannot be ended: only a new process is rid of them."""
    os._exit(EXIT_HUNG)
