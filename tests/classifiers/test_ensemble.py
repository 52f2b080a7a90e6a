"""Classifiers that decide together: fitted on validation rows, honest about what they were not tested on."""

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec.structs
import numpy as np
import pytest
from numpy.typing import NDArray

from models import ensemble_manifest
from models.artifacts import read_manifest
from models.classifiers.ensemble import EnsembleClassifier
from models.classifiers.linear import LinearClassifier
from models.ensemble_manifest import EnsembleManifest
from models.errors import ArtifactError, DataError
from models.exits import EXITS_FILE, Exits
from models.features import FeatureSettings
from models.mixing import Mix, stacked_logits
from models.probes.probes import held_out, languages
from models.tags import base_tag
from models.thresholds import Thresholds
from models.training.data import held_out_digest
from models.training.ensemble import Member, fit, open_members
from models.training.linear import train
from models.training.recipe import RecipeSettings

SETTINGS = RecipeSettings(iterations=25, evidence_train_rows=50, bootstrap=50)
KNOWN_TO_LINEAR, KNOWN_TO_STUB, GOOD = "grumpf", "znork", ""
FILLER = ("old", "house", "near", "river", "many", "rooms", "some", "used", "guests", "summer", "by", "in", "the")
HELD = 9  # training rows that hold a word that only probes may use
THRESHOLDS = {"toxicity": Thresholds(review_from=0.25, act_from=0.95, review_without_evidence=True)}


class Stub:
    """Knows one word, and the label spam, which the linear member does not know."""

    name = "stub"

    labels = ("spam", "toxicity")

    def __init__(self, version: str = "stub-1") -> None:
        self.version = version

    def logits(self, texts: Sequence[str]) -> NDArray[np.float64]:
        found = [[6.0 * ("casino" in text) - 3.0, 6.0 * (KNOWN_TO_STUB in text) - 3.0] for text in texts]
        return np.array(found).reshape(len(texts), 2)

    def unknown_share(self, texts: Sequence[str]) -> NDArray[np.float64]:
        return np.array([text.count("\u16a0") / max(len(text), 1) for text in texts])


