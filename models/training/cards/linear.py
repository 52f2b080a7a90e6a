"""The card of the linear classifier."""

from models.manifest import Manifest
from models.training.cards import data, results
from models.training.cards.markdown import page, paragraphs, plain
from models.training.cards.text import AGE, ANNOTATION, BASE_RATES, DIALECT, INTENDED, POLICY

_BIAS = f"""## Bias and limits

{BASE_RATES}
{DIALECT}
- **Adversarial text.** On emoji hate written to fool classifiers, `hate` is no better than chance (table by source).
  Such sources are left out of the evidence rule, a choice made after seeing this; with them, English `hate` was 0.70
  (0.68 to 0.72) in version 1 and would have missed the rule.
- **Meaning.** Sarcasm, implied hate, insults without insulting words and anything that needs context or knowledge of
  the conversation are beyond it.
- **Obfuscation.** Character n-grams survive a few changed letters. Undo confusables and spacing tricks before
  scoring. Texts are expected as the stream sees them (`models.text.normalize.seen`).
- **Language.** Weak rows in over 100 languages keep harmless sentences from looking alarming, and could teach
  that these languages are harmless; that is what the missing evidence stands for.
- **Dilution.** Within a window the sum is divided by the square root of its n-grams, so a short insult in a window
  full of harmless text scores lower than alone. Windows bound this, they do not end it.
{AGE}"""

_USE = f"""## How to use

```python
from models.artifacts import default_artifact
from models.classifiers.linear import LinearClassifier

classifier = LinearClassifier.load(default_artifact())
scores = classifier.score(["you are a donkey"], ["en"])
print(dict(zip(classifier.labels, scores.probabilities[0], strict=True)))
print(scores.evidence[0])  # where this is false, do not rely on the number
```

{INTENDED}

Links: [training data](../data.md), [cascade](../cascade.md), [policy](../policy.md)."""


def card(manifest: Manifest) -> str:
    """The whole card as Markdown."""
    return page(
        f"Model card: {plain(manifest.name)}",
        [
            _summary(manifest),
            _training(manifest),
            POLICY,
            data.omitted(manifest.omitted),
            ANNOTATION,
            results.benchmarks(manifest.heads),
            results.by_source(manifest.metrics),
            results.alarms(manifest.metrics),
            results.evidence(manifest.heads, manifest.recipe.evidence_rule),
            results.quantization(manifest.metrics, "Not measured."),
            _BIAS,
            _USE,
        ],
    )


def _summary(manifest: Manifest) -> str:
    features = manifest.features
    return (
        f"## What it is\n\nVersion `{plain(manifest.version)}`, artifact format {manifest.format_version}. Labels: "
        f"{', '.join(map(plain, manifest.labels)) or 'none'}.\n\n"
        f"Linear weights over hashed n-grams: characters of order 1 to {features.char_order} and words of order 1 to "
        f"{features.word_order}, {features.buckets:,} buckets, int8, {_size(manifest)} MB. A text longer than "
        f"{features.window_chars:,} characters is cut into overlapping windows and gets the maximum over them. It is "
        "the cheap first level of a cascade, not a judge: it knows words and spellings, not meaning."
    )


def _size(manifest: Manifest) -> str:
    return f"{len(manifest.heads) * manifest.features.buckets / 1e6:.1f}"


def _training(manifest: Manifest) -> str:
    recipe = manifest.recipe
    return paragraphs(
        [
            "## Training data",
            data.read_from(manifest.sources, manifest.data_digest, recipe.limit),
            data.refused(manifest.refused_rows, manifest.held_out_digest),
            _own(manifest),
            f"{data.method(recipe.method)}; seed {recipe.seed}. Settings: {data.settings(recipe.settings)}."
            f"{data.libraries(recipe.libraries)}",
            "Unknown labels are masked. Weak rows (sentences nobody annotated for this) are capped for each language "
            "and count less, as do sources with low annotator agreement and sources with positives only. An "
            "intercept a language is fitted and then dropped, so that the language of a text is not itself a sign "
            "of harm or harmlessness.",
            data.files(manifest.sources),
        ]
    )


def _own(manifest: Manifest) -> str:
    """Nothing where none were added, or where the manifest is older than the count."""
    if not manifest.own_rows:
        return ""
    return (
        f"{manifest.own_rows:,} sentences made here were added to these rows (digest "
        f"`{plain(manifest.own_digest)[:16]}`): the train half of the templates in `models/probes` (own work, "
        "CC0-1.0), with insults against neutral words, groups of people in neutral, positive, quoting and hateful "
        "frames, and threats against idioms. They count as weak rows and are capped with them. Figures on other "
        "templates flatter a classifier that learned from these."
    )
