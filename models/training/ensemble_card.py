"""The card of an ensemble, from its folder."""

from pathlib import Path, PurePosixPath

from models import ensemble_manifest
from models.ensemble_manifest import EnsembleHead, EnsembleManifest
from models.evaluation.report import Report
from models.exits import beside
from models.training.cards import data, published, results
from models.training.cards.exits import earlier_outcomes, early, outcomes
from models.training.cards.markdown import page, paragraphs, plain, table
from models.training.cards.text import AGE, ANNOTATION, BASE_RATES, DIALECT, INTENDED, POLICY

_BIAS = f"""## Bias and limits

The limits of every member hold here as well; their cards name them.

{BASE_RATES}
{DIALECT}
- **Same rows.** Mixing, limits and early exits were fitted on the annotated validation rows. Figures here are of fits
  that did not see the row, but the members' own settings were chosen with these rows in view.
- **Few rows.** A language with few validation rows gets nearly the mix of all languages, whatever suits it.
- **Unlike texts.** The limits catch texts that no member can spell and texts over which the members fall out. Where
  all members are wrong together, nothing shows.
- **Named language.** Evidence, mix and exits go by the language that was detected. A short text, a mixed one or one
  in an unusual script may be taken for another language.
- **Adversarial text.** Sources written to fool classifiers were left out of fitting and of every figure here.
- **Context.** No member sees the thread, the author or an image.
{AGE}"""

_USE = f"""## How to use

```python
from models.artifacts import default_artifact
from models.classifiers.ensemble import EnsembleClassifier

classifier = EnsembleClassifier.load(default_artifact().parent / "ensemble")  # its members lie beside it
scores = classifier.score(["you are a donkey"], ["en"])
print(dict(zip(classifier.labels, scores.probabilities[0], strict=True)))
print(scores.evidence[0])  # where this is false, do not rely on the number
```

{INTENDED}

Links: the cards of [linear](linear.md) and [transformer](transformer.md), [training data](../data.md),
[cascade](../cascade.md), [policy](../policy.md), [explanations](../explanations.md),
[quality](../results/quality.md)."""


def card(folder: Path, report: Report | None = None, earlier: Path | None = None) -> str:
    """The whole card as Markdown, from ``manifest.json`` and, where it is there, ``exits.json`` of the folder.

    ``report`` is what ``weir evaluate --json`` wrote for the cascade; it brings the shares of allow, review and act.
    Without it those of the card ``earlier`` stay, if they are of this very ensemble.
    Raises ArtifactError where a file is damaged or the exits belong to another ensemble.
    """
    manifest = ensemble_manifest.load(folder)
    kinds = [member.kind for member in manifest.members]
    note = "its annotated validation rows where there are 30 of either class, mixes that did not see the row"
    return page(
        f"Model card: {plain(manifest.name)}",
        [
            _summary(manifest),
            _members(manifest),
            _training(manifest),
            POLICY,
            data.omitted(manifest.omitted),
            ANNOTATION,
            results.benchmarks(manifest.heads, "Sources written to fool classifiers are left out here and below."),
            results.by_source(manifest.metrics, kinds, note),
            "False alarms on harmless sentences: in the members' cards and on the page about "
            "[quality](../results/quality.md).",
            published.section(manifest.metrics),
            results.evidence(manifest.heads, manifest.recipe.evidence_rule),
            _limits(manifest),
            early(beside(folder, manifest.version)),
            outcomes(report, earlier_outcomes(earlier, manifest.version)),
            results.quantization(manifest.metrics, "It has no weights; its members' cards say how theirs lie."),
            _BIAS,
            _USE,
        ],
    )


def _summary(manifest: EnsembleManifest) -> str:
    return (
        f"## What it is\n\nVersion `{plain(manifest.version)}`, artifact format {manifest.format_version}. Labels: "
        f"{', '.join(map(plain, manifest.labels)) or 'none'}.\n\n"
        f"- {len(manifest.members)} trained classifiers score each text; the folder holds how they are mixed and no "
        "weights.\n"
        "- For each label and language: p = sigmoid(sum of slope × logit + offset), no slope below 0.\n"
        "- This is mixing and calibration in one. A label that a member does not know is scored by the others.\n"
        "- A language with few rows is held to the mix of all languages.\n"
        "- A text that is unlike those it was tested on gets a score without evidence."
    )


def _members(manifest: EnsembleManifest) -> str:
    rows = [[plain(each.kind), f"`{plain(each.version)}`", _folder(each.path)] for each in manifest.members]
    slopes = [f"slope of {plain(each.kind)}" for each in manifest.members]
    mixes = [_mix(head) for head in manifest.heads]
    return "\n\n".join(
        [
            "## Members and mixing",
            table(["member", "version", "folder"], rows),
            "Slopes and offset for languages without their own, and how many have their own:",
            table(["label", *slopes, "offset", "languages with their own"], mixes),
        ]
    )


def _folder(path: str) -> str:
    """The last part of a member's path: the rest is of the machine that it was fitted on."""
    return plain(PurePosixPath(path).name)


def _mix(head: EnsembleHead) -> list[str]:
    """A dash where a member does not know the label."""
    slopes = ["-" if own is None else f"{slope:.3f}" for own, slope in zip(head.own, head.mix.slopes, strict=True)]
    return [plain(head.label), *slopes, f"{head.mix.offset:.3f}", str(len(head.mixes))]


def _training(manifest: EnsembleManifest) -> str:
    recipe = manifest.recipe
    return paragraphs(
        [
            "## Training data",
            f"{data.read_from(manifest.sources, manifest.data_digest, recipe.limit)} The ensemble was fitted on the "
            "annotated rows of their validation part, without sources written to fool classifiers. Its members were "
            "trained on the training part; their cards say how.",
            data.refused(manifest.refused_rows, manifest.held_out_digest),
            f"{data.method(recipe.method)}; seed {recipe.seed}. Settings: {data.settings(recipe.settings)}."
            f"{data.libraries(recipe.libraries)}",
            data.files(manifest.sources),
        ]
    )


def _limits(manifest: EnsembleManifest) -> str:
    limits = manifest.limits
    return (
        "Whatever the language, nothing that is said of a text counts as evidence where its language is unknown, "
        f"where more than {limits.unknown_share:.1%} of its pieces are unknown to a member, or where the members' "
        f"own probabilities lie more than {limits.disagreement:.3f} apart. The limits are the "
        f"{limits.percentile:g}th percentile of the validation texts in supported languages, the first at least 10 %."
    )
