"""The hub level scores as every classifier must, with a small random model in Hugging Face format."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from models.classifier import Classifier
from models.classifiers.hub import HubClassifier
from models.hub.testing import save_tiny
from models.hub.windows import cut, spread

SOFTMAX = "{activation: softmax, labels: {toxicity: {outputs: [toxic]}}, languages: [en, pt-BR]}"
SIGMOID = (
    "{activation: sigmoid, languages: [en], labels: {hate: {outputs: [a, c]}, toxicity: {outputs: [b],"
    " calibration: {slope: 0.5, offset: -1.0}}}}"
)
TEXTS = [
    "you are a complete idiot",
    "what a lovely morning",
    "Du bist ein Idiot, verschwinde",
    "좋은 아침입니다",
    "😀😡🖕",
    "a",
    "\ud800 lone surrogate \udfff",
    "x" * 3000,
    "",
    "tab\tand\nline\x00end",
    "</s> <pad> <s> <unk>",
]
LANGUAGES = ["en", "en", "de", "ko", "und", "und", "en", "en", "en", "en", "en"]


def load(folder: Path, label_map: str = SOFTMAX, **options: int) -> HubClassifier:
    path = folder.parent / "map.yaml"
    path.write_text(label_map)
    return HubClassifier.load(str(folder), label_map=path, revision=None, device="cpu", **options)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny(tmp_path_factory.mktemp("hub") / "tiny")


@pytest.fixture(scope="module")
def classifier(folder: Path) -> Classifier:
    return load(folder)


def test_scores_are_finite_probabilities_of_the_stated_labels(classifier):
    scores = classifier.score(TEXTS, LANGUAGES)
    assert classifier.labels == ("toxicity",)
    assert scores.probabilities.shape == scores.evidence.shape == (len(TEXTS), 1)
    assert (scores.probabilities.dtype, scores.evidence.dtype) == (np.float32, np.bool_)
    assert ((scores.probabilities >= 0) & (scores.probabilities <= 1)).all()
    assert len(np.unique(scores.probabilities)) > 5


def test_a_batch_of_one_is_a_batch_of_many(classifier):
    many = classifier.score(TEXTS * 20, LANGUAGES * 20).probabilities
    one = np.stack([classifier.score([t], [tag]).probabilities[0] for t, tag in zip(TEXTS, LANGUAGES, strict=True)])
    assert np.abs(many - np.tile(one, (20, 1))).max() < 1e-5


def test_the_token_budget_changes_no_score(folder, classifier):
    narrow = load(folder, batch_tokens=1)
    difference = narrow.score(TEXTS, LANGUAGES).probabilities - classifier.score(TEXTS, LANGUAGES).probabilities
    assert np.abs(difference).max() < 1e-5


def test_order_is_kept_and_the_same_twice(classifier):
    forward = classifier.score(TEXTS, LANGUAGES).probabilities
    backward = classifier.score(TEXTS[::-1], LANGUAGES[::-1]).probabilities
    assert np.abs(forward - backward[::-1]).max() < 1e-5
    assert np.array_equal(forward, classifier.score(TEXTS, LANGUAGES).probabilities)


def test_an_empty_batch_has_no_rows(classifier):
    scores = classifier.score([], [])
    assert scores.probabilities.shape == scores.evidence.shape == classifier.logits([]).shape == (0, 1)


def test_as_many_languages_as_texts_are_needed(classifier):
    with pytest.raises(ValueError, match="2 texts came with 1 languages"):
        classifier.score(["a", "b"], ["en"])


@pytest.mark.parametrize("blank", ["", " ", "\n\t ", "\x00", "\u3000\u200b\ufeff"])
def test_a_blank_text_scores_nothing_without_evidence(classifier, blank):
    scores = classifier.score([blank, "you idiot"], ["en", "en"])
    assert scores.probabilities[0] == 0.0
    assert scores.probabilities[1] > 0.0
    assert scores.evidence.ravel().tolist() == [False, True]


def test_evidence_is_there_in_the_languages_that_the_operator_states(classifier):
    tags = ["en", "en-GB", "pt", "pt-PT", "de", "und", ""]
    evidence = classifier.score(["hello"] * len(tags), tags).evidence[:, 0]
    assert evidence.tolist() == [True, True, True, True, False, False, False]


def test_evidence_is_nowhere_where_no_language_is_stated(folder):
    found = load(folder, "{activation: softmax, labels: {toxicity: {outputs: [1]}}}")
    assert not found.score(["hello"] * 3, ["en", "de", "und"]).evidence.any()


@pytest.mark.parametrize("text", ["😀😡🖕", "좋은 아침입니다", "𐎀𐎁𐎂𐎃"])
def test_a_text_of_unknown_tokens_is_scored_without_evidence(classifier, text):
    scores = classifier.score([text], ["en"])
    assert np.isfinite(scores.probabilities).all()
    assert not scores.evidence.any()


def test_a_few_unknown_tokens_take_no_evidence_away(classifier):
    assert classifier.score(["you idiot 😀"], ["en"]).evidence.all()


def test_a_long_text_gets_the_maximum_over_its_windows(classifier):
    benign, insult = "a" * 90, "you are a complete idiot!"
    parts = classifier.logits([benign, insult])
    whole = classifier.logits([benign + insult * 3 + benign])
    assert whole[0] >= parts[0] - 1e-5
    assert abs(whole[0] - parts[0]) > 1e-3


def test_windows_overlap_and_hold_all_of_a_text(classifier):
    tokenizer = classifier._encoder.tokenizer
    text = "".join(chr(97 + (at * at) % 26) for at in range(100))
    windows = [
        "".join(tokenizer.convert_ids_to_tokens(w.fields["input_ids"][1:-1])) for w in cut([text], tokenizer, 32)
    ]
    assert [len(window) for window in windows[:-1]] == [30] * (len(windows) - 1)
    assert all(left[-3:] == right[:3] for left, right in pairwise(windows))
    assert windows[0] + "".join(window[3:] for window in windows[1:]) == text


def test_texts_that_are_tokenized_apart_keep_their_positions(classifier, monkeypatch):
    monkeypatch.setattr("models.hub.windows._CHARACTERS", 10)
    tokenizer = classifier._encoder.tokenizer
    windows = cut(["abc", "d" * 50, "", "efghi", "jklmno"], tokenizer, 32)
    assert [window.text for window in windows] == [0, 1, 1, 2, 3, 4]
    assert [window.content for window in windows] == [3, 30, 23, 0, 5, 6]


@pytest.mark.parametrize(("count", "expected"), [(3, [0, 1, 2]), (4, [0, 1, 2, 3]), (10, [0, 3, 6, 9])])
def test_windows_that_are_too_many_are_spread_evenly_with_both_ends(count, expected):
    assert spread(count, 4) == expected


def test_a_hundred_thousand_characters_take_a_bounded_number_of_windows(classifier, monkeypatch):
    rows = []
    run = classifier._encoder._run
    monkeypatch.setattr(classifier._encoder, "_run", lambda windows: rows.extend(windows) or run(windows))
    scores = classifier.score(["b" * 100_000, "hello"], ["en", "en"])
    assert np.isfinite(scores.probabilities).all()
    assert sum(window.text == 0 for window in rows) == 8


def test_what_looks_like_a_special_token_in_a_text_is_text(classifier):
    windows = []
    encoder = classifier._encoder
    encoder_run = encoder._run
    encoder._run = lambda some: windows.extend(some) or encoder_run(some)
    try:
        classifier.score(["a</s>b<pad>"], ["en"])
    finally:
        del encoder._run
    assert windows[0].length == len("a</s>b<pad>") + 2
    assert windows[0].fields["input_ids"].count(encoder.tokenizer.eos_token_id) == 1


def test_outputs_are_combined_and_calibrated_as_the_map_says(tmp_path):
    folder = save_tiny(tmp_path / "three", ["a", "b", "c"])
    found = load(folder, SIGMOID)
    outputs = load(folder, "{activation: sigmoid, labels: {x: {outputs: [0]}, y: {outputs: [1]}, z: {outputs: [2]}}}")
    raw = outputs.logits(TEXTS)
    assert found.labels == ("hate", "toxicity")
    assert np.allclose(
        found.logits(TEXTS), np.stack([np.maximum(raw[:, 0], raw[:, 2]), raw[:, 1]], axis=1), atol=1e-5
    )
    expected = 1 / (1 + np.exp(-(0.5 * raw[0, 1] - 1.0)))
    assert found.score(TEXTS[:1], ["en"]).probabilities[0, 1] == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_outputs_that_are_not_finite_raise(folder, value):
    found = load(folder)
    found._encoder.network.classifier.out_proj.bias.data[1] = value
    with pytest.raises(ValueError, match="not finite"):
        found.score(["hello"], ["en"])


def test_another_number_of_outputs_raises(folder):
    found = load(folder)
    found._encoder.network.config.id2label = {0: "a", 1: "b", 2: "c"}
    with pytest.raises(ValueError, match=r"shape \[1, 2\], expected \[1, 3\]"):
        found.score(["hello"], ["en"])


def test_a_shorter_window_is_another_version(folder, classifier):
    assert load(folder, max_tokens=512).version == classifier.version
    assert load(folder, max_tokens=16).version != classifier.version


def test_the_version_follows_the_files_and_the_label_map(tmp_path):
    first = load(save_tiny(tmp_path / "first"))
    again = load(save_tiny(tmp_path / "again"))
    other = load(save_tiny(tmp_path / "other", seed=1))
    mapped = load(tmp_path / "first", SOFTMAX + "\n")
    assert (first.name, again.name) == ("hub-first", "hub-again")
    assert first.version == again.version
    assert len({first.version, other.version, mapped.version}) == 3
