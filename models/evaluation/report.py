"""The report of an evaluation: what ``weir evaluate --json`` prints. Rates, scores and shares are 0..1."""

import msgspec
import numpy as np

from models.metrics import Floats
from models.probes.swaps import Gap
from models.thresholds import Thresholds

ALL = "all"


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """A measure with its 95 % percentile bootstrap interval (None without resamples) over ``n`` rows."""

    value: float
    low: float | None
    high: float | None
    n: int


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """One bin of a reliability curve: mean stated probability, observed share of positives, rows."""

    stated: float
    observed: float
    n: int


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """One label in one slice of the annotated rows; None where the rows do not allow the measure."""

    label: str
    language: str  # "all" for every language together
    source: str  # "all" for every source together
    rows: int
    positives: int
    negatives: int
    evidence: float  # share of the rows for which the system claims evidence
    auc: Figure | None  # over pairs of one source only
    auc_plain: Figure | None  # over all pairs
    average_precision: Figure | None
    f1_at_review: Figure | None
    f1_at_act: Figure | None
    recall_at_1_percent_fpr: Figure | None
    recall_at_5_percent_fpr: Figure | None
    recall_at_95_percent_precision: Figure | None  # of a threshold chosen on these rows
    recall_at_act: Figure | None  # share of the positives that the label acts on: at act_from, with evidence
    precision_at_act: Figure | None  # share of what the label acts on that is positive
    ece: Figure | None  # 10 bins of equal mass
    fpr_at_review: Figure | None  # share of the negatives at review_from or above, with evidence or without
    fpr_at_act: Figure | None  # the same at act_from
    recall_seen: Figure | None  # share of the positives that the label acts on or sends to review
    benign_in_review: Figure | None  # share of the negatives that the label sends to review
    lead: Figure | None  # AUC of the evaluated system minus this one's, on the same resamples
    reliability: tuple[Point, ...]


class Benign(msgspec.Struct, frozen=True, kw_only=True):
    """Sentences that are harmless for all that is known (weak rows): how many a label flags."""

    label: str
    language: str
    rows: int
    at_review: Figure | None
    at_act: Figure | None


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """What happens to annotated items, all labels together."""

    language: str
    harmful: bool  # any label holds; else the item is known to be harmless
    rows: int
    allow: Figure | None
    review: Figure | None
    act: Figure | None


class LevelShare(msgspec.Struct, frozen=True, kw_only=True):
    """How many of all items a level of the cascade decided, and what asking it cost.

    The lexicon decides what no level could score; its cost, and that of a level that was never asked, is None.
    """

    level: str
    share: float
    asked: float | None = None  # share of all items that it had to score
    seconds_per_1000: float | None = None  # of the clock, for 1,000 items that it had to score
    cpu_seconds_per_1000: float | None = None  # of all threads


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Harmless sentences that name a group: how many are flagged, and how many times the rate of benign rows.

    ``language`` "all" is every language together. The rate of benign rows is that of all annotated negatives.
    """

    label: str
    language: str
    at_review: Figure | None
    at_act: Figure | None
    times_review: float | None  # None where no benign row is flagged
    times_act: float | None


class Insults(msgspec.Struct, frozen=True, kw_only=True):
    """Insults against neutral words in the same frames: AUC .5 where only the language is looked at."""

    label: str
    language: str
    insults: int
    neutral: int
    auc: Figure | None


class Contrasted(msgspec.Struct, frozen=True, kw_only=True):
    """Sentences that share words and differ in meaning: quoted, negated, said of oneself or an idiom, or meant."""

    label: str
    language: str
    meant: int  # sentences of which the label holds
    not_meant: int
    auc: Figure | None  # over pairs of one language


class Evasion(msgspec.Struct, frozen=True, kw_only=True):
    """Some annotated rows as they are and after noise (``models.noise``), all languages together.

    AUC over pairs of one source. The rows are drawn evenly over classes, languages and sources, so ``clean`` is not
    the AUC of all rows.
    """

    label: str
    rows: int
    positives: int
    changed: float  # share of the texts that still differ once they are normalized
    clean: Figure | None
    noised: Figure | None
    lost: Figure | None  # clean minus noised, on the same resamples


class SystemReport(msgspec.Struct, frozen=True, kw_only=True):
    """All that was measured of one system."""

    role: str  # evaluated, compared or baseline
    name: str
    version: str
    texts_per_second: float
    cells: tuple[Cell, ...]  # by label and language, "all" first
    sources: tuple[Cell, ...]  # by label and source
    benign: tuple[Benign, ...]
    shares: tuple[Share, ...]
    levels: tuple[LevelShare, ...]
    identity: tuple[Identity, ...]
    insults: tuple[Insults, ...]
    swaps: tuple[Gap, ...] = ()
    contrast: tuple[Contrasted, ...] = ()
    evasion: tuple[Evasion, ...] = ()


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """One evaluation; the evaluated system comes first."""

    rows: int
    weak_rows: int
    bootstrap: int
    seed: int
    thresholds: dict[str, Thresholds]
    systems: tuple[SystemReport, ...]
    bad_rows: int = 0
    data_digest: str = ""
    notes: tuple[str, ...] = ()
    made: dict[str, str | int | float] = {}  # machine, commit, command

    def to_json(self) -> bytes:
        """Indented JSON."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1)


def figure(values: Floats, n: int) -> Figure | None:
    """From [1 + resamples], the value first; None where that is undefined."""
    if not values.size or not np.isfinite(values[0]):
        return None
    rest = values[1:][np.isfinite(values[1:])]
    low, high = (round(float(end), 5) for end in np.quantile(rest, [0.025, 0.975])) if rest.size else (None, None)
    return Figure(value=round(float(values[0]), 5), low=low, high=high, n=n)
