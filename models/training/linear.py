"""Trains the linear classifier: read, weigh, fit, quantise, calibrate, measure, save."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import msgspec.structs
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from models import artifacts, lanes
from models.classifiers.linear import LinearClassifier
from models.errors import DataError
from models.features import FeatureSettings
from models.manifest import Head, Manifest, Metric
from models.metrics import stratified_auc
from models.training.alarms import alarms
from models.training.data import Reader, without_held_out
from models.training.heads import Validation, build_head
from models.training.matrix import featurize
from models.training.own_rows import digest_of, own_rows
from models.training.parts import Part, sample
from models.training.quantize import quantize
from models.training.recipe import ADVERSARIAL, RecipeSettings, evidence_rule, row_weight
from models.training.solver import Problem, rarity, solve
from models.training.summary import omitted, recipe, seal

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Fitted:
    """One label after fitting."""

    label: str
    weights: NDArray[np.int8]
    unit: float
    plain: NDArray[np.float32]  # before quantisation


def train(
    data_dir: Path,
    out: Path,
    *,
    seed: int = 7,
    limit: int | None = None,
    progress: Progress = lambda _: None,
    features: FeatureSettings | None = None,
    settings: RecipeSettings | None = None,
) -> Manifest:
    """Train on every ``*.jsonl`` and ``*.jsonl.gz`` of a folder and write an artifact to ``out``.

    Training rows that hold a held-out probe word are left out, so that probes measure what was not learned by heart;
    the train half of the project's own sentences is added, unless the rows are limited.
    ``limit`` takes that many rows, drawn by the seed. The same files, seed, limit and library versions on one
    machine give the same artifact, byte for byte. ``progress`` gets a line at every step. Raises DataError where
    no label has both positives and negatives, or none has evidence in any language.
    """
    features, settings = features or FeatureSettings(), settings or RecipeSettings()
    reader = Reader.of(data_dir)
    read, refused = without_held_out(reader.rows())
    own = own_rows({label for row in read for label in row.labels}) if limit is None else []
    rows = sample([*read, *own], settings, np.random.default_rng(seed), limit)
    data = reader.manifest()
    progress(
        f"kept {len(rows)} rows of {len(data.files)} files; {data.bad_rows} bad rows refused, {refused} for a "
        "held-out word"
    )
    fit_part = Part.of([row for row in rows if row.split == "train"])
    check_part = Part.of([row for row in rows if row.split == "validation" and not row.weak])
    matrix = featurize([row.text for row in fit_part.rows], features)
    progress(f"{matrix.nnz} n-grams in {matrix.shape[0]} texts")
    labels = tuple(dict.fromkeys(label for row in rows for label in row.labels))
    fitted = [fit for label in labels if (fit := _fit(label, fit_part, matrix, settings, progress))]
    del matrix
    if not fitted:
        raise DataError("no label has both positives and negatives in the train split")
    heads, metrics = _heads(fitted, fit_part, check_part, features, settings, seed)
    kept = [(fit, head) for fit, head in zip(fitted, heads, strict=True) if head.evidence]
    if not kept:
        raise DataError(f"no label has evidence in any language; a head needs {evidence_rule(settings)}")
    weights = np.stack([fit.weights for fit, _ in kept])
    without = omitted(labels, {head.label: head for head in heads}, fit_part)
    manifest = seal(
        tuple(head for _, head in kept), without, weights, features, data, recipe(settings, seed, limit), metrics
    )
    held = [row for row in rows if row.split == "validation"]
    extra = alarms(LinearClassifier(manifest, weights), held)
    manifest = msgspec.structs.replace(
        manifest,
        metrics=(*manifest.metrics, *extra),
        refused_rows=refused,
        own_rows=len(own),
        own_digest=digest_of(own),
    )
    artifacts.save(out, manifest, weights)
    progress(f"saved {manifest.name} {manifest.version}: {', '.join(manifest.labels)}")
    return manifest


def _fit(label: str, part: Part, matrix: csr_matrix, settings: RecipeSettings, progress: Progress) -> Fitted | None:
    truth = part.truth(label)
    known = np.flatnonzero(truth >= 0)
    if not (truth == 1).any() or not (truth == 0).any():
        progress(f"{label}: no head, it needs both positives and negatives")
        return None
    groups = np.unique(part.languages[known], return_inverse=True)[1]
    weights = np.array([row_weight(part.rows[index], settings) for index in known])
    chosen = matrix[known]
    frequency = np.bincount(chosen.indices, minlength=matrix.shape[1])
    scales = rarity(frequency, known.size, settings.rarity_power)
    chosen.data *= scales[chosen.indices]
    problem = Problem(chosen, truth[known].astype(np.float64), weights, groups)
    scaled = solve(
        problem,
        prior_variance=settings.prior_variance,
        iterations=settings.iterations,
        step=lambda done: progress(f"{label}: iteration {done} of at most {settings.iterations}"),
    )
    plain = scaled * scales
    return Fitted(label, *quantize(plain, frequency), plain)


def _heads(
    fitted: list[Fitted],
    fit_part: Part,
    check_part: Part,
    features: FeatureSettings,
    settings: RecipeSettings,
    seed: int,
) -> tuple[list[Head], tuple[Metric, ...]]:
    texts = [row.text for row in check_part.rows]
    units = np.array([fit.unit for fit in fitted])
    logits = lanes.text_logits(lanes.pack(np.stack([fit.weights for fit in fitted]), features), units, texts)
    matrix = featurize(texts, features)
    heads, metrics = [], []
    for column, fit in enumerate(fitted):
        truth = check_part.truth(fit.label)
        known = np.flatnonzero(truth >= 0)
        natural = np.flatnonzero((truth >= 0) & ~np.isin(check_part.sources, sorted(ADVERSARIAL)))
        train_counts = (fit_part.truth(fit.label), fit_part.languages, fit_part.weak)
        validation = _validation(check_part, truth, logits[:, column], natural)
        heads.append(build_head(fit.label, fit.unit, validation, train_counts, settings, seed))
        metrics += _quantization(
            fit, _validation(check_part, truth, logits[:, column], known), matrix[known] @ fit.plain
        )
    return heads, tuple(metrics)


def _validation(
    part: Part, truth: NDArray[np.int8], logits: NDArray[np.float64], rows: NDArray[np.intp]
) -> Validation:
    return Validation(logits[rows], truth[rows] == 1, part.languages[rows], part.sources[rows])


def _quantization(fit: Fitted, validation: Validation, plain: NDArray[np.float32]) -> list[Metric]:
    """What quantisation costs: AUC of int8 weights less AUC of float weights, for each source."""
    losses = []
    for source in np.unique(validation.sources):
        rows = validation.sources == source
        one = np.zeros(int(rows.sum()), np.intp)
        before = stratified_auc(plain[rows].astype(np.float64), validation.truth[rows], one)
        after = stratified_auc(validation.logits[rows], validation.truth[rows], one)
        if before is not None and after is not None:
            scope = f"{fit.label}/{source}"
            losses.append(Metric(name="validation_auc", scope=scope, value=round(after, 4)))
            losses.append(Metric(name="auc_change_by_int8", scope=scope, value=round(after - before, 4)))
    return losses
