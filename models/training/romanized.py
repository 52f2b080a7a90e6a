"""Trains the small classifier that tells romanised languages from others in Latin letters."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models import artifacts, lanes
from models.calibration import fit_line
from models.errors import DataError
from models.features import FeatureSettings
from models.language import words_of
from models.manifest import FORMAT_VERSION, Head, Manifest, Metric, Recipe, Source
from models.metrics import auc
from models.romanized import mostly_latin
from models.training.data import Reader, Row, held_out_digest, without_held_out
from models.training.libraries import LINEAR, versions
from models.training.matrix import featurize
from models.training.quantize import quantize
from models.training.solver import Problem, solve

NAME = "romanized.v1"
_FEATURES = FeatureSettings(hash_bits=17, char_order=4, word_order=1)
_PRIOR_VARIANCE, _ITERATIONS, _FEWEST_ROWS = 1.0, 60, 300


def train_romanized(
    data_dir: Path, out: Path, *, seed: int = 7, progress: Callable[[str], None] = lambda _: None
) -> Manifest:
    """Every ``*-Latn`` tag with 300 annotated rows becomes a label.

    All other rows in Latin letters are its contrast; training rows that hold a held-out probe word are left out.
    Raises DataError where there is no such tag.
    """
    reader = Reader.of(data_dir)
    rows, refused = without_held_out(row for row in reader.rows() if mostly_latin(row.text))
    tags = _tags([row for row in rows if row.split == "train"])
    rows = [row for row in rows if row.lang in tags or not row.lang.endswith("-Latn")]
    train, check = ([row for row in rows if row.split == split] for split in ("train", "validation"))
    if not tags:
        raise DataError(f"no tag that ends in -Latn has {_FEWEST_ROWS} annotated training rows in Latin letters")
    matrix = featurize([words_of(row.text) for row in train], _FEATURES)
    frequency = np.bincount(matrix.indices, minlength=_FEATURES.buckets)
    everyone = np.zeros(len(train), np.intp)
    whole, units = [], []
    for tag in tags:
        progress(f"{tag}: fitting {len(train)} texts")
        problem = Problem(matrix, _truth(train, tag), np.ones(len(train)), everyone)
        plain = solve(problem, prior_variance=_PRIOR_VARIANCE, iterations=_ITERATIONS, step=lambda _: None)
        weights, unit = quantize(plain, frequency)
        whole.append(weights)
        units.append(unit)
    stacked = np.stack(whole)
    texts = [words_of(row.text) for row in check]
    logits = lanes.text_logits(lanes.pack(stacked, _FEATURES), np.array(units), texts)
    heads, metrics = _heads(tags, units, logits, check)
    data = reader.manifest()
    manifest = Manifest(
        format_version=FORMAT_VERSION,
        name=NAME,
        version="",
        features=_FEATURES,
        heads=heads,
        omitted=(),
        data_digest=data.digest,
        sources=tuple(
            Source(file=entry.file, sha256=entry.sha256, rows=entry.rows, bad_rows=entry.bad_rows)
            for entry in data.files
        ),
        recipe=_recipe(seed),
        metrics=metrics,
        weights_sha256="",
        refused_rows=refused,
        held_out_digest=held_out_digest(),
    )
    sealed = artifacts.sealed(manifest, stacked)
    artifacts.save(out, sealed, stacked)
    return sealed


def _tags(rows: Sequence[Row]) -> tuple[str, ...]:
    annotated = [row.lang for row in rows if row.lang.endswith("-Latn") and not row.weak]
    return tuple(tag for tag in sorted(set(annotated)) if annotated.count(tag) >= _FEWEST_ROWS)


def _truth(rows: Sequence[Row], tag: str) -> NDArray[np.float64]:
    return np.array([row.lang == tag for row in rows], np.float64)


def _heads(
    tags: Sequence[str], units: Sequence[float], logits: NDArray[np.float64], check: Sequence[Row]
) -> tuple[tuple[Head, ...], tuple[Metric, ...]]:
    heads, metrics = [], []
    for column, tag in enumerate(tags):
        truth = _truth(check, tag)
        line = fit_line(logits[:, column], truth)
        heads.append(Head(label=tag, scale=units[column], line=line, lines={}, records={}))
        value = auc(logits[:, column], truth > 0)
        if value is not None:
            metrics.append(Metric(name="validation_auc", scope=tag, value=round(value, 4)))
    return tuple(heads), tuple(metrics)


def _recipe(seed: int) -> Recipe:
    return Recipe(
        method="L2-regularised logistic regression over hashed n-grams of words without handles and addresses",
        seed=seed,
        limit=None,
        settings={"prior_variance": _PRIOR_VARIANCE, "iterations": float(_ITERATIONS)},
        evidence_rule="none: its labels are languages",
        libraries=versions(LINEAR),
    )
