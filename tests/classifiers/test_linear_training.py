"""Training end to end on a small invented data set: what comes out loads, scores, and is the same again."""

import json
import random
import shutil
from pathlib import Path

import msgspec.structs
import numpy as np
import pytest

from models import artifacts
from models.artifacts import default_artifact, read_manifest
from models.classifiers.linear import LinearClassifier
from models.errors import DataError
from models.evaluate import evaluate
from models.features import FeatureSettings
from models.manifest import Manifest
from models.probes.probes import held_out
from models.thresholds import Thresholds
from models.training.alarms import CAUGHT, FALSE_ALARMS
from models.training.card import card
from models.training.data import Reader, Row, held_out_digest
from models.training.linear import train
from models.training.own_rows import digest_of, own_rows
from models.training.quantize import quantize
from models.training.recipe import RecipeSettings, row_weight, truth_of

FEATURES = FeatureSettings(hash_bits=14)
SETTINGS = RecipeSettings(iterations=25, evidence_train_rows=50, bootstrap=50, weak_rows_per_language=30)
BAD, GOOD = ("grumpf", "blarg", "znork"), ("flower", "sunny", "gentle")
WHY_REFUSED = "because they hold an insult that is kept for probes (digest of these words"
FILLER = ("old", "house", "near", "river", "many", "rooms", "some", "used", "guests", "summer", "by", "in", "the")


def _row(draw: random.Random, lang: str, *, bad: bool, split: str) -> dict[str, object]:
    words = [*draw.sample(FILLER, 6), draw.choice(BAD if bad else GOOD)]
    draw.shuffle(words)
    labels = {"toxicity": int(bad), "hate": None, "threat": None, "sexual": 0, "self_harm": None, "spam": None}
    return {"text": " ".join(words), "lang": lang, "labels": labels, "source": f"own_{lang}", "split": split}


def _write(folder: Path) -> Path:
    draw = random.Random(5)
    folder.mkdir()
    rows = [_row(draw, "en", bad=n % 2 == 0, split="validation" if n % 4 < 2 else "train") for n in range(600)]
    rows += [_row(draw, "ru", bad=True, split="train") for _ in range(200)]
    weak = [_row(draw, "sw", bad=False, split="train") | {"weak": 1} for _ in range(100)]
    rows += [
        _row(draw, "en", bad=True, split="train") | {"text": f"you are an old {word}"} for word in held_out("en")[:2]
    ]
    (folder / "a.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\nbroken\n")
    (folder / "b.jsonl").write_text("\n".join(map(json.dumps, weak)))
    return folder


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _write(tmp_path_factory.mktemp("training") / "data")


@pytest.fixture(scope="module")
def trained(data: Path) -> tuple[Manifest, Path, list[str]]:
    out, lines = data.parent / "artifact", list[str]()
    return train(data, out, progress=lines.append, features=FEATURES, settings=SETTINGS), out, lines


def test_what_was_trained_loads_and_tells_good_from_bad(trained: tuple[Manifest, Path, list[str]]) -> None:
    classifier = LinearClassifier.load(trained[1])
    bad, good = classifier.score(["the old grumpf house", "the old sunny house"], ["en", "en"]).probabilities[:, 0]
    assert classifier.labels == ("toxicity",)
    assert bad > 0.8
    assert good < 0.2


def test_the_same_data_and_seed_give_the_same_bytes(trained: tuple[Manifest, Path, list[str]], data: Path) -> None:
    again = data.parent / "again"
    manifest = train(data, again, features=FEATURES, settings=SETTINGS)
    assert manifest == trained[0]
    for name in (artifacts.WEIGHTS_FILE, artifacts.MANIFEST_FILE):
        assert (again / name).read_bytes() == (trained[1] / name).read_bytes()


def test_changed_data_change_the_version(trained: tuple[Manifest, Path, list[str]], tmp_path: Path) -> None:
    folder = _write(tmp_path / "data")
    with (folder / "a.jsonl").open("a") as file:
        file.writelines(json.dumps(_row(random.Random(n), "en", bad=True, split="train")) + "\n" for n in range(20))
    assert train(folder, tmp_path / "out", features=FEATURES, settings=SETTINGS).version != trained[0].version


def test_evidence_follows_the_rule(trained: tuple[Manifest, Path, list[str]]) -> None:
    head = trained[0].heads[0]
    assert head.evidence == {"en"}
    assert (head.records["ru"].train_positives, head.records["ru"].train_negatives) == (200, 0)
    assert head.records["sw"].train_weak == 30  # capped


def test_labels_without_positives_get_no_head_and_a_reason(trained: tuple[Manifest, Path, list[str]]) -> None:
    assert {entry.label for entry in trained[0].omitted} == {"hate", "threat", "sexual", "self_harm", "spam"}


def test_bad_rows_reach_the_manifest_and_progress_is_told(trained: tuple[Manifest, Path, list[str]]) -> None:
    assert [source.bad_rows for source in trained[0].sources] == [1, 0]
    assert any("1 bad rows refused, 2 for a held-out word" in line for line in trained[2])
    assert any("iteration" in line for line in trained[2])


def test_rows_with_a_held_out_word_are_counted_in_the_manifest(trained: tuple[Manifest, Path, list[str]]) -> None:
    manifest = read_manifest(trained[1])
    assert (manifest.refused_rows, manifest.held_out_digest) == (2, held_out_digest())
    assert manifest.heads[0].records["en"].train_positives == 150