def _row(draw: random.Random, lang: str, word: str, split: str) -> dict[str, object]:
    words = [*draw.sample(FILLER, 6), word or draw.choice(FILLER)]
    spam = draw.random() < 0.5
    draw.shuffle(words)
    text = " ".join([*words, "casino"] if spam else words)
    toxicity = int(word != GOOD)
    return {
        "text": text,
        "lang": lang,
        "labels": {"toxicity": toxicity, "spam": int(spam) if lang == "en" else None},
        "source": f"own_{lang}",
        "split": split,
    }


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rows in which the linear member never saw one of the two bad words in training."""
    draw = random.Random(5)
    folder = tmp_path_factory.mktemp("ensemble") / "data"
    folder.mkdir()
    rows = []
    for n in range(2400):
        split = "validation" if n % 3 == 0 else "train"
        bad = KNOWN_TO_LINEAR if split == "train" else draw.choice((KNOWN_TO_LINEAR, KNOWN_TO_STUB))
        word = bad if draw.random() < 0.5 else GOOD
        rows.append(_row(draw, draw.choice(("en", "en", "de")), word, split))
    rows += [_row(draw, "fr", KNOWN_TO_LINEAR if n % 2 else GOOD, "validation") for n in range(200)]
    held = [_row(draw, "en", KNOWN_TO_LINEAR, "train") for _ in range(HELD)]
    rows += [row | {"text": f"{row['text']} {held_out('en')[0]}"} for row in held]
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    return folder


@pytest.fixture(scope="module")
def linear(data: Path) -> Path:
    only = data.parent / "only-toxicity"
    only.mkdir()
    rows = [json.loads(line) for line in (data / "rows.jsonl").read_text().splitlines()]
    kept = [row | {"labels": {"toxicity": row["labels"]["toxicity"]}} for row in rows]
    (only / "rows.jsonl").write_text("\n".join(map(json.dumps, kept)))
    train(only, data.parent / "linear", features=FeatureSettings(hash_bits=14), settings=SETTINGS)
    return data.parent / "linear"


@pytest.fixture(scope="module")
def members(linear: Path) -> list[Member]:
    stub = Member("transformer", linear.parent / "stub", Stub())
    return [*open_members({"linear": linear}), stub]


@pytest.fixture(scope="module")
def fitted(data: Path, members: list[Member]) -> tuple[EnsembleManifest, Path, list[str]]:
    out, lines = data.parent / "ensemble", list[str]()
    lower = LinearClassifier.load(members[0].folder)
    manifest = fit(data, out, members, lower=lower, thresholds=THRESHOLDS, progress=lines.append, settings=SETTINGS)
    return manifest, out, lines


@pytest.fixture(scope="module")
def classifier(fitted: tuple[EnsembleManifest, Path, list[str]], members: list[Member]) -> EnsembleClassifier:
    return EnsembleClassifier(fitted[0], [member.classifier for member in members])


TEXTS = ["the old grumpf house", "the old znork river", "the old flower house", "x", "casino " * 300, "\ud800", "😀"]


def test_the_ensemble_knows_what_either_member_knows(classifier: EnsembleClassifier) -> None:
    toxicity = classifier.labels.index("toxicity")
    found = classifier.score(TEXTS[:3], ["en"] * 3).probabilities[:, toxicity]
    assert found[0] > 0.6
    assert found[1] > 0.6
    assert found[2] < 0.3


def test_the_mix_is_better_on_rows_that_it_was_not_fitted_on_than_each_member(
    fitted: tuple[EnsembleManifest, Path, list[str]],
) -> None:
    found = {metric.name: metric.value for metric in fitted[0].metrics if metric.scope == "toxicity/own_en"}
    assert found["validation_auc"] > found["validation_auc_of_linear"]
    assert found["validation_auc"] > found["validation_auc_of_transformer"]


def test_a_label_that_one_member_knows_is_scored_by_that_member_alone(classifier: EnsembleClassifier) -> None:
    spam = classifier.labels.index("spam")
    head = classifier.manifest.heads[spam]
    assert head.mix.slopes[0] == 0.0
    assert head.mix.slopes[1] > 0.0
    assert head.own[0] is None
    low, high = classifier.score(["the old house", "casino"], ["en", "en"]).probabilities[:, spam]
    assert low < 0.1
    assert high > 0.9


def test_a_language_without_training_rows_has_no_evidence(classifier: EnsembleClassifier) -> None:
    scores = classifier.score(["the old flower house"] * 5, ["en", "en-GB", "fr", "und", "xx"])
    toxicity = classifier.labels.index("toxicity")
    assert scores.evidence[:, toxicity].tolist() == [True, True, False, False, False]


def test_a_label_has_evidence_only_in_languages_that_have_rows_of_it(classifier: EnsembleClassifier) -> None:
    evidence = classifier.score(["the old flower house"], ["de"]).evidence[0]
    assert evidence[classifier.labels.index("toxicity")]
    assert not evidence[classifier.labels.index("spam")]


def test_a_text_in_an_unknown_writing_has_no_evidence(classifier: EnsembleClassifier) -> None:
    scores = classifier.score(["the old house \u16a0", "\u16a0" * 40], ["en", "en"])
    assert scores.evidence[0].all()
    assert not scores.evidence[1].any()


def test_a_text_over_which_the_members_fall_out_has_no_evidence(classifier: EnsembleClassifier) -> None:
    texts = ["used grumpf znork rooms by the river", "used znork rooms by the river"]
    near, far = classifier.disagreement(stacked_logits(classifier.members, classifier.labels, texts), ["en", "en"])
    assert near < far
    limits = msgspec.structs.replace(classifier.manifest.limits, disagreement=(near + far) / 2)
    strict = EnsembleClassifier(msgspec.structs.replace(classifier.manifest, limits=limits), classifier.members)
    agree, apart = strict.score(texts, ["en", "en"]).evidence
    assert agree.all()
    assert not apart.any()


def test_few_of_the_texts_it_was_fitted_on_are_beyond_the_limits(classifier: EnsembleClassifier, data: Path) -> None:
    rows = [json.loads(line) for line in (data / "rows.jsonl").read_text().splitlines()]
    texts = [row["text"] for row in rows if row["lang"] == "en" and row["split"] == "validation"]
    evidence = classifier.score(texts, ["en"] * len(texts)).evidence
    assert evidence.any(axis=1).mean() > 0.98


def test_a_batch_of_one_is_a_batch_of_many_bit_for_bit(classifier: EnsembleClassifier) -> None:
    many = classifier.score(TEXTS * 9, ["en"] * len(TEXTS) * 9)
    one = [classifier.score([text], ["en"]) for text in TEXTS]
    assert np.array_equal(many.probabilities, np.concatenate([each.probabilities for each in one] * 9))
    assert np.array_equal(many.evidence, np.concatenate([each.evidence for each in one] * 9))


def test_scores_are_finite_probabilities_of_the_stated_labels(classifier: EnsembleClassifier) -> None:
    scores = classifier.score(TEXTS, ["en", "de", "fr", "und", "", "zz", "en-US"])
    assert scores.probabilities.shape == scores.evidence.shape == (len(TEXTS), len(classifier.labels))
    assert scores.probabilities.dtype == np.float32
    assert np.isfinite(scores.probabilities).all()
    assert ((scores.probabilities >= 0) & (scores.probabilities <= 1)).all()


def test_an_empty_batch_has_no_rows(classifier: EnsembleClassifier) -> None:
    assert classifier.score([], []).evidence.shape == (0, len(classifier.labels))


@pytest.mark.parametrize("blank", ["", " ", "\n\t ", "\x00", "\u3000\u200b\ufeff"])
def test_a_blank_text_scores_nothing_without_evidence(classifier: EnsembleClassifier, blank: str) -> None:
    scores = classifier.score([blank, "znork"], ["en", "en"])
    assert not scores.probabilities[0].any()
    assert not scores.evidence[0].any()
    assert scores.probabilities[1].any()


def test_texts_and_languages_must_pair_up(classifier: EnsembleClassifier) -> None:
    with pytest.raises(ValueError, match="one tag a text"):
        classifier.score(["a", "b"], ["en"])


def test_a_member_that_gives_no_number_shows_in_its_own_labels_alone(classifier: EnsembleClassifier) -> None:
    class Broken(Stub):
        def logits(self, texts: Sequence[str]) -> NDArray[np.float64]:
            return np.array([[np.nan, 0.0]] * len(texts))

    broken = EnsembleClassifier(classifier.manifest, [classifier.members[0], Broken()])
    found = broken.score(["the old house"], ["en"]).probabilities[0]
    assert np.isnan(found[classifier.labels.index("spam")])
    assert np.isfinite(found[classifier.labels.index("toxicity")])


def test_what_was_fitted_is_on_disk_with_exits_for_both_versions(
    fitted: tuple[EnsembleManifest, Path, list[str]], members: list[Member]
) -> None:
    manifest, out, lines = fitted
    assert ensemble_manifest.load(out) == manifest
    assert [entry.path for entry in manifest.members] == ["../linear", "../stub"]
    found = msgspec.json.decode((out / EXITS_FILE).read_bytes(), type=Exits)
    assert (found.lower, found.upper) == (members[0].classifier.version, manifest.version)
    assert found.changed <= found.target
    assert any("leave early" in line for line in lines)


def test_every_language_with_probes_has_a_record_that_says_that_nothing_is_known(
    fitted: tuple[EnsembleManifest, Path, list[str]],
) -> None:
    for head in fitted[0].heads:
        assert {base_tag(tag) for tag in languages()} <= head.records.keys()
        for tag in ("fil", "no", "ta-Latn", "te-Latn"):
            assert head.records[tag].evidence is False
            assert head.records[tag].validation_positives == 0


def test_the_manifests_say_what_they_were_computed_with(
    fitted: tuple[EnsembleManifest, Path, list[str]], linear: Path
) -> None:
    of_linear = read_manifest(linear).recipe.libraries
    assert set(of_linear) == {"python", "numpy", "scipy"}
    assert of_linear["numpy"] == np.__version__
    assert of_linear.items() < fitted[0].recipe.libraries.items()
    assert {"torch", "sentencepiece"} <= fitted[0].recipe.libraries.keys()


def test_rows_that_the_members_refused_are_not_counted(
    fitted: tuple[EnsembleManifest, Path, list[str]], linear: Path
) -> None:
    manifest = fitted[0]
    toxicity = next(head for head in manifest.heads if head.label == "toxicity")
    own, theirs = (found.records["en"] for found in (toxicity, read_manifest(linear).heads[0]))
    assert (own.train_positives, own.train_negatives) == (theirs.train_positives, theirs.train_negatives)
    assert (manifest.refused_rows, manifest.held_out_digest) == (HELD, held_out_digest())


def test_the_same_data_and_seed_give_the_same_bytes(
    fitted: tuple[EnsembleManifest, Path, list[str]], data: Path, members: list[Member], tmp_path: Path
) -> None:
    again = fit(data, tmp_path / "again", members, settings=SETTINGS)
    assert again.version == fitted[0].version
    assert again.heads == fitted[0].heads
    assert not (tmp_path / "again" / EXITS_FILE).exists()


def test_the_version_follows_the_members_the_mix_and_the_limits(
    fitted: tuple[EnsembleManifest, Path, list[str]],
) -> None:
    manifest = fitted[0]
    other_member = msgspec.structs.replace(manifest.members[0], version="other")
    other_head = msgspec.structs.replace(manifest.heads[0], mix=Mix(slopes=(1.0, 1.0), offset=0.0))
    changes = [
        {"members": (other_member, *manifest.members[1:])},
        {"heads": (other_head, *manifest.heads[1:])},
        {"limits": msgspec.structs.replace(manifest.limits, disagreement=0.111)},
    ]
    versions = {ensemble_manifest.sealed(msgspec.structs.replace(manifest, **each)).version for each in changes}
    assert len(versions | {manifest.version}) == 4


def test_a_member_of_another_version_is_refused_with_what_to_do(
    classifier: EnsembleClassifier,
) -> None:
    with pytest.raises(ArtifactError, match=r"stub-2.*fitted with stub-1.*weir train --data DIR --only ensemble"):
        EnsembleClassifier(classifier.manifest, [classifier.members[0], Stub("stub-2")])


@pytest.fixture
def pair(data: Path, linear: Path, tmp_path: Path) -> Path:
    """An ensemble of two linear classifiers on disk."""
    first, second = (Path(shutil.copytree(linear, tmp_path / name)) for name in ("first", "second"))
    both = [*open_members({"linear": first}), *open_members({"linear": second})]
    fit(data, tmp_path / "pair", both, settings=SETTINGS)
    return tmp_path / "pair"


def test_an_ensemble_loads_with_its_members_from_beside_it(pair: Path) -> None:
    classifier = EnsembleClassifier.load(pair)
    assert classifier.labels == ("toxicity",)
    assert [member.version for member in classifier.members] == [
        entry.version for entry in classifier.manifest.members
    ]


def test_a_missing_member_is_named(pair: Path) -> None:
    shutil.rmtree(pair.parent / "second")
    with pytest.raises(ArtifactError, match="second"):
        EnsembleClassifier.load(pair)


def _edit(folder: Path, old: str, new: str) -> None:
    path = folder / ensemble_manifest.FILE
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_edited_limits_are_noticed(pair: Path) -> None:
    _edit(pair, '"percentile": 99.5', '"percentile": 12.5')
    with pytest.raises(ArtifactError, match="was edited"):
        EnsembleClassifier.load(pair)


def test_another_format_is_refused(pair: Path) -> None:
    _edit(pair, '"format_version": 1', '"format_version": 2')
    with pytest.raises(ArtifactError, match="reads version 1"):
        EnsembleClassifier.load(pair)


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format_version": 1}', "\udcff"])
def test_what_is_not_a_manifest_is_refused(pair: Path, text: str) -> None:
    (pair / ensemble_manifest.FILE).write_text(text, errors="surrogateescape")
    with pytest.raises(ArtifactError, match="manifest"):
        EnsembleClassifier.load(pair)


def test_a_folder_without_a_manifest_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="cannot read"):
        EnsembleClassifier.load(tmp_path)


def test_an_unknown_kind_of_member_is_refused_with_the_known_ones(pair: Path) -> None:
    manifest = ensemble_manifest.load(pair)
    odd = msgspec.structs.replace(manifest.members[0], kind="oracle")
    ensemble_manifest.save(
        pair, ensemble_manifest.sealed(msgspec.structs.replace(manifest, members=(odd, *manifest.members[1:])))
    )
    with pytest.raises(ArtifactError, match="linear, transformer"):
        EnsembleClassifier.load(pair)


def test_a_head_that_lacks_a_slope_is_refused(pair: Path) -> None:
    manifest = ensemble_manifest.load(pair)
    odd = msgspec.structs.replace(manifest.heads[0], mix=Mix(slopes=(1.0,), offset=0.0))
    ensemble_manifest.save(pair, ensemble_manifest.sealed(msgspec.structs.replace(manifest, heads=(odd,))))
    with pytest.raises(ArtifactError, match="one slope for each of 2 members"):
        EnsembleClassifier.load(pair)


def test_data_without_validation_rows_are_refused(members: list[Member], tmp_path: Path) -> None:
    row = _row(random.Random(1), "en", GOOD, "train")
    (tmp_path / "rows.jsonl").write_text(json.dumps(row))
    with pytest.raises(DataError, match="validation"):
        fit(tmp_path, tmp_path / "out", members, settings=SETTINGS)


def test_data_that_prove_nothing_are_refused(members: list[Member], tmp_path: Path) -> None:
    row = _row(random.Random(1), "en", GOOD, "validation")
    (tmp_path / "rows.jsonl").write_text(json.dumps(row))
    with pytest.raises(DataError, match="no label has evidence"):
        fit(tmp_path, tmp_path / "out", members, settings=SETTINGS)


def test_importing_it_brings_neither_torch_nor_the_training_libraries() -> None:
    code = "import sys, models.classifiers.ensemble; print({'torch', 'scipy', 'transformers'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.strip() == "set()"
