"""The last step of a run: heads with calibration and a record of every language, measured on the saved weights."""

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec.structs
import numpy as np
import torch
from numpy.typing import NDArray

from models.classifiers.transformer import TransformerClassifier
from models.manifest import Head, Metric, Omitted
from models.metrics import stratified_auc
from models.sigmoid import Line
from models.training.alarms import alarms
from models.training.data import Row
from models.training.heads import Validation, build_head
from models.training.libraries import TRANSFORMER, versions
from models.training.parts import Part
from models.training.recipe import ADVERSARIAL, RecipeSettings
from models.training.summary import omitted
from models.transformer import artifact
from models.transformer.manifest import Manifest

_CHUNK = 2_048


def calibrate(
    folder: Path, train: Sequence[Row], validation: Sequence[Row], *, seed: int, report: Callable[[str], None]
) -> Manifest:
    """Fit the heads of the artifact in ``folder`` on annotated validation rows and write its manifest anew."""
    manifest, network, tokenizer = artifact.load(folder)
    settings = RecipeSettings()
    fit, check = Part.of(list(train)), Part.of([row for row in validation if not row.weak])
    plain = tuple(
        Head(label=label, scale=1.0, line=Line(slope=1.0, offset=0.0), lines={}, records={})
        for label in manifest.labels
    )
    bare = TransformerClassifier(
        msgspec.structs.replace(manifest, heads=plain), network, tokenizer, torch.device("cpu")
    )
    logits = _logits(bare, [row.text for row in check.rows], report)
    heads, metrics = [], []
    for column, label in enumerate(manifest.labels):
        truth = check.truth(label)
        known = np.flatnonzero(truth >= 0)
        natural = np.flatnonzero((truth >= 0) & ~np.isin(check.sources, sorted(ADVERSARIAL)))
        counts = (fit.truth(label), fit.languages, fit.weak)
        chosen = Validation(
            logits[natural, column], truth[natural] == 1, check.languages[natural], check.sources[natural]
        )
        heads.append(build_head(label, 1.0, chosen, counts, settings, seed))
        metrics += _by_source(label, check, truth, logits[:, column], known)
    kept = tuple(head for head in heads if head.evidence)
    labels = tuple(dict.fromkeys(label for row in train for label in row.labels))
    without: tuple[Omitted, ...] = omitted(labels, {head.label: head for head in heads}, fit)
    recipe = msgspec.structs.replace(manifest.recipe, libraries=versions(TRANSFORMER))
    manifest = msgspec.structs.replace(manifest, heads=kept, omitted=without, metrics=tuple(metrics), recipe=recipe)
    done = TransformerClassifier(manifest, network, tokenizer, torch.device("cpu"))
    manifest = msgspec.structs.replace(manifest, metrics=(*metrics, *alarms(done, list(validation))))
    return artifact.write_manifest(folder, manifest)


def _logits(
    classifier: TransformerClassifier, texts: Sequence[str], report: Callable[[str], None]
) -> NDArray[np.float64]:
    found = []
    for begin in range(0, len(texts), _CHUNK):
        found.append(classifier.logits(texts[begin : begin + _CHUNK]))
        report(f"scored {min(begin + _CHUNK, len(texts))} of {len(texts)} validation rows")
    return np.concatenate(found)


def _by_source(
    label: str, part: Part, truth: NDArray[np.int8], logits: NDArray[np.float64], known: NDArray[np.intp]
) -> list[Metric]:
    found = []
    for source in np.unique(part.sources[known]):
        rows = known[part.sources[known] == source]
        value = stratified_auc(logits[rows], truth[rows] == 1, np.zeros(rows.size, np.intp))
        if value is not None:
            found.append(Metric(name="validation_auc", scope=f"{label}/{source}", value=round(value, 4)))
    return found
