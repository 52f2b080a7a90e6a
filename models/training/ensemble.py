"""Fits an ensemble of trained classifiers on validation rows: mixing, calibration, evidence, limits, early exits."""

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import msgspec.structs
import numpy as np

from models import ensemble_manifest, exits
from models.classifier import Classifier
from models.classifiers.ensemble import EnsembleClassifier, load_member
from models.device import DeviceName
from models.ensemble_manifest import EnsembleHead, EnsembleManifest, Limits, MemberEntry
from models.errors import DataError
from models.exits import Exits
from models.language import detect
from models.manifest import Omitted, Recipe, Source
from models.mixing import MemberClassifier
from models.tags import base_tag
from models.thresholds import Thresholds
from models.training.checked import Checked, check, cross_fitted_mix, fit_head, source_metrics
from models.training.data import Reader, held_out_digest, without_held_out
from models.training.exits import TARGET, Answers, fit_exits
from models.training.libraries import LINEAR, TRANSFORMER, versions
from models.training.parts import Part, sample
from models.training.recipe import ADVERSARIAL, RecipeSettings, evidence_rule

Progress = Callable[[str], None]

_PERCENTILE = 99.5
_LEAST_UNKNOWN = 0.1  # one strange emoji does not make a text one in an unknown writing


@dataclass(frozen=True, slots=True)
class Member:
    """A trained classifier and the folder it was loaded from."""

    kind: str
    folder: Path
    classifier: MemberClassifier


def open_members(folders: Mapping[str, Path], device: DeviceName = "auto") -> list[Member]:
    """Load members from folders by kind, for example ``{"linear": …, "transformer": …}``; the order is kept."""
    return [Member(kind, folder, load_member(kind, folder, device)) for kind, folder in folders.items()]


def fit(
    data_dir: Path,
    out: Path,
    members: Sequence[Member],
    *,
    lower: Classifier | None = None,
    thresholds: Mapping[str, Thresholds] | None = None,
    seed: int = 7,
    limit: int | None = None,
    progress: Progress = lambda _: None,
    settings: RecipeSettings | None = None,
) -> EnsembleManifest:
    """Fit on the annotated validation rows of a data folder and write ``manifest.json`` to ``out``.

    With ``lower``, the level of the cascade before the ensemble, and ``thresholds``, those of the policy by label,
    ``exits.json`` is written beside it; ``lower`` must be the classifier of one of the members. ``limit`` takes that
    many rows, drawn by the seed. Training rows only count, for the evidence rule; those that members refused for a
    held-out word do not. Paths of members are stored relative to ``out``. Raises DataError where there is
    nothing to fit on or no label has evidence in any language.
    """
    settings = settings or RecipeSettings()
    reader = Reader.of(data_dir)
    read, refused = without_held_out(reader.rows())
    rows = sample(read, settings, np.random.default_rng(seed), limit)
    natural = [row for row in rows if row.split == "validation" and not row.weak and row.source not in ADVERSARIAL]
    if not natural:
        raise DataError(f"{data_dir} has no annotated rows of the validation split; docs/data.md says what is needed")
    train = Part.of([row for row in rows if row.split == "train"])
    checked = check(Part.of(natural), [member.classifier for member in members], progress)
    heads = {label: fit_head(checked, label, train, settings, seed) for label in checked.labels}
    checked = checked.only([place for place, head in enumerate(heads.values()) if head.evidence])
    if not checked.labels:
        raise DataError(f"no label has evidence in any language; a head needs {evidence_rule(settings)}")
    progress(f"fitted {', '.join(checked.labels)}")
    data = reader.manifest()
    manifest = EnsembleManifest(
        format_version=ensemble_manifest.ENSEMBLE_FORMAT,
        name=ensemble_manifest.NAME,
        version="",
        members=tuple(_entry(member, out) for member in members),
        heads=tuple(heads[label] for label in checked.labels),
        limits=Limits(unknown_share=1.0, disagreement=1.0, percentile=_PERCENTILE),
        omitted=_omitted(tuple(dict.fromkeys(label for row in rows for label in row.labels)), heads, train),
        data_digest=data.digest,
        sources=tuple(
            Source(file=each.file, sha256=each.sha256, rows=each.rows, bad_rows=each.bad_rows) for each in data.files
        ),
        recipe=_recipe(settings, seed, limit, [member.kind for member in members]),
        metrics=source_metrics(checked, [member.kind for member in members], seed),
        refused_rows=refused,
        held_out_digest=held_out_digest(),
    )
    classifier = _limited(manifest, members, checked)
    ensemble_manifest.save(out, classifier.manifest)
    progress(f"saved {classifier.name} {classifier.version}: {', '.join(classifier.labels)}")
    if lower is not None and thresholds is not None:
        found = early_exits(classifier, lower, checked, thresholds, seed=seed)
        exits.save(out, found)
        progress(f"{found.left:.0%} of the texts leave early, {found.changed:.2%} of all with another outcome")
    return classifier.manifest


