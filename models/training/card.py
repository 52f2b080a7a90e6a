"""The model card, written from the manifest, so that it cannot say what training did not measure."""

from models.manifest import Head, LanguageRecord, Manifest, Metric
from models.training.alarms import CAUGHT, FALSE_ALARMS
from models.training.card_text import ANNOTATION, BIAS, POLICY, USE

_NONE = "none"


def card(manifest: Manifest) -> str:
    """The whole card as Markdown."""
    parts = [
        f"# Model card: {manifest.name}",
        "<!-- Written by `python -m models.training.card`; edit that, not this. -->",
        _summary(manifest),
        _training_data(manifest),
        POLICY,
        _omitted(manifest),
        ANNOTATION,
        _benchmarks(manifest),
        _by_source(manifest),
        _alarms(manifest),
        _evidence(manifest),
        _quantization(manifest),
        BIAS,
        USE,
    ]
    return "\n\n".join(parts) + "\n"


def _summary(manifest: Manifest) -> str:
    features = manifest.features
    return (
        f"Version `{manifest.version}`, artifact format {manifest.format_version}. Labels: "
        f"{', '.join(manifest.labels)}.\n\n"
        f"Linear weights over hashed n-grams: characters of order 1 to {features.char_order} and words of order 1 to "
        f"{features.word_order}, {features.buckets:,} buckets, int8. A text longer than {features.window_chars:,} "
        "characters is cut into overlapping windows and gets the maximum over them. It is the cheap first level of a "
        "cascade, not a judge: it knows words and spellings, not meaning."
    )


def _training_data(manifest: Manifest) -> str:
    recipe = manifest.recipe
    settings = ", ".join(f"{name} {value:g}" for name, value in recipe.settings.items())
    rows = sum(source.rows for source in manifest.sources)
    bad = sum(source.bad_rows for source in manifest.sources)
    table = [f"| {source.file} | {source.rows:,} | `{source.sha256[:12]}` |" for source in manifest.sources]
    limit = "" if recipe.limit is None else f" Only {recipe.limit:,} rows were used."
    return "\n".join(
        [
            "## Training data",
            "",
            f"{rows:,} rows read from {len(manifest.sources)} files, {bad} refused as malformed; digest "
            f"`{manifest.data_digest[:16]}`.{limit} Sources, licences and label mappings: [data](../data.md).",
            "",
            f"{recipe.method}; seed {recipe.seed}. Settings: {settings}.",
            "",
            "Unknown labels are masked. Weak rows (sentences nobody annotated for this) are capped for each language "
            "and count less, as do sources with low annotator agreement and sources with positives only. An "
            "intercept a language is fitted and then dropped, so that the language of a text is not itself a sign "
            "of harm or harmlessness.",
            "",
            "| file | rows | SHA-256 begins |",
            "|---|---|---|",
            *table,
        ]
    )


def _omitted(manifest: Manifest) -> str:
    if not manifest.omitted:
        return "Every label has a head."
    lines = [f"- `{entry.label}`: {entry.reason}." for entry in manifest.omitted]
    return "\n".join(["Labels without a head, which this classifier therefore never scores:", "", *lines])


