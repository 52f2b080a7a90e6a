"""What an artifact says about itself: what it was made of, where it was tested, and where it is blind."""

import msgspec

from models.features import FeatureSettings
from models.sigmoid import Line

FORMAT_VERSION = 1


class LanguageRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one label in one language. Counts leave weak rows out; AUC is of the validation part."""

    train_positives: int
    train_negatives: int
    train_weak: int
    validation_positives: int
    validation_negatives: int
    auc: float | None  # None without rows of both classes
    auc_low: float | None  # 95 % bootstrap interval
    auc_high: float | None
    ece: float | None  # expected calibration error, cross-fitted, 10 bins
    evidence: bool


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """One label: how its integer sums become probabilities, and the record of each language seen."""

    label: str
    scale: float  # logit of one unit of the integer weights
    line: Line  # for languages without their own
    lines: dict[str, Line]
    records: dict[str, LanguageRecord]

    @property
    def evidence(self) -> frozenset[str]:
        """Languages in which the label was trained and validated well enough to be relied on."""
        return frozenset(language for language, record in self.records.items() if record.evidence)


class Omitted(msgspec.Struct, frozen=True, kw_only=True):
    """A label that has data of some kind and still no head, and why."""

    label: str
    reason: str


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """One number of the training run; ``scope`` is what it was measured on."""

    name: str
    scope: str
    value: float


class Recipe(msgspec.Struct, frozen=True, kw_only=True):
    """How the weights were made; with the data digest and the seed this repeats them."""

    method: str
    seed: int
    limit: int | None
    settings: dict[str, float]
    evidence_rule: str
    libraries: dict[str, str] = {}  # versions by name; empty in manifests from before they were written down


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """One data file that was trained on."""

    file: str
    sha256: str
    rows: int
    bad_rows: int


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """``manifest.json``."""

    format_version: int
    name: str
    version: str
    features: FeatureSettings
    heads: tuple[Head, ...]
    omitted: tuple[Omitted, ...]
    data_digest: str
    sources: tuple[Source, ...]
    recipe: Recipe
    metrics: tuple[Metric, ...]
    weights_sha256: str
    refused_rows: int = 0  # training rows left out because they hold a held-out probe word
    held_out_digest: str = ""  # of these words; empty where training knew none
    own_rows: int = 0  # sentences of the project itself that were added to the data, before weak rows are capped
    own_digest: str = ""  # of these sentences with their labels; empty where there were none

    @property
    def labels(self) -> tuple[str, ...]:
        return tuple(head.label for head in self.heads)
