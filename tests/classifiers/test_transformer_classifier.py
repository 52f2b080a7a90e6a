"""What hostile texts and a broken network do to the transformer: nothing, or one isolated failure."""

from pathlib import Path

import numpy as np
import pytest
import torch

from models.classifiers.transformer import TransformerClassifier
from models.transformer import artifact
from models.transformer.batches import by_length, framed, padded
from models.transformer.network import Network
from models.transformer.testing import save_tiny
from models.transformer.tokens import BEGIN, END, PAD
from stream_app.pipeline.breaker import Breaker
from stream_app.pipeline.level import Level

HOSTILE = {
    "one character": "a",
    "only emoji": "😀😡🖕🏽",
    "an unknown script": "ᚠᚢᚦᚨᚱᚲ",
    "lone surrogates": "\ud800\udfff",
    "a hundred thousand characters": "ferry nine " * 9_100,
    "a hundred thousand times one letter": "x" * 100_000,
    "controls": "a\x00\x07\x1bb",
    "bidirectional marks": "\u202eabc\u202c",
    "stacked marks": "a" + "\u0301" * 2_000,
    "marks of the vocabulary": "<pad></s><mask>",
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.set_num_threads(1)
    made = tmp_path_factory.mktemp("transformer")
    save_tiny(made)
    return made


@pytest.fixture(scope="module")
def classifier(folder: Path) -> TransformerClassifier:
    return TransformerClassifier.load(folder, device="cpu")


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_text_gets_finite_scores(classifier: TransformerClassifier, kind: str) -> None:
    scores = classifier.score([HOSTILE[kind]], ["en"])
    assert np.isfinite(scores.probabilities).all()
    assert ((scores.probabilities > 0) & (scores.probabilities < 1)).all()


@pytest.mark.parametrize("kind", HOSTILE)
def test_a_hostile_text_changes_nothing_for_its_neighbors(classifier: TransformerClassifier, kind: str) -> None:
    alone = classifier.score(["the ferry leaves"], ["en"]).probabilities
    among = classifier.score([HOSTILE[kind], "the ferry leaves"], ["en", "en"]).probabilities
    assert np.allclose(alone[0], among[1], atol=1e-4)


def test_an_unknown_writing_is_told_by_its_share_of_unknown_pieces(classifier: TransformerClassifier) -> None:
    runes, words, empty = classifier.unknown_share([HOSTILE["an unknown script"], "the ferry leaves", ""])
    assert runes > 0.8
    assert words == empty == 0.0
    evidence = classifier.score([HOSTILE["an unknown script"], "the ferry leaves"], ["en", "en"]).evidence
    assert evidence.any(axis=1).tolist() == [False, True]


def test_what_stands_at_the_end_of_a_long_text_counts(classifier: TransformerClassifier) -> None:
    padding = "the ferry leaves at nine. " * 20
    texts = [padding, padding + "бабушка вчера гуляли 今日は 아침에"]
    plain, longer = classifier.logits(texts)
    assert (longer > plain + 1e-6).any() or (longer < plain - 1e-6).any()
    window = classifier.logits(["the ferry leaves at nine."])
    assert window.shape == (1, 2)


def test_evidence_is_that_of_the_heads_by_the_base_language(classifier: TransformerClassifier) -> None:
    evidence = classifier.score(["the ferry"] * 5, ["en", "en-GB", "de", "und", ""]).evidence
    assert evidence[:, 0].tolist() == [True, True, False, False, False]


def test_a_language_with_its_own_line_is_calibrated_by_it(classifier: TransformerClassifier) -> None:
    english, german, other = classifier.score(["the ferry leaves"] * 3, ["en", "de", "fr"]).probabilities[:, 0]
    assert english == other
    assert english != german


def test_texts_and_languages_must_pair_up(classifier: TransformerClassifier) -> None:
    with pytest.raises(ValueError, match="one tag a text"):
        classifier.score(["a", "b"], ["en"])


class Broken(Network):
    """Gives no number where a certain piece is."""

    poison = -1

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        found = super().forward(ids)
        found[(ids == self.poison).any(1)] = torch.nan
        return found


def test_a_network_that_gives_no_number_costs_one_text_only(folder: Path) -> None:
    manifest, network, tokenizer = artifact.load(folder)
    broken = Broken(manifest.shape, manifest.labels)
    broken.load_state_dict(network.state_dict())
    broken.poison = tokenizer.encode(["ferry"])[0][-1]
    classifier = TransformerClassifier(manifest, broken, tokenizer, torch.device("cpu"))
    texts = ["tomatoes", "the ferry", "an old radio", "a clock"]
    assert np.isnan(classifier.score(texts, ["en"] * 4).probabilities).any(axis=1).tolist() == [0, 1, 0, 0]
    level = Level(classifier, breaker=Breaker(now=lambda: 0.0), timeout_seconds=60)
    assert [row is None for row in level.score(texts, ["en"] * 4)] == [False, True, False, False]


def test_batches_hold_every_row_once_and_no_more_pieces_than_allowed() -> None:
    lengths = [5, 1, 9, 3, 3, 40, 2]
    batches = list(by_length(lengths, 12))
    assert sorted(index for batch in batches for index in batch) == list(range(len(lengths)))
    assert all(len(b) == 1 or max(lengths[i] for i in b) * len(b) <= 12 for b in batches)
    assert list(by_length([], 12)) == []


def test_rows_are_framed_cut_and_padded() -> None:
    assert framed([7, 8, 9], 4) == [BEGIN, 7, 8, END]
    assert padded([[7], [8, 9]]).tolist() == [[7, PAD], [8, 9]]
