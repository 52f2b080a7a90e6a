"""The manifest of a training run."""

import numpy as np
from numpy.typing import NDArray

from models import artifacts
from models.features import FeatureSettings
from models.manifest import FORMAT_VERSION, Head, Manifest, Metric, Omitted, Recipe, Source
from models.training.data import DataManifest, held_out_digest
from models.training.libraries import LINEAR, versions
from models.training.parts import Part
from models.training.recipe import RecipeSettings, evidence_rule

NAME = "linear.v1"


def omitted(labels: tuple[str, ...], heads: dict[str, Head], part: Part) -> tuple[Omitted, ...]:
    reasons = []
    for label in labels:
        head = heads.get(label)
        if head is not None and head.evidence:
            continue
        positives = int(((part.truth(label) == 1) & ~part.weak).sum())
        reason = f"{positives} annotated positives in training; no language meets the evidence rule"
        reasons.append(Omitted(label=label, reason=reason))
    return tuple(reasons)


def recipe(settings: RecipeSettings, seed: int, limit: int | None) -> Recipe:
    numbers = {name: float(getattr(settings, name)) for name in settings.__struct_fields__}
    method = "L2-regularised logistic regression over hashed n-grams, L-BFGS, int8 weights, Platt scaling"
    return Recipe(
        method=method,
        seed=seed,
        limit=limit,
        settings=numbers,
        evidence_rule=evidence_rule(settings),
        libraries=versions(LINEAR),
    )


def seal(
    heads: tuple[Head, ...],
    without: tuple[Omitted, ...],
    weights: NDArray[np.int8],
    features: FeatureSettings,
    data: DataManifest,
    made_by: Recipe,
    metrics: tuple[Metric, ...],
) -> Manifest:
    shipped = {head.label for head in heads}
    sources = tuple(
        Source(file=entry.file, sha256=entry.sha256, rows=entry.rows, bad_rows=entry.bad_rows) for entry in data.files
    )
    return artifacts.sealed(
        Manifest(
            format_version=FORMAT_VERSION,
            name=NAME,
            version="",
            features=features,
            heads=heads,
            omitted=without,
            data_digest=data.digest,
            sources=sources,
            recipe=made_by,
            metrics=tuple(metric for metric in metrics if metric.scope.split("/")[0] in shipped),
            weights_sha256="",
            held_out_digest=held_out_digest(),
        ),
        weights,
    )
