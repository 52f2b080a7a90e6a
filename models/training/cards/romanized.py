"""The card of the classifier that tells romanised languages apart."""

from models.manifest import Manifest
from models.romanized import MIN_PROBABILITY
from models.training.cards import data
from models.training.cards.markdown import number, page, paragraphs, plain, table

BEYOND_DOUBT = 0.95  # from which fastText is believed without asking this classifier

_BIAS = """\
## Bias and limits

- **Mixed by nature.** Some rows that count against it are English sentences inside a Kannada or Urdu thread.
- **Few subjects.** It knows tweets (Urdu) and film comments (Kannada, Malayalam); other subjects will do worse.
- **Hindi.** In Latin letters it is named `ur-Latn`, if at all. Spoken, the two are close, but the evidence claimed
  for `ur-Latn` was not measured on Hindi.
- **Other languages.** Tamil, Bengali, Arabic, Russian and others in Latin letters are unknown to it: they come out as
  `und` or as a language of Latin script."""

_USE = """\
## How to use

```python
from models.language import detect

print(detect(["tum bilkul pagal ho yaar kya bakwas kar rahe ho"])[0].tag)
```

Intended: choosing the calibration and the evidence of the language that a text is in. It says nothing of harm.

Links: [training data](../data.md), [artifacts](../models.md), [cascade](../cascade.md)."""


def card(manifest: Manifest) -> str:
    """The whole card as Markdown."""
    return page(
        f"Model card: {plain(manifest.name)}",
        [_summary(manifest), _training(manifest), _benchmarks(manifest), _BIAS, _USE],
    )


def _summary(manifest: Manifest) -> str:
    features = manifest.features
    size = len(manifest.heads) * features.buckets / 1e6
    return (
        f"## What it is\n\nVersion `{plain(manifest.version)}`, artifact format {manifest.format_version}. "
        f"Languages: {', '.join(map(plain, manifest.labels)) or 'none'}.\n\n"
        "Names languages written in Latin letters that the fastText identifier does not know in this writing. "
        "`models.language.detect` asks it about texts in Latin letters of which fastText is less than "
        f"{BEYOND_DOUBT:.0%} sure, and believes it from a probability of {MIN_PROBABILITY:g}.\n\n"
        f"Linear weights over hashed n-grams: characters of order 1 to {features.char_order}, words up to order "
        f"{features.word_order}, {features.buckets:,} buckets, int8, {size:.1f} MB."
    )


def _training(manifest: Manifest) -> str:
    recipe = manifest.recipe
    return paragraphs(
        [
            "## Training data",
            data.read_from(manifest.sources, manifest.data_digest, recipe.limit),
            data.refused(manifest.refused_rows, manifest.held_out_digest),
            "Rows in Latin letters only. Each language stands against all other rows; its own are those of sources "
            "whose tag ends in `-Latn`.",
            f"{data.method(recipe.method)}; seed {recipe.seed}. Settings: {data.settings(recipe.settings)}."
            f"{data.libraries(recipe.libraries)}",
            data.files(manifest.sources),
        ]
    )


def _benchmarks(manifest: Manifest) -> str:
    rows = [[plain(each.scope), number(each.value)] for each in manifest.metrics if each.name == "validation_auc"]
    return "\n\n".join(
        [
            "## Benchmarks",
            "Validation part of the sources, rows in Latin letters, one language against all others. The sources "
            "differ in subject as well as in language, which makes this easier than it looks. How often `detect` "
            "as a whole names a language rightly was not measured.",
            table(["language", "AUC"], rows) if rows else "AUC: not measured.",
        ]
    )
