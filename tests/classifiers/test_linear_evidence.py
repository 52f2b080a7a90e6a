"""Evidence is claimed where the manifest proves it and nowhere else."""

import pytest

from models.artifacts import default_artifact, read_manifest
from models.classifiers.linear import LinearClassifier
from models.training.card import card

MANIFEST = read_manifest(default_artifact())


@pytest.mark.parametrize("tag", ["ru", "und", "xx", "", "sw", "ur", "en-Arab"])
def test_no_evidence_for_toxicity_where_there_is_no_proof(tag: str) -> None:
    classifier = LinearClassifier.load(default_artifact())
    scores = classifier.score(["some words here"], [tag])
    assert not scores.evidence[0, classifier.labels.index("toxicity")]


@pytest.mark.parametrize("tag", ["en", "en-GB", "EN", "en_us", "en-Latn-US"])
def test_a_region_does_not_cost_the_evidence(tag: str) -> None:
    classifier = LinearClassifier.load(default_artifact())
    assert classifier.score(["some words here"], [tag]).evidence[0, classifier.labels.index("toxicity")]


def test_every_claim_of_evidence_meets_the_stated_rule() -> None:
    rule = MANIFEST.recipe.settings
    for head in MANIFEST.heads:
        assert head.evidence
        for record in head.records.values():
            if record.evidence:
                assert min(record.train_positives, record.train_negatives) >= rule["evidence_train_rows"]
                checked = min(record.validation_positives, record.validation_negatives)
                assert checked >= rule["evidence_validation_rows"]
                assert record.auc_low is not None
                assert record.auc_low >= rule["evidence_auc_low"]


def test_no_head_for_self_harm_which_has_no_positives() -> None:
    assert "self_harm" not in MANIFEST.labels
    assert "self_harm" in {entry.label for entry in MANIFEST.omitted}


def test_every_label_has_a_head_or_a_reason() -> None:
    known = {"toxicity", "hate", "threat", "sexual", "self_harm", "spam"}
    assert {*MANIFEST.labels, *(entry.label for entry in MANIFEST.omitted)} == known


def test_int8_costs_less_than_a_hundredth_of_auc() -> None:
    changes = [metric.value for metric in MANIFEST.metrics if metric.name == "auc_change_by_int8"]
    assert changes
    assert min(changes) > -0.01


def test_the_artifact_is_at_most_eight_million_bytes() -> None:
    assert sum(file.stat().st_size for file in default_artifact().iterdir()) <= 8_000_000


def test_the_stored_card_is_the_one_the_manifest_gives() -> None:
    path = default_artifact().parents[2] / "docs" / "model_cards" / "linear.md"
    assert path.read_text(encoding="utf-8") == card(MANIFEST)
