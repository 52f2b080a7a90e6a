"""What the policy says about one label, and what changes it for some items."""

from dataclasses import dataclass, field, replace
from typing import Literal

from stream_app.contracts.decision import Pending
from stream_app.pipeline.costs import Band, Costs, band_of

ActVerdict = Literal["limit", "remove"]
Kind = Literal["remove", "limit", "label"]
OnHit = Literal["none", "review", "review-held"]
Fail = Literal["hold", "review", "allow-and-recheck"]
WithoutEvidence = Literal["review", "sample", "allow-and-recheck"]


@dataclass(frozen=True, slots=True)
class Action:
    """What is done to an item whose score reaches ``act_from``. ``hours`` None means until it is undone."""

    verdict: ActVerdict
    kind: Kind
    hours: float | None = None


@dataclass(frozen=True, slots=True)
class LabelPolicy:
    """One label. ``on_hit`` says what a rule or lexicon hit of severity 1, 2 or 3 does.

    A hit can only send an item to a person. It knows a word and not what is meant by it: the same word is a
    slur, a quotation, a report of abuse and a reclaimed name, so a hit alone has no precision to act on.
    """

    label: str
    title: str
    ground: str
    costs: Costs
    band: Band
    action: Action
    pending: Pending
    fail: Fail
    without_evidence: WithoutEvidence
    on_hit: tuple[OnHit, OnHit, OnHit]
    due_minutes: float
    priority: float
    always_reviewed: bool = False


@dataclass(frozen=True, slots=True)
class When:
    """Which items (and labels) are meant. An empty set means any. Languages match as prefixes of subtags."""

    labels: frozenset[str] = frozenset()
    languages: frozenset[str] = frozenset()
    regions: frozenset[str] = frozenset()
    surfaces: frozenset[str] = frozenset()
    tiers: frozenset[str] = frozenset()
    whys: frozenset[str] = frozenset()

    def matches_item(self, language: str, region: str | None, surface: str, tier: str | None) -> bool:
        """Whether an item is meant, whatever the label. ``language`` and ``region`` as ``fold_*`` below give them."""
        return (
            (not self.regions or region in self.regions)
            and (not self.surfaces or surface in self.surfaces)
            and (not self.tiers or tier in self.tiers)
            and (not self.languages or any(tag in self.languages for tag in prefixes(language)))
        )


@dataclass(frozen=True, slots=True)
class Override:
    """Changes for the labels and items that ``when`` means; None and absent costs leave things as they are."""

    when: When
    costs: dict[str, float] = field(default_factory=dict)
    pending: Pending | None = None
    fail: Fail | None = None
    without_evidence: WithoutEvidence | None = None

    def applied_to(self, label: LabelPolicy) -> LabelPolicy:
        """The label with these changes, its band not yet derived again."""
        if self.when.labels and label.label not in self.when.labels:
            return label
        return replace(
            label,
            costs=replace(label.costs, **self.costs),
            pending=self.pending or label.pending,
            fail=self.fail or label.fail,
            without_evidence=self.without_evidence or label.without_evidence,
        )


def overridden(label: LabelPolicy, overrides: tuple[Override, ...]) -> LabelPolicy:
    """Overrides applied in order, then the band derived once. Raises ValueError for costs that give no band."""
    changed = label
    for override in overrides:
        changed = override.applied_to(changed)
    return changed if changed is label else replace(changed, band=band_of(changed.costs))


def fold_language(language: str) -> str:
    """Tags compare without case."""
    return language.lower()


def fold_region(region: str | None) -> str | None:
    """Region codes compare without case."""
    return region.upper() if region else None


def prefixes(language: str) -> list[str]:
    """``zh-hant-tw`` -> ``zh-hant-tw``, ``zh-hant``, ``zh``."""
    subtags = language.split("-")
    return ["-".join(subtags[:end]) for end in range(len(subtags), 0, -1)]
