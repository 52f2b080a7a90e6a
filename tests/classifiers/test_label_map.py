"""Label maps: what they say, what is refused, and the arithmetic from outputs to log odds."""

from pathlib import Path

import numpy as np
import pytest

from models.errors import ArtifactError
from models.label_map import BoundLabelMap, bind, read

ROOT = Path(__file__).resolve().parents[2]
MULTI = ("toxic", "severe_toxic", "obscene", "threat", "insult", "identity_hate")


def bound(tmp_path: Path, text: str, names: tuple[str, ...]) -> BoundLabelMap:
    path = tmp_path / "map.yaml"
    path.write_text(text)
    return bind(read(path)[0], names)


def softmax(outputs: np.ndarray) -> np.ndarray:
    powers = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def chance(logits: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-logits))


OUTPUTS = np.array([[1.0, -2.0, 0.5], [-3.0, 4.0, 0.0]])


def test_sigmoid_takes_the_largest_of_the_named_outputs(tmp_path):
    found = bound(tmp_path, "{activation: sigmoid, labels: {hate: {outputs: [a, c]}}}", ("a", "b", "c"))
    assert np.array_equal(found.logits(OUTPUTS), [[1.0], [0.0]])


def test_softmax_gives_the_odds_of_the_probability(tmp_path):
    found = bound(tmp_path, "{activation: softmax, labels: {hate: {outputs: [b]}}}", ("a", "b", "c"))
    assert np.allclose(chance(found.logits(OUTPUTS))[:, 0], softmax(OUTPUTS)[:, 1])


def test_softmax_probabilities_are_summed_where_the_map_says_so(tmp_path):
    found = bound(tmp_path, "{activation: softmax, labels: {x: {outputs: [b, 2], combine: sum}}}", ("a", "b", "c"))
    assert np.allclose(chance(found.logits(OUTPUTS))[:, 0], softmax(OUTPUTS)[:, 1:].sum(axis=1))


def test_softmax_takes_the_largest_probability_by_default(tmp_path):
    found = bound(tmp_path, "{activation: softmax, labels: {x: {outputs: [b, c]}}}", ("a", "b", "c"))
    assert np.allclose(chance(found.logits(OUTPUTS))[:, 0], softmax(OUTPUTS)[:, 1:].max(axis=1))


def test_odds_stay_finite_where_a_probability_would_round_to_one(tmp_path):
    found = bound(tmp_path, "{activation: softmax, labels: {x: {outputs: [b]}}}", ("a", "b"))
    assert np.allclose(found.logits(np.array([[-400.0, 400.0], [400.0, -400.0]])), [[800.0], [-800.0]])


def test_an_output_may_be_named_by_its_number(tmp_path):
    found = bound(tmp_path, "{activation: sigmoid, labels: {hate: {outputs: [5]}, threat: {outputs: [3]}}}", MULTI)
    assert found.labels == ("hate", "threat")
    assert found.columns == ((5,), (3,))


def test_languages_calibration_and_digest_are_read(tmp_path):
    path = tmp_path / "map.yaml"
    text = "{activation: sigmoid, languages: [pt-BR, en], labels: {x: {outputs: [0], calibration: {slope: 2}}}}"
    path.write_text(text)
    label_map, first = read(path)
    found = bind(label_map, ("a",))
    assert found.languages == {"pt", "en"}
    assert (found.slopes.tolist(), found.offsets.tolist()) == ([2.0], [0.0])
    path.write_text(text + "\n")
    assert read(path)[1] != first


def test_no_stated_language_means_none(tmp_path):
    found = bound(tmp_path, "{activation: sigmoid, labels: {x: {outputs: [0]}}}", ("a",))
    assert found.languages == frozenset()


@pytest.mark.parametrize("output", ["toxicity", "9", "-1"])
def test_an_unknown_output_is_refused_and_the_known_ones_are_named(tmp_path, output):
    with pytest.raises(ArtifactError, match=r"0 'toxic', 1 'severe_toxic'.*5 'identity_hate'"):
        bound(tmp_path, f"{{activation: sigmoid, labels: {{x: {{outputs: [{output}]}}}}}}", MULTI)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "object"),
        ("activation: [", "not YAML"),
        ("{activation: tanh, labels: {x: {outputs: [0]}}}", "tanh"),
        ("{activation: sigmoid}", "labels"),
        ("{activation: sigmoid, labels: {}}", "labels is empty"),
        ("{activation: sigmoid, labels: {x: {outputs: []}}}", "labels.x.outputs is empty"),
        ("{activation: sigmoid, labels: {x: {outputs: [true]}}}", "outputs"),
        ("{activation: sigmoid, labels: {x: {outputs: [0], weight: 2}}}", "weight"),
        ("{activation: sigmoid, labels: {x: {outputs: [0]}}, threshold: 0.5}", "threshold"),
        ("{activation: sigmoid, labels: {x: {outputs: [0], combine: sum}}}", "only max"),
        ("{activation: sigmoid, labels: {x: {outputs: [0], calibration: {slope: 0}}}}", "slope above 0"),
        ("{activation: sigmoid, labels: {x: {outputs: [0], calibration: {offset: .nan}}}}", "finite"),
        ("{activation: sigmoid, labels: {x: {outputs: [0]}}, languages: [no]}", "quotes"),
        ("{activation: sigmoid, labels: {x: {outputs: [0]}}, languages: [und]}", "und"),
        ("{activation: sigmoid, labels: {x: {outputs: [0]}}, languages: [English language]}", "BCP 47"),
        ("{activation: sigmoid, labels: {x: {outputs: [0]}, x: {outputs: [1]}}}", "x stands twice"),
    ],
)
def test_a_map_that_makes_no_sense_is_refused_with_file_and_reason(tmp_path, text, reason):
    with pytest.raises(ArtifactError, match=r"map\.yaml") as caught:
        bound(tmp_path, text, ("a", "b"))
    assert reason in str(caught.value)


def test_a_missing_map_is_refused(tmp_path):
    with pytest.raises(ArtifactError, match=r"docs/hub\.md"):
        read(tmp_path / "none.yaml")


@pytest.mark.parametrize(
    ("target", "names", "reason"),
    [
        ("{outputs: [0]}", ("only",), "write sigmoid"),
        ("{outputs: [0, 1], combine: sum}", ("a", "b"), "leave benign ones out"),
        ("{outputs: [a, 0]}", ("a", "b"), "twice"),
        ("{outputs: [a]}", ("a", "a"), "outputs are"),
    ],
)
def test_a_map_that_does_not_suit_the_model_is_refused(tmp_path, target, names, reason):
    with pytest.raises(ArtifactError, match=reason):
        bound(tmp_path, f"{{activation: softmax, labels: {{x: {target}}}}}", names)


SHIPPED = {
    "toxic-bert.yaml": MULTI,
    "multilingual-toxic-xlm-roberta.yaml": ("toxic",),
    "roberta-toxicity-classifier.yaml": ("neutral", "toxic"),
}


def test_every_shipped_map_is_known_here():
    assert {path.name for path in (ROOT / "config" / "label_maps").iterdir()} == set(SHIPPED)


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_map_suits_its_model_and_leaves_languages_to_the_operator(name):
    found = bind(read(ROOT / "config" / "label_maps" / name)[0], SHIPPED[name])
    assert set(found.labels) <= {"toxicity", "hate", "threat", "sexual", "self_harm", "spam"}
    assert found.languages == frozenset()
