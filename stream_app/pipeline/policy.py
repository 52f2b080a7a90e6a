"""The policy: all that weighs what the path found out. Data only; ``policy_file`` reads it."""

from dataclasses import dataclass, field
from typing import Literal

from stream_app.contracts.decision import Decision, Verdict
from stream_app.errors import ConfigError
from stream_app.pipeline.bands import Bands, BandTable
from stream_app.pipeline.label_policy import LabelPolicy, OnHit, Override, When
from stream_app.pipeline.sampling import Sampling

NoText = Literal["allow", "review"]


@dataclass(frozen=True, slots=True)
class SuspiciousText:
    """Flags of a text that was changed or cut so much that its score says little, and what then happens."""

    flags: frozenset[str]
    then: OnHit


@dataclass(frozen=True, slots=True)
class Route:
    """Items that ``when`` means go to ``queue``."""

    when: When
    queue: str


@dataclass(frozen=True, slots=True)
class Queues:
    """Where tasks go: the first route that matches. The rest is for tasks without a label."""

    routes: tuple[Route, ...]
    default: str
    due_minutes: float
    priority: float


@dataclass(frozen=True, slots=True)
class StatementTexts:
    """What authors are told. ``facts`` by who decided, ``restrictions`` by kind; ``{title}`` names the label."""

    restrictions: dict[str, str]
    facts: dict[str, str]
    default_title: str
    default_ground: str
    redress: str


@dataclass(frozen=True, slots=True)
class Policy:
    """One version of the policy. ``version`` ends with a digest of the content, so no edit goes unseen."""

    version: str
    source: str
    labels: dict[str, LabelPolicy]
    overrides: tuple[Override, ...]
    no_text: NoText
    suspicious: SuspiciousText
    queues: Queues
    sampling: Sampling
    statement: StatementTexts
    table: BandTable = field(compare=False, repr=False)

    def bands_for(self, language: str, region: str | None, surface: str, tier: str | None) -> Bands:
        """Every label as it applies to one item; a lookup after the first item of its kind."""
        return self.table.find(language, region, surface, tier)

    def kind_of(self, verdict: Verdict, label: str | None) -> str:
        """The enforcement for a verdict. Where the label's own action has another verdict, the verdict's name."""
        found = self.labels.get(label) if label else None
        return found.action.kind if found and found.action.verdict == verdict else verdict


def check_labels(policy: Policy, labels: tuple[str, ...]) -> None:
    """Raise ConfigError where a classifier, rule or bank has labels that the policy says nothing about."""
    unknown = sorted(set(labels) - set(policy.labels))
    if unknown:
        known = ", ".join(policy.labels)
        raise ConfigError(policy.source, f"labels.{unknown[0]}", f"is scored but missing here; there are {known}")


def found_labels(decision: Decision, policy: Policy) -> list[str]:
    """The labels that scores and rules speak for in a decision, in the order of its reasons."""
    found = (reason.label for reason in decision.reasons if reason.label and reason.kind != "match")
    return list(dict.fromkeys(label for label in found if label in policy.labels))
