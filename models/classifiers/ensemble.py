"""Several classifiers that decide together: their logits are mixed and calibrated for each label and language.

Where they disagree more than they did on the texts that they were tested on, or cannot read a text, nothing that the
ensemble says of that text counts as evidence.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models import ensemble_manifest
from models.calibrated import check_pairs, no_scores, without_blanks
from models.classifier import Scores
from models.classifiers.linear import LinearClassifier
from models.device import DeviceName
from models.ensemble_manifest import EnsembleHead, EnsembleManifest, MemberEntry
from models.errors import ArtifactError
from models.language import UNKNOWN
from models.mixing import MemberClassifier, Scorer, stacked_logits, unknown_shares
from models.sigmoid import Line, sigmoid
from models.tags import base_tag

MEMBER_KINDS = ("linear", "transformer")
_MOST_TAGS = 4096


@dataclass(frozen=True, slots=True)
class _Language:
    """What is known for one language; arrays [labels, members] or [labels]. ``own`` is each member by itself."""

    slopes: NDArray[np.float64]
    offsets: NDArray[np.float64]
    own_slopes: NDArray[np.float64]
    own_offsets: NDArray[np.float64]
    evidence: NDArray[np.bool_]


class EnsembleClassifier:
    """Mixes the logits of members, which come in the order of the manifest."""

    def __init__(self, manifest: EnsembleManifest, members: Sequence[Scorer]) -> None:
        _check_members(manifest, members)
        self.manifest = manifest
        self.members = tuple(members)
        self._knows = np.array([[own is not None for own in head.own] for head in manifest.heads])
        self._evidence = [head.evidence for head in manifest.heads]
        self._by_tag: dict[str, _Language] = {}

    @classmethod
    def load(cls, folder: Path, *, device: DeviceName = "auto") -> "EnsembleClassifier":
        """Raises ArtifactError where a part is missing or damaged, or a member is not the one it was fitted with."""
        manifest = ensemble_manifest.load(folder)
        return cls(manifest, [load_member(entry.kind, folder / entry.path, device) for entry in manifest.members])

    @property
    def name(self) -> str:
        return self.manifest.name

    @property
    def version(self) -> str:
        return self.manifest.version

    @property
    def labels(self) -> tuple[str, ...]:
        return self.manifest.labels

    def score(self, texts: Sequence[str], languages: Sequence[str]) -> Scores:
        """Probabilities and evidence; a text in which there is nothing to read scores 0 without evidence."""
        check_pairs(texts, languages)
        if not texts:
            return no_scores(len(self.labels))
        logits = stacked_logits(self.members, self.labels, texts)
        return without_blanks(self.weigh(logits, unknown_shares(self.members, texts), languages), texts)

    def weigh(self, logits: NDArray[np.float64], unknown: NDArray[np.float64], languages: Sequence[str]) -> Scores:
        """Scores from the members' logits [texts, labels, members] and shares of unknown pieces [texts]."""
        found = [self._lookup(tag) for tag in languages]
        slopes, offsets = (np.stack([getattr(each, name) for each in found]) for name in ("slopes", "offsets"))
        evidence = np.stack([each.evidence for each in found])
        limits = self.manifest.limits
        apart = self.disagreement(logits, languages)
        evidence &= ~((unknown > limits.unknown_share) | (apart > limits.disagreement))[:, None]
        # Written out rather than as a matrix product, so that a batch of one equals a batch of many bit for bit.
        probabilities = sigmoid((logits * slopes).sum(axis=2) + offsets).astype(np.float32)
        return Scores(probabilities, evidence)

    def disagreement(self, logits: NDArray[np.float64], languages: Sequence[str]) -> NDArray[np.float64]:
        """The largest distance of members' own probabilities over the labels with evidence, [texts], each 0..1."""
        found = [self._lookup(tag) for tag in languages]
        own = sigmoid(
            logits * np.stack([each.own_slopes for each in found]) + np.stack([each.own_offsets for each in found])
        )  # [texts, labels, members]
        highest = np.where(self._knows, own, 0.0).max(axis=2)
        lowest = np.where(self._knows, own, 1.0).min(axis=2)
        evidence = np.stack([each.evidence for each in found])
        apart: NDArray[np.float64] = np.where(evidence, highest - lowest, 0.0).max(axis=1)
        return apart

    def _lookup(self, tag: str) -> _Language:
        found = self._by_tag.get(tag)
        if found is None:
            found = self._language(base_tag(tag))
            if len(self._by_tag) < _MOST_TAGS:  # tags come from outside: the table must not grow without end
                self._by_tag[tag] = found
        return found

    def _language(self, language: str) -> _Language:
        heads = self.manifest.heads
        mixes = [head.mixes.get(language, head.mix) for head in heads]
        own = [_own_lines(head, language) for head in heads]
        return _Language(
            slopes=np.array([mix.slopes for mix in mixes]),
            offsets=np.array([mix.offset for mix in mixes]),
            own_slopes=np.array([[line.slope for line in lines] for lines in own]),
            own_offsets=np.array([[line.offset for line in lines] for lines in own]),
            evidence=np.array([language in known and language != UNKNOWN for known in self._evidence], np.bool_),
        )


def load_member(kind: str, folder: Path, device: DeviceName) -> MemberClassifier:
    """Load one member; torch is imported only for the kinds that need it."""
    if kind == "linear":
        return LinearClassifier.load(folder)
    if kind == "transformer":
        from models.classifiers.transformer import TransformerClassifier

        return TransformerClassifier.load(folder, device=device)
    raise ArtifactError(f"no kind of ensemble member named {kind!r}; known: {', '.join(MEMBER_KINDS)}")


def _own_lines(head: EnsembleHead, language: str) -> list[Line]:
    nothing = Line(slope=0.0, offset=0.0)
    return [nothing if own is None else own.lines.get(language, own.line) for own in head.own]


def _check_members(manifest: EnsembleManifest, members: Sequence[Scorer]) -> None:
    for place, (entry, member) in enumerate(zip(manifest.members, members, strict=True)):
        if member.version != entry.version:
            raise ArtifactError(_stale(entry, member.version))
        for head in manifest.heads:
            if head.own[place] is not None and head.label not in member.labels:
                raise ArtifactError(f"{entry.path} does not score {head.label}, which the ensemble takes from it")


def _stale(entry: MemberEntry, found: str) -> str:
    return (
        f"{entry.path} has version {found}, and the ensemble was fitted with {entry.version}; run "
        "`weir train --data DIR --only ensemble`, or take both from one release"
    )
