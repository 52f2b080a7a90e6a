"""The labels of the policy as they apply to one kind of item, found fast."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product

from stream_app.contracts.decision import Reason
from stream_app.pipeline.label_policy import LabelPolicy, Override, fold_language, fold_region, overridden

_MAX_KEYS = 4096

Key = tuple[str, str | None, str, str | None]


@dataclass(frozen=True, slots=True)
class Unproven:
    """What follows from labels without evidence: who goes to review, what the decision says, whom to sample."""

    reviewed: tuple[LabelPolicy, ...]
    sampled: tuple[str, ...]
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Bands:
    """Every label after the overrides of one combination. The dicts are shared by decisions: read, never write."""

    labels: tuple[LabelPolicy, ...]
    by_label: dict[str, LabelPolicy]
    thresholds: dict[str, tuple[float, float]]
    costs: dict[str, tuple[float, float, float]]
    _unproven: dict[tuple[str, ...], Unproven] = field(default_factory=dict)

    @classmethod
    def of(cls, labels: tuple[LabelPolicy, ...]) -> "Bands":
        """Tabulate the labels."""
        return cls(
            labels,
            {label.label: label for label in labels},
            {label.label: label.band.as_tuple() for label in labels},
            {label.label: label.costs.as_tuple() for label in labels},
        )

    def unproven(self, labels: tuple[str, ...]) -> Unproven:
        """What the policy says about labels that no evidence speaks for."""
        known = self._unproven.get(labels)
        if known is None:
            if len(self._unproven) >= _MAX_KEYS:
                self._unproven.clear()
            known = self._unproven[labels] = _unproven([self.by_label[label] for label in labels])
        return known


@dataclass(frozen=True, slots=True)
class BandTable:
    """Bands by language, region, surface and tier.

    Which overrides match decides everything, so there are only as many ``Bands`` as sets of overrides that can
    match together. The table in front of them, by the item's own words, is bounded: its keys come from outside.
    """

    labels: tuple[LabelPolicy, ...]
    overrides: tuple[Override, ...]
    _by_key: dict[Key, Bands] = field(default_factory=dict)
    _by_overrides: dict[tuple[int, ...], Bands] = field(default_factory=dict)

    def find(self, language: str, region: str | None, surface: str, tier: str | None) -> Bands:
        """The bands of one item."""
        key = (language, region, surface, tier)
        bands = self._by_key.get(key)
        if bands is None:
            if len(self._by_key) >= _MAX_KEYS:
                self._by_key.clear()
            bands = self._by_key[key] = self._bands(self.matching(language, region, surface, tier))
        return bands

    def matching(self, language: str, region: str | None, surface: str, tier: str | None) -> tuple[int, ...]:
        """Positions of the overrides that match an item, in order."""
        item = fold_language(language), fold_region(region), surface, tier
        return tuple(at for at, override in enumerate(self.overrides) if override.when.matches_item(*item))

    def combinations(self) -> int:
        """How many kinds of items the overrides tell apart at most."""
        return _size(self.overrides)

    def every(self) -> Iterator[tuple[Key, tuple[int, ...]]]:
        """Each set of overrides that can match together, with one kind of item that it is for."""
        seen: set[tuple[int, ...]] = set()
        for key in _kinds(self.overrides):
            positions = self.matching(*key)
            if positions not in seen:
                seen.add(positions)
                yield key, positions

    def resolved(self, label: LabelPolicy, positions: tuple[int, ...]) -> LabelPolicy:
        """One label after some overrides. Raises ValueError where their costs together give no band."""
        return overridden(label, tuple(self.overrides[at] for at in positions))

    def _bands(self, positions: tuple[int, ...]) -> Bands:
        bands = self._by_overrides.get(positions)
        if bands is None:
            labels = tuple(self.resolved(label, positions) for label in self.labels)
            bands = self._by_overrides[positions] = Bands.of(labels)
        return bands


# Stands for every word that no override names; no surface, tier or tag is spelled like this.
_OTHER = "*"


def _size(overrides: tuple[Override, ...]) -> int:
    languages, regions, surfaces, tiers = _words(overrides)
    return len(languages) * len(regions) * len(surfaces) * len(tiers)


def _kinds(overrides: tuple[Override, ...]) -> Iterator[Key]:
    yield from product(*_words(overrides))


def _words(overrides: tuple[Override, ...]) -> tuple[list[str], list[str], list[str], list[str]]:
    whens = [override.when for override in overrides]
    return (
        _with_other({tag for when in whens for tag in when.languages}),
        _with_other({region for when in whens for region in when.regions}),
        _with_other({surface for when in whens for surface in when.surfaces}),
        _with_other({tier for when in whens for tier in when.tiers}),
    )


def _with_other(words: set[str]) -> list[str]:
    return [_OTHER, *sorted(words)]


def _unproven(labels: list[LabelPolicy]) -> Unproven:
    reasons = []
    for choice, meaning in (
        ("review", "a person decides"),
        ("sample", "rules alone speak for these, a share is audited"),
        ("allow-and-recheck", "to be checked again"),
    ):
        names = [label.label for label in labels if label.without_evidence == choice]
        if names:
            reasons.append(
                Reason(kind="score", detail=f"no evidence in this language for {', '.join(names)}: {meaning}")
            )
    return Unproven(
        reviewed=tuple(label for label in labels if label.without_evidence == "review"),
        sampled=tuple(label.label for label in labels if label.without_evidence == "sample"),
        reasons=tuple(reasons),
    )
