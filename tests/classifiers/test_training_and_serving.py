"""What training reads is what serving scores: the same texts, and so the same piece ids and n-grams."""

from pathlib import Path

import msgspec
import numpy as np
import pytest

from models.artifacts import default_artifact
from models.features import FeatureSettings
from models.noise import noisy
from models.probes.probes import contrast, fillers, frames, identity_probes, insult_probes, swaps
from models.text.normalize import seen
from models.training.data import Reader
from models.training.matrix import featurize
from models.training.own_rows import own_rows
from models.training.transformer.mixture import Example, Pool, mixed
from models.training.transformer.sources import Sources, read_insults
from models.transformer.tokens import Tokenizer
from stream_app.lines import Decider
from stream_app.testing import FakeClassifier, make_moderator

TEXTS = {
    "control characters": "you \x07are a\x00 don\x1b[31mkey\x7f",
    "zero-width characters": "y\u200bou are a do\u2060nk\ufeffey",
    "soft hyphens": "you are a don\u00adkey",
    "fullwidth letters": "ｙｏｕ are a ｄｏｎｋｅｙ，",
    "extra spaces": "  you\u3000are \t a\n\ndonkey  ",
    "ligatures and circled letters": "ﬁne ⓓⓞⓝⓚⓔⓨ",
    "marks beyond reason": "donk" + "\u0335" * 60 + "ey",
    "overridden direction": "you are \u202ea donkey\u202c",
    "loose marks": "cafe\u0301 crétin",
    "joiners that spell": "می‌خواهم \u200d\u200cبه",
}


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.load(default_artifact().parent / "transformer" / "vocabulary.model")


@pytest.fixture(scope="module")
def served() -> dict[str, str]:
    """The text that the classifier of the pipeline is given for each of TEXTS."""
    found = {}
    for number, (kind, text) in enumerate(TEXTS.items()):
        classifier = FakeClassifier()
        line = msgspec.json.encode({"item_id": str(number), "text": text})
        answers = Decider(make_moderator(classifier), as_text=False).decide([(number, line)])
        assert answers[0].error is None
        [[found[kind]]] = classifier.calls
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """TEXTS as labelled rows in ``train`` and as texts without labels in ``text``."""
    folder = tmp_path_factory.mktemp("data")
    for name in ("train", "text/mono", "text/parallel", "text/dict"):
        (folder / name).mkdir(parents=True)
    rest = {"lang": "en", "labels": {"toxicity": 1}, "source": "own", "split": "train"}
    rows = [msgspec.json.encode({"text": text, **rest}).decode() for text in TEXTS.values()]
    (folder / "train" / "rows.jsonl").write_text("\n".join(rows))
    lines = [text.replace("\n", "\r").replace("\t", " ") for text in TEXTS.values()]
    (folder / "text" / "mono" / "en.txt").write_bytes("\n".join(lines).encode())
    pairs = [f"{number}\t{lang}\t{line}" for number, line in enumerate(lines) for lang in ("en", "de")]
    (folder / "text" / "parallel" / "a.tsv").write_bytes("\n".join(["id\tlang\ttext", *pairs]).encode())
    (folder / "text" / "dict" / "en-de.tsv").write_bytes("\n".join(f"{line}\t{line}" for line in lines).encode())
    return folder


@pytest.fixture(scope="module")
def sources(folder: Path) -> Sources:
    return Sources.read(folder / "train", folder / "text", lambda _: None)


def test_the_raw_texts_would_have_other_ids(tokenizer: Tokenizer, served: dict[str, str]) -> None:
    """Else what follows would hold whatever training reads: most of these are not undone by the vocabulary."""
    raw = tokenizer.encode(list(TEXTS.values()))
    assert sum(one != other for one, other in zip(raw, tokenizer.encode(list(served.values())), strict=True)) >= 4


def test_the_transformer_trains_on_the_ids_that_it_is_served(
    sources: Sources, tokenizer: Tokenizer, served: dict[str, str]
) -> None:
    ids = tokenizer.encode(list(served.values()))
    translations = [(pair.english, pair.text) for pair in sources.translations]
    dictionary = [(pair.english, pair.text) for pair in sources.dictionary]
    assert tokenizer.encode([row.text for row in sources.rows]) == ids
    assert tokenizer.encode([sentence.text for sentence in sources.sentences]) == ids
    for pairs in (translations, dictionary):
        for side in zip(*pairs, strict=True):
            assert tokenizer.encode(list(side)) == ids


def test_the_linear_level_trains_on_the_ngrams_that_it_is_served(folder: Path, served: dict[str, str]) -> None:
    features = FeatureSettings(hash_bits=14)
    trained = featurize([row.text for row in Reader.of(folder / "train").rows()], features)
    scored = featurize(list(served.values()), features)
    assert (trained != scored).nnz == 0
    assert (featurize(list(TEXTS.values()), features) != scored).nnz


def test_obfuscated_training_texts_come_as_the_stream_sees_them() -> None:
    """Noise puts invisible characters between letters, which the stream takes out."""
    random = np.random.default_rng(1)
    assert any(seen(text := noisy("you are a donkey and so am i", random)) != text for _ in range(200))
    drawn = mixed(
        [(1.0, Pool.of([Example(text, (1,)) for text in TEXTS.values()], [1.0] * len(TEXTS)))],
        lambda _: Example("so\u200b it is", (0,)),
        random,
        noise=0.7,
        pad=0.3,
    )
    for _, example in zip(range(300), drawn, strict=False):
        assert example.text == seen(example.text)


def test_own_sentences_and_word_lists_come_as_the_stream_sees_them(tmp_path: Path) -> None:
    for half in ("train", "probe"):
        sentences = [*insult_probes(half), *identity_probes(half), *contrast(half), *swaps(half)]
        texts = [sentence.text for sentence in sentences]
        texts += [text for some in (frames(half), fillers(half, "insult")) for each in some.values() for text in each]
        assert texts == [seen(text) for text in texts]
    rows = own_rows({"toxicity"})
    assert rows
    assert [row.text for row in rows] == [seen(row.text) for row in rows]
    (tmp_path / "zh.tsv").write_text("term\tlabel\tseverity\nｄｏｎｋｅｙ*\ttoxicity\t3\n")
    assert read_insults(tmp_path) == {"zh": ["donkey"]}
