"""From configuration files to what decides: the policy, the cascade, the banks, and the path made of them."""

import gc
import logging
from collections.abc import Iterator
from contextlib import contextmanager

from models.language import detect
from models.text.normalize import normalize
from stream_app.cascade_file import load_cascade
from stream_app.classifiers import CLASSIFIERS
from stream_app.config_files import shipped
from stream_app.contracts.topics import RULINGS
from stream_app.pipeline.classify import Cascade
from stream_app.pipeline.intake import Limits
from stream_app.pipeline.match import load_banks
from stream_app.pipeline.moderate import Moderator
from stream_app.pipeline.policy import Policy, check_labels
from stream_app.pipeline.policy_file import load_policy
from stream_app.pipeline.recall import Cache, Recall
from stream_app.settings import Settings
from stream_app.telemetry import Telemetry, facts

__all__ = ["CLASSIFIERS", "build_moderator", "load_cascade", "loading"]

log = logging.getLogger(__name__)


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
    cascade = load_cascade(
        settings.cascade,
        timeout_seconds=settings.level_timeout_seconds,
        device=settings.device,
        telemetry=telemetry,
    )
    _warn_of_other_thresholds(cascade, policy)
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


def _warn_of_other_thresholds(cascade: Cascade, policy: Policy) -> None:
    """Exits keep their promise only for the thresholds that they were fitted for; with others they are a guess."""
    thresholds = {label.label: label.band.as_tuple() for label in policy.labels.values()}
    for step in cascade.steps:
        labels = step.exits.outdated(thresholds) if step.exits else []
        if labels:
            log.warning(
                "the policy's thresholds are not those that the exit bands were fitted for; fit them again with "
                "`weir train --data DIR --only ensemble`, or write `unsure: [from, to]` in the cascade file",
                extra=facts(level=step.level.name, labels=",".join(labels)),
            )
