"""Which automatic verdicts people look at anyway, drawn so that every replay draws the same ones.

Without this nobody would ever learn how often the machine is wrong where it is sure. Each drawn decision says
with which probability it was drawn, so that precision and prevalence can be estimated without bias.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

from stream_app.contracts.decision import Reason, Verdict

_DRAWS = 2**64


@dataclass(frozen=True, slots=True)
class Shares:
    """Probabilities of an audit for one kind of outcome: in general, and for some labels."""

    general: float
    by_label: dict[str, float] = field(default_factory=dict)

    def of(self, label: str | None) -> float:
        """The label's own share, or the general one."""
        return self.by_label.get(label, self.general) if label else self.general


@dataclass(frozen=True, slots=True)
class Sampling:
    """How much is audited. ``salt`` keys the draw: who does not know it cannot tell which items are drawn."""

    salt: bytes
    allow: Shares
    act: Shares
    without_evidence: Shares
    due_minutes: float
    priority: float


def allow_share(
    sampling: Sampling,
    scores: Mapping[str, float],
    thresholds: Mapping[str, tuple[float, float]],
    unproven: tuple[str, ...],
) -> float:
    """The share for an allowed item: that of its leading label, or of a label without evidence if that is more."""
    leading = leading_label(scores, thresholds) if sampling.allow.by_label else None
    shares = [sampling.allow.of(leading), *(sampling.without_evidence.of(label) for label in unproven)]
    return max(shares)


def leading_label(scores: Mapping[str, float], thresholds: Mapping[str, tuple[float, float]]) -> str | None:
    """The label whose score comes nearest to its ``review_from``, relative to it."""
    banded = [label for label in scores if label in thresholds]
    return max(banded, key=lambda label: scores[label] / thresholds[label][0], default=None)


def drawn(sampling: Sampling, item_id: str, text_digest: str, share: float) -> bool:
    """The same answer for the same item, text and salt, on every machine and under every artifact."""
    if share <= 0.0:
        return False
    name = f"{len(item_id)} {item_id} {text_digest}".encode("utf-8", "surrogatepass")
    draw = int.from_bytes(blake2b(name, digest_size=8, key=sampling.salt).digest())
    return draw < share * _DRAWS


def sampled_reason(share: float) -> Reason:
    """Records the draw in the decision."""
    return Reason(kind="sampled", detail=f"audit sample of this verdict, drawn with probability {share!r}")


def is_automatic(verdict: Verdict) -> bool:
    """Whether no person looks at it unless it is drawn."""
    return verdict != "review"