def _benchmarks(manifest: Manifest) -> str:
    lines = [
        "## Benchmarks",
        "",
        "Validation part of the training sources, annotated rows only. AUC counts pairs of one source only, so "
        "telling sources apart earns nothing; the interval is a 95 % bootstrap. ECE is the expected calibration "
        "error over 10 bins, calibration fitted on other folds. The validation part also chose the settings, so "
        "expect a little less elsewhere, and much less on other platforms. Sources written to fool classifiers are "
        "left out here and stand in the table by source.",
        "",
        "| label | language | train + / - | validation + / - | AUC | 95 % | ECE | evidence |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for head in manifest.heads:
        lines += [_row(head.label, tag, record) for tag, record in head.records.items() if _worth_a_row(record)]
    return "\n".join(lines)


def _worth_a_row(record: LanguageRecord) -> bool:
    return record.train_positives > 0 or record.auc is not None


def _row(label: str, tag: str, record: LanguageRecord) -> str:
    interval = "-" if record.auc_low is None else f"{record.auc_low:.3f} to {record.auc_high:.3f}"
    cells = (
        label,
        tag,
        f"{record.train_positives:,} / {record.train_negatives:,}",
        f"{record.validation_positives:,} / {record.validation_negatives:,}",
        _number(record.auc),
        interval,
        _number(record.ece),
        "yes" if record.evidence else "no",
    )
    return f"| {' | '.join(cells)} |"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _by_source(manifest: Manifest) -> str:
    """AUC inside each source, where a low one shows best what the classifier cannot do."""
    found = [metric for metric in manifest.metrics if metric.name == "validation_auc"]
    lines = [f"| {label} | {source} | {metric.value:.3f} |" for metric in found for label, source in [_parts(metric)]]
    head = ["By source, all of its validation rows:", "", "| label | source | AUC |", "|---|---|---|"]
    return "\n".join([*head, *lines])


def _parts(metric: Metric) -> tuple[str, str]:
    label, _, source = metric.scope.partition("/")
    return label, source


def _alarms(manifest: Manifest) -> str:
    """The overall share, the ten worst languages, and recall where a source holds positives only."""
    shares = {metric.scope: metric.value for metric in manifest.metrics if metric.name == FALSE_ALARMS}
    caught = [metric for metric in manifest.metrics if metric.name == CAUGHT]
    if not shares:
        return "False alarms on harmless sentences: not measured."
    overall = shares.pop("all")
    worst = sorted(shares.items(), key=lambda item: -item[1])[:10]
    lines = [
        f"False alarms: {overall:.1%} of the weak harmless validation sentences have a `toxicity` of 0.5 or more. "
        f"The worst of {len(shares)} languages with at least 30 such sentences: "
        + ", ".join(f"{tag} {share:.1%}" for tag, share in worst)
        + ". A few of these sentences are in fact rude."
    ]
    lines += [
        f"`{metric.scope}` has positives only; {metric.value:.1%} of them reach 0.5. That is recall at an unknown "
        "rate of false alarms, hence no evidence."
        for metric in caught
    ]
    return "\n\n".join(lines)


def _evidence(manifest: Manifest) -> str:
    lines = ["## Where there is evidence", "", f"The rule: {manifest.recipe.evidence_rule}.", ""]
    lines += [
        *(
            f"- `{head.label}`: {', '.join(sorted(head.evidence)) or _NONE}. {_without(head)}"
            for head in manifest.heads
        ),
        "",
        "Everywhere else the number returned is a guess carried over from other languages and is marked so "
        "(`evidence` false): it must be the reason neither to allow nor to act. A language whose source holds "
        "positives only, such as Russian here, has no evidence, however many rows there are.",
    ]
    return "\n".join(lines)


def _without(head: Head) -> str:
    """Annotated languages that miss the rule, then how many have weak rows only."""
    missed = [tag for tag, record in head.records.items() if not record.evidence and record.train_positives]
    bare = sum(not record.evidence and not record.train_positives for record in head.records.values())
    return (
        f"Positives but too little to rely on: {', '.join(missed) or _NONE}. No positives at all: {bare} languages."
    )


def _quantization(manifest: Manifest) -> str:
    changes = [metric for metric in manifest.metrics if metric.name == "auc_change_by_int8"]
    if not changes:
        return "## Quantization\n\nNot measured."
    worst = min(changes, key=lambda metric: metric.value)
    return (
        f"## Quantization\n\nInt8 weights against float weights: over {len(changes)} pairs of label and validation "
        f"source the AUC changes by {worst.value:+.4f} at worst ({worst.scope})."
    )


if __name__ == "__main__":
    import sys
    from pathlib import Path

    from models.artifacts import default_artifact, read_manifest

    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else default_artifact()
    sys.stdout.write(card(read_manifest(folder)))
