"""What a card says of validation: by label and language, by source, false alarms, evidence."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from models.manifest import LanguageRecord, Metric
from models.training.alarms import CAUGHT, FALSE_ALARMS
from models.training.cards.markdown import interval, number, plain, table

_AUC = "validation_auc"
_NONE = "none"
_HEAD = ("label", "language", "train + / -", "validation + / -", "AUC", "95 %", "ECE", "evidence")
_HOW = (
    "Validation part of the training sources, annotated rows only. AUC counts pairs of one source only, so telling "
    "sources apart earns nothing; the interval is a 95 % bootstrap. ECE is the expected calibration error over 10 "
    "bins, calibration fitted on other folds. The validation part also chose the settings, so expect a little less "
    "elsewhere, and much less on other platforms."
)
_FOOLING = "Sources written to fool classifiers are left out here and stand in the table by source."


class Judged(Protocol):
    """A head of any kind."""

    @property
    def label(self) -> str: ...

    @property
    def records(self) -> Mapping[str, LanguageRecord]: ...

    @property
    def evidence(self) -> frozenset[str]: ...


def benchmarks(heads: Sequence[Judged], more: str = _FOOLING) -> str:
    """The table by label and language; ``more`` is said after how it was measured."""
    rows = [_row(head.label, tag, record) for head in heads for tag, record in head.records.items() if _told(record)]
    found = table(_HEAD, rows) if rows else "No label was measured in any language."
    return "\n\n".join(["## Benchmarks", f"{_HOW} {more}", found])


def by_source(
    metrics: Sequence[Metric], members: Sequence[str] = (), note: str = "all of its validation rows"
) -> str:
    """AUC inside each source, where a low one shows best what a classifier cannot do; ``members`` get columns."""
    names = [_AUC, *(f"{_AUC}_of_{member}" for member in members)]
    found: dict[str, dict[str, float]] = {}
    for metric in metrics:
        if metric.name in names:
            found.setdefault(metric.scope, {})[metric.name] = metric.value
    if not found:
        return "By source: not measured."
    rows = [[*_parts(scope), *(number(values.get(name)) for name in names)] for scope, values in found.items()]
    head = ["label", "source", "AUC", *(f"{plain(member)} alone" for member in members)]
    return f"By source, {note}:\n\n{table(head, rows)}"


def alarms(metrics: Sequence[Metric]) -> str:
    """The overall share, the ten worst languages, and recall where a source holds positives only."""
    shares = {metric.scope: metric.value for metric in metrics if metric.name == FALSE_ALARMS}
    overall = shares.pop("all", None)
    if overall is None:
        return "False alarms on harmless sentences: not measured."
    worst = sorted(shares.items(), key=lambda item: -item[1])[:10]
    named = ", ".join(f"{plain(tag)} {share:.1%}" for tag, share in worst) or _NONE
    said = (
        f"False alarms: {overall:.1%} of the weak harmless validation sentences have a `toxicity` of 0.5 or more. "
        f"The worst of {len(shares)} languages with at least 30 such sentences: {named}. A few of these sentences "
        "are in fact rude."
    )
    return "\n\n".join([said, *_caught(metrics)])


def evidence(heads: Sequence[Judged], rule: str) -> str:
    """Supported languages by label, and what the others are."""
    lines = [_supported(head) for head in heads] or ["- No label has evidence in any language."]
    return "\n".join(
        [
            "## Where there is evidence",
            "",
            f"The rule: {plain(rule, 600)}.",
            "",
            *lines,
            "",
            "**Every other language is unsupported**, whether the manifest has a record of it or not. There the "
            "number returned is a guess carried over from other languages and is marked so (`evidence` false): it "
            "must be the reason neither to allow nor to act. By the shipped policy a text whose language has no "
            "evidence for `toxicity` goes to review (`without_evidence`). A language whose source holds positives "
            "only, such as Russian here, has no evidence, however many rows there are.",
        ]
    )


def quantization(metrics: Sequence[Metric], otherwise: str) -> str:
    """What int8 weights cost, where that was measured against float ones."""
    changes = [metric for metric in metrics if metric.name == "auc_change_by_int8"]
    if not changes:
        return f"## Quantization\n\n{otherwise}"
    worst = min(changes, key=lambda metric: metric.value)
    return (
        f"## Quantization\n\nInt8 weights against float weights: over {len(changes)} pairs of label and validation "
        f"source the AUC changes by {worst.value:+.4f} at worst ({plain(worst.scope)})."
    )


def _told(record: LanguageRecord) -> bool:
    return record.train_positives > 0 or record.auc is not None


def _row(label: str, tag: str, record: LanguageRecord) -> list[str]:
    return [
        plain(label),
        plain(tag),
        f"{record.train_positives:,} / {record.train_negatives:,}",
        f"{record.validation_positives:,} / {record.validation_negatives:,}",
        number(record.auc),
        interval(record.auc_low, record.auc_high),
        number(record.ece),
        "yes" if record.evidence else "no",
    ]


def _parts(scope: str) -> tuple[str, str]:
    label, _, source = scope.partition("/")
    return plain(label), plain(source)


def _caught(metrics: Sequence[Metric]) -> Iterable[str]:
    for metric in metrics:
        if metric.name == CAUGHT:
            yield (
                f"`{plain(metric.scope)}` has positives only; {metric.value:.1%} of them reach 0.5. That is recall "
                "at an unknown rate of false alarms, hence no evidence."
            )


def _supported(head: Judged) -> str:
    """Supported languages, annotated ones that miss the rule, then how many have weak rows only."""
    missed = [tag for tag, record in head.records.items() if not record.evidence and record.train_positives]
    bare = sum(not record.evidence and not record.train_positives for record in head.records.values())
    return (
        f"- `{plain(head.label)}`: {_list(sorted(head.evidence))}. Positives but too little to rely on: "
        f"{_list(missed)}. No positives at all: {bare} languages."
    )


def _list(tags: Iterable[str]) -> str:
    return ", ".join(map(plain, tags)) or _NONE
