"""What every classifier must hold: those that ship, found rather than listed, and small ones of every kind.

A kind that is added here is tested before its author writes a test.
"""

import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import torch

from models.artifacts import MANIFEST_FILE, default_artifact
from models.classifier import Classifier
from models.classifiers.hub import HubClassifier
from models.classifiers.linear import LinearClassifier
from models.classifiers.load import KINDS, load_any
from models.classifiers.transformer import TransformerClassifier
from models.features import FeatureSettings
from models.hub.testing import save_tiny as save_tiny_hub
from models.training.ensemble import fit, open_members
from models.training.linear import train
from models.training.recipe import RecipeSettings
from models.transformer.testing import save_tiny

TEXTS = [
    "you are a complete idiot",
    "what a lovely morning",
    "Du bist ein Idiot, verschwinde",
    "좋은 아침입니다",
    "你好,世界 hello мир",
    "😀😡🖕",
    "a",
    "WINNER!! Claim your free prize now, text 80082",
    "\ud800 lone surrogate",
    "x" * 3000,
    "İstanbul'da ßtraße ﬁ",
    "tab\tand\nline\x00end",
    "ᚠᚢᚦᚨᚱᚲ",
]
LANGUAGES = ["en", "en", "de", "ko", "zh", "und", "und", "en", "en", "und", "tr", "en-GB", "xx-Latn-x-made-up"]
BLANKS = ["", " ", "\n\t ", "\x00", "\u3000\u200b\ufeff"]

Make = Callable[[Path], Classifier]
SETTINGS = RecipeSettings(iterations=10, evidence_train_rows=50, bootstrap=20)


def _shipped() -> Iterator[tuple[str, Make]]:
    for path in sorted(default_artifact().parent.glob(f"*/{MANIFEST_FILE}")):
        if json.loads(path.read_bytes())["name"] in KINDS:
            yield f"shipped {path.parent.name}", lambda _, folder=path.parent: load_any(folder, "cpu")


def _transformer(folder: Path) -> Classifier:
    save_tiny(folder)
    return TransformerClassifier.load(folder, device="cpu")


def _hub(folder: Path) -> Classifier:
    label_map = folder / "map.yaml"
    source = save_tiny_hub(folder / "hub")
    label_map.write_text("activation: softmax\nlabels:\n  toxicity:\n    outputs: [toxic]\nlanguages: [en]\n")
    return HubClassifier.load(str(source), label_map=label_map, revision=None, device="cpu")


def _ensemble(folder: Path) -> Classifier:
    """Of a linear and a transformer that know the same two words."""
    draw, data = random.Random(5), folder / "data"
    data.mkdir()
    with (data / "rows.jsonl").open("w") as file:
        for n in range(500):
            words = [*draw.sample(("old", "house", "near", "river", "many", "rooms"), 4), ("idiot", "lovely")[n % 2]]
            row = {"text": " ".join(words), "lang": "en", "labels": {"toxicity": 1 - n % 2}, "source": "own"}
            file.write(json.dumps(row | {"split": "validation" if n % 4 < 2 else "train"}) + "\n")
    train(data, folder / "linear", features=FeatureSettings(hash_bits=12), settings=SETTINGS)
    save_tiny(folder / "transformer", ("toxicity",))
    members = open_members({kind: folder / kind for kind in ("linear", "transformer")}, "cpu")
    fit(data, folder / "ensemble", members, settings=SETTINGS)
    return load_any(folder / "ensemble", "cpu")


CLASSIFIERS: dict[str, Make] = {
    **dict(_shipped()),
    "small transformer": _transformer,
    "small ensemble": _ensemble,
    "small hub model": _hub,
}


@pytest.fixture(scope="module", params=CLASSIFIERS)
def classifier(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Classifier:
    torch.set_num_threads(1)
    return CLASSIFIERS[request.param](tmp_path_factory.mktemp("classifier"))


def test_what_ships_is_found() -> None:
    shipped = {name for name in CLASSIFIERS if name.startswith("shipped ")}
    assert shipped == {"shipped linear", "shipped transformer", "shipped ensemble"}


def test_a_classifier_has_a_name_a_version_and_labels(classifier: Classifier) -> None:
    assert classifier.name
    assert classifier.version
    assert classifier.labels
    assert len(set(classifier.labels)) == len(classifier.labels)


def test_scores_are_finite_probabilities_of_the_stated_labels(classifier: Classifier) -> None:
    scores = classifier.score(TEXTS, LANGUAGES)
    assert scores.probabilities.shape == scores.evidence.shape == (len(TEXTS), len(classifier.labels))
    assert scores.probabilities.dtype == np.float32
    assert scores.evidence.dtype == np.bool_
    assert np.isfinite(scores.probabilities).all()
    assert ((scores.probabilities >= 0) & (scores.probabilities <= 1)).all()


def test_texts_differ_in_their_scores(classifier: Classifier) -> None:
    assert (np.ptp(classifier.score(TEXTS, ["en"] * len(TEXTS)).probabilities, axis=0) > 1e-3).all()


def test_a_batch_of_one_is_a_batch_of_many(classifier: Classifier) -> None:
    many = classifier.score(TEXTS * 3, LANGUAGES * 3)
    one = [classifier.score([text], [tag]) for text, tag in zip(TEXTS, LANGUAGES, strict=True)]
    alone = np.concatenate([each.probabilities for each in one] * 3)
    tolerance = 0.0 if isinstance(classifier, LinearClassifier) else 1e-4
    assert np.allclose(many.probabilities, alone, rtol=0, atol=tolerance)
    assert np.array_equal(many.evidence, np.concatenate([each.evidence for each in one] * 3))


def test_order_is_kept(classifier: Classifier) -> None:
    forward, backward = classifier.score(TEXTS, LANGUAGES), classifier.score(TEXTS[::-1], LANGUAGES[::-1])
    assert np.allclose(forward.probabilities, backward.probabilities[::-1], rtol=0, atol=1e-4)
    assert np.array_equal(forward.evidence, backward.evidence[::-1])


def test_the_same_twice_is_the_same(classifier: Classifier) -> None:
    first, second = (classifier.score(TEXTS, LANGUAGES) for _ in range(2))
    assert np.array_equal(first.probabilities, second.probabilities)
    assert np.array_equal(first.evidence, second.evidence)


def test_an_unknown_language_is_never_evidence(classifier: Classifier) -> None:
    assert not classifier.score(["what a lovely morning"] * 2, ["und", ""]).evidence.any()


def test_an_empty_batch_has_no_rows(classifier: Classifier) -> None:
    scores = classifier.score([], [])
    assert scores.probabilities.shape == scores.evidence.shape == (0, len(classifier.labels))
    assert (scores.probabilities.dtype, scores.evidence.dtype) == (np.float32, np.bool_)


@pytest.mark.parametrize("blank", BLANKS, ids=ascii)
def test_a_blank_text_scores_nothing_without_evidence(classifier: Classifier, blank: str) -> None:
    scores = classifier.score([blank, "you idiot"], ["en", "en"])
    assert not scores.probabilities[0].any()
    assert not scores.evidence[0].any()
    assert scores.probabilities[1].any()


def test_texts_and_languages_must_pair_up(classifier: Classifier) -> None:
    with pytest.raises(ValueError, match="one tag a text"):
        classifier.score(["a", "b"], ["en"])


def test_a_hundred_thousand_characters_get_a_score(classifier: Classifier) -> None:
    scores = classifier.score(["the weather was mild and we walked along the river. " * 2_000], ["en"])
    assert np.isfinite(scores.probabilities).all()
