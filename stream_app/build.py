"""From configuration files to what decides: the policy, the cascade, the banks, and the path made of them."""

import gc
import math
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from models.artifacts import default_artifact
from models.classifier import Classifier
from models.classifiers.linear import LinearClassifier
from models.errors import ArtifactError
from models.language import detect
from models.lexicon import Lexicon, LexiconError
from stream_app.config_files import shipped
from stream_app.contracts.topics import RULINGS
from stream_app.errors import ConfigError
from stream_app.pipeline.breaker import Breaker
from stream_app.pipeline.classify import Cascade, Step
from stream_app.pipeline.intake import Limits
from stream_app.pipeline.level import Level
from stream_app.pipeline.match import load_banks
from stream_app.pipeline.moderate import Moderator
from stream_app.pipeline.normalize import normalize
from stream_app.pipeline.policy import check_labels
from stream_app.pipeline.policy_file import load_policy
from stream_app.pipeline.recall import Cache, Recall
from stream_app.pipeline.strict_yaml import Section, parse
from stream_app.settings import Settings
from stream_app.telemetry import Telemetry

EXIT_HUNG = 73

CLASSIFIERS: dict[str, Callable[[Path], Classifier]] = {"linear": LinearClassifier.load}
"""The kinds of classifier that a level may name, and how each is loaded from its artifact."""


@contextmanager
def loading() -> Iterator[None]:
    """Tell the garbage collector that what is loaded here stays, and that a batch makes many short-lived objects.

    Without this a tenth of the time goes into looking through word lists for cycles.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
        gc.set_threshold(100_000, 20, 20)


@loading()
def build_moderator(settings: Settings, telemetry: Telemetry, cache: Cache) -> Moderator:
    """Load everything that decides. Raises ConfigError with file and key."""
    policy = load_policy(settings.policy)
    cascade = load_cascade(settings.cascade, timeout_seconds=settings.level_timeout_seconds)
    bank = load_banks(shipped("banks"))
    scored = [label for step in cascade.steps for label in step.level.classifier.labels]
    check_labels(policy, tuple({*scored, *cascade.lexicon.labels, *(match.label for match in bank.values())}))
    # Tables that are made on first use are made now, not under the first batch.
    normalize("é\u200b")
    detect(["ready"])
    return Moderator(
        policy=policy,
        cascade=cascade,
        recall=Recall(cache, cascade.artifacts),
        bank=bank,
        limits=Limits(value_bytes=settings.max_value_bytes),
        keyed_by_item=settings.content_keyed_by_item,
        rulings_topic=settings.topic(RULINGS),
        telemetry=telemetry,
    )


def load_cascade(path: Path | None = None, *, timeout_seconds: float = math.inf) -> Cascade:
    """Read ``cascade.yaml``; None means the shipped one. ``timeout_seconds`` caps what the file allows a level."""
    source = path or shipped("cascade.yaml")
    try:
        text = source.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(source, "(file)", f"cannot be read: {error.strerror or error}") from error
    top = Section(str(source), "", parse(text, source))
    top.raw("version")
    levels = top.sections("levels")
    top.close()
    steps = tuple(_step(level, source, timeout_seconds) for level in levels)
    names = [step.level.name for step in steps]
    if len(set(names)) < len(names):
        raise ConfigError(source, "levels", f"two levels have one name: {', '.join(names)}")
    return Cascade(_lexicon(source), steps)


def _step(section: Section, source: Path, cap_seconds: float) -> Step:
    load = CLASSIFIERS[section.choice("classifier", CLASSIFIERS)]
    artifact = section.text("artifact")
    low, high = _band(section)
    timeout = section.number("timeout_seconds", above=0, most=600)
    batch = int(section.number("batch_texts", least=1, most=65_536))
    rest = section.section("breaker")
    breaker = Breaker(
        failures=int(rest.number("failures", least=1)), rest_seconds=rest.number("rest_seconds"), now=time.monotonic
    )
    rest.close()
    section.close()
    folder = default_artifact() if artifact == "shipped" else source.parent / artifact
    try:
        classifier = load(folder)
    except ArtifactError as error:
        raise ConfigError(source, f"{section.key}.artifact", str(error)) from error
    level = Level(
        classifier,
        breaker=breaker,
        timeout_seconds=min(timeout, cap_seconds),
        batch_texts=batch,
        on_hung=_replace_process,
    )
    return Step(level, low, high)


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