def early_exits(
    classifier: EnsembleClassifier,
    lower: Classifier,
    checked: Checked,
    thresholds: Mapping[str, Thresholds],
    *,
    target: float = TARGET,
    seed: int = 7,
) -> Exits:
    """Exits from ``lower``, which must be one of the ensemble's members, in the languages as they are detected."""
    place = [member.version for member in classifier.members].index(lower.version)
    texts = [row.text for row in checked.part.rows]
    tags = np.array([base_tag(found.tag) for found in detect(texts)])
    alone = Checked(
        checked.part, checked.labels, checked.knows[:, [place]], checked.logits[:, :, [place]], checked.unknown
    )
    below = lower.score(texts, tags.tolist())
    own = below.probabilities.astype(np.float64)
    for column, label in enumerate(lower.labels):
        if label in alone.labels and alone.known(label).size:
            own[:, column] = cross_fitted_mix(alone, label, seed, tags)
    above = np.stack([cross_fitted_mix(checked, label, seed, tags) for label in checked.labels], axis=1)
    evidence = classifier.weigh(checked.logits, checked.unknown, tags.tolist()).evidence
    return fit_exits(
        Answers(lower.labels, own, below.evidence),
        Answers(checked.labels, above, evidence),
        tags,
        thresholds,
        versions=(lower.version, classifier.version),
        target=target,
        seed=seed,
    )


def _limited(manifest: EnsembleManifest, members: Sequence[Member], checked: Checked) -> EnsembleClassifier:
    """The classifier with limits that all but the strangest of the texts in supported languages keep."""
    scorers = [member.classifier for member in members]
    open_ = EnsembleClassifier(manifest, scorers)
    tags = checked.part.languages.tolist()
    supported = open_.weigh(checked.logits, checked.unknown, tags).evidence.any(axis=1)
    apart = open_.disagreement(checked.logits, tags)[supported]
    limits = Limits(
        unknown_share=max(_LEAST_UNKNOWN, _percentile(checked.unknown[supported])),
        disagreement=_percentile(apart),
        percentile=_PERCENTILE,
    )
    return EnsembleClassifier(ensemble_manifest.sealed(msgspec.structs.replace(manifest, limits=limits)), scorers)


def _percentile(values: np.ndarray) -> float:
    return round(float(np.percentile(values, _PERCENTILE)), 4)


def _entry(member: Member, out: Path) -> MemberEntry:
    path = Path(os.path.relpath(member.folder.resolve(), out.resolve())).as_posix()
    return MemberEntry(kind=member.kind, path=path, version=member.classifier.version)


def _omitted(labels: tuple[str, ...], heads: Mapping[str, EnsembleHead], train: Part) -> tuple[Omitted, ...]:
    missing = [label for label in labels if label not in heads or not heads[label].evidence]
    counts = [int(((train.truth(label) == 1) & ~train.weak).sum()) for label in missing]
    return tuple(
        Omitted(label=label, reason=f"{count} annotated positives in training; no language meets the evidence rule")
        for label, count in zip(missing, counts, strict=True)
    )


def _recipe(settings: RecipeSettings, seed: int, limit: int | None, kinds: Sequence[str]) -> Recipe:
    numbers = {name: float(getattr(settings, name)) for name in settings.__struct_fields__ if "evidence" in name}
    return Recipe(
        method="logits of the members mixed by logistic regression with slopes above 0, by label and language",
        seed=seed,
        limit=limit,
        settings=numbers,
        evidence_rule=evidence_rule(settings),
        libraries=versions(TRANSFORMER if "transformer" in kinds else LINEAR),
    )