def test_a_manifest_from_before_rows_were_counted_loads_with_its_version(
    trained: tuple[Manifest, Path, list[str]], tmp_path: Path
) -> None:
    manifest = json.loads((trained[1] / artifacts.MANIFEST_FILE).read_bytes())
    for name in ("refused_rows", "held_out_digest", "own_rows", "own_digest"):
        del manifest[name]
    (tmp_path / artifacts.MANIFEST_FILE).write_text(json.dumps(manifest))
    shutil.copy(trained[1] / artifacts.WEIGHTS_FILE, tmp_path)
    old = artifacts.load(tmp_path)[0]
    assert (old.version, old.refused_rows, old.held_out_digest) == (trained[0].version, 0, "")
    assert (old.own_rows, old.own_digest) == (0, "")
    assert "sentences made here" not in card(old)


def test_own_sentences_are_counted_and_pinned_in_the_manifest_and_told_by_the_card(
    trained: tuple[Manifest, Path, list[str]],
) -> None:
    own = own_rows({"toxicity", "hate", "threat", "sexual", "self_harm", "spam"})
    assert (trained[0].own_rows, trained[0].own_digest) == (len(own), digest_of(own))
    text = card(trained[0])
    assert f"{len(own):,} sentences made here were added to these rows (digest `{digest_of(own)[:16]}`)" in text
    assert f"2 training rows were refused {WHY_REFUSED} `{held_out_digest()[:16]}`)" in text


def test_other_own_sentences_have_another_digest() -> None:
    own = own_rows({"toxicity"})
    flipped = msgspec.structs.replace(own[0], labels={"toxicity": None})
    assert len({digest_of(own), digest_of(own[1:]), digest_of([flipped, *own[1:]]), digest_of([])}) == 4


def test_the_card_tells_languages_with_evidence_from_those_without(trained: tuple[Manifest, Path, list[str]]) -> None:
    text = card(trained[0])
    for heading in (
        "Training data",
        "Policy and taxonomy",
        "Annotation",
        "Benchmarks",
        "Bias and limits",
        "How to use",
    ):
        assert f"## {heading}" in text
    assert "`toxicity`: en." in text
    assert "| toxicity | ru | 200 / 0 |" in text


def test_what_harmless_sentences_score_is_measured() -> None:
    metrics = {(metric.name, metric.scope): metric.value for metric in read_manifest(default_artifact()).metrics}
    assert 0 <= metrics[FALSE_ALARMS, "all"] < 0.05
    assert 0 < metrics[CAUGHT, "ru"] <= 1


def test_a_limit_takes_so_many_rows(data: Path, tmp_path: Path) -> None:
    lines: list[str] = []
    manifest = train(data, tmp_path / "out", limit=500, progress=lines.append, features=FEATURES, settings=SETTINGS)
    assert lines[0].startswith("kept 500 rows")
    assert (manifest.own_rows, manifest.own_digest) == (0, "")


def test_without_evidence_anywhere_nothing_is_written(data: Path, tmp_path: Path) -> None:
    strict = RecipeSettings(iterations=5, evidence_train_rows=10_000, bootstrap=10)
    with pytest.raises(DataError, match="evidence"):
        train(data, tmp_path / "out", features=FEATURES, settings=strict)
    assert not (tmp_path / "out").exists()


def test_evaluation_reports_each_language_and_all(trained: tuple[Manifest, Path, list[str]], data: Path) -> None:
    reader = Reader.of(data)
    limits = {"toxicity": Thresholds(review_from=0.4, act_from=0.9)}
    report = evaluate(LinearClassifier.load(trained[1]), reader.rows(), thresholds=limits, bootstrap=20)
    cells = {cell.language: cell for cell in report.systems[0].cells}
    assert list(cells) == ["all", "en", "ru"]
    assert cells["en"].rows == 602
    auc = cells["en"].auc
    assert auc is not None
    assert auc.value > 0.95
    assert auc.low is not None
    assert cells["ru"].auc is None
    # The rows of both are English words, and evidence goes by the language that is detected.
    assert (cells["en"].evidence, cells["ru"].evidence) == (1.0, 1.0)
    assert [cell.language for cell in report.systems[0].benign] == ["all", "sw"]
    assert json.loads(report.to_json())["systems"][0]["cells"][0]["language"] == "all"


def test_evaluating_no_rows_gives_no_measures(trained: tuple[Manifest, Path, list[str]]) -> None:
    cells = evaluate(LinearClassifier.load(trained[1]), []).systems[0].cells
    assert [(cell.language, cell.rows, cell.auc) for cell in cells] == [("all", 0, None)]


def test_weak_doubtful_and_one_sided_rows_count_less() -> None:
    def weight(source: str, weak: int) -> float:
        labels = {"toxicity": 1}
        row = Row(text="x", lang="en", labels=labels, source=source, split="train", weak=weak)  # type: ignore[arg-type] # the counts of a run are numbers by name
        return row_weight(row, SETTINGS)

    assert weight("any", 0) == 1.0
    assert max(weight("any", 1), weight("mlma", 0), weight("toxic_ru", 0)) < 1.0


def test_a_label_that_means_something_else_in_its_source_is_masked() -> None:
    row = Row(text="x", lang="pt", labels={"sexual": 1, "toxicity": 1}, source="told_br", split="train")
    assert (truth_of(row, "sexual"), truth_of(row, "toxicity"), truth_of(row, "hate")) == (-1, 1, -1)


def test_quantisation_errs_by_little() -> None:
    weights = np.random.default_rng(1).normal(0, 1, 4096).astype(np.float32)
    whole, unit = quantize(weights, np.ones(4096, np.int64))
    assert np.abs(whole * unit - weights).mean() < 0.03
    assert np.abs(whole).max() <= 127
