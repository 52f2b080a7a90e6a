"""A transformer artifact of some hundred kilobytes for tests: a vocabulary of own sentences, random weights."""

from collections.abc import Sequence
from pathlib import Path

import torch

from models.manifest import Head, LanguageRecord
from models.sigmoid import Line
from models.training.transformer.vocabulary import train_vocabulary
from models.transformer import artifact
from models.transformer.encoder import Shape
from models.transformer.manifest import FORMAT_VERSION, NAME, Corpus, Manifest, Progress, Recipe
from models.transformer.network import Network
from models.transformer.tokens import Tokenizer

PIECES = 600
_SENTENCES = (
    "The ferry leaves at nine and comes back before it gets dark over the bay.",
    "She planted tomatoes behind the house and watered them every evening.",
    "Nobody in the office could say where the second key had been left.",
    "Our neighbor repairs bicycles, clocks and sometimes an old radio.",
    "Der Bäcker öffnet um sechs, doch die Brötchen sind erst später fertig.",
    "Gestern regnete es so stark, dass der Keller unter Wasser stand.",
    "Le marché couvert ferme tôt en hiver, surtout quand il neige.",
    "Mi abuela guarda las cartas en una caja de madera junto a la ventana.",
    "O comboio parou duas vezes antes de chegar à estação pequena.",
    "Вчера мы долго гуляли по набережной и пили горячий чай.",
    "Учитель попросил прочитать короткий рассказ до пятницы.",
    "القطار يصل في الصباح والمحطة قريبة من السوق القديم",
    "今日は図書館で静かに本を読みました。",
    "他们在河边种了很多树,夏天很凉快。",
    "아침에 일찍 일어나서 공원을 걸었습니다.",
)


def tiny_vocabulary(pieces: int = PIECES, *, sentences: Sequence[str] = _SENTENCES) -> Tokenizer:
    """A vocabulary of at most ``pieces`` pieces, 261 of them special ones and bytes."""
    return train_vocabulary(sentences, pieces, 1)


def save_tiny(
    folder: Path, labels: Sequence[str] = ("toxicity", "spam"), *, evidence: Sequence[str] = ("en",), seed: int = 0
) -> Manifest:
    """Write an artifact with one layer of width 32 whose heads claim ``evidence`` in some languages."""
    tokenizer = tiny_vocabulary()
    shape = Shape(pieces=tokenizer.size, width=32, layers=1, heads=2, inner=64, positions=32)
    heads = tuple(_head(label, evidence) for label in labels)
    return artifact.save(folder, _manifest(shape, labels, heads, seed), _network(shape, labels, seed), tokenizer)


def _network(shape: Shape, labels: Sequence[str], seed: int) -> Network:
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Network(shape, labels)
        for weights in (network.encoder.embeddings.word_embeddings.weight, network.out.weight):
            torch.nn.init.normal_(weights, 0.0, 1.0)  # so that texts differ
    return network.eval()


def _head(label: str, evidence: Sequence[str]) -> Head:
    record = LanguageRecord(
        train_positives=500, train_negatives=500, train_weak=0, validation_positives=50, validation_negatives=50,
        auc=0.9, auc_low=0.85, auc_high=0.95, ece=0.02, evidence=True,
    )  # fmt: skip
    return Head(
        label=label, scale=1.0, line=Line(slope=1.0, offset=-0.5), lines={"de": Line(slope=0.7, offset=0.1)},
        records=dict.fromkeys(evidence, record),
    )  # fmt: skip


def _manifest(shape: Shape, labels: Sequence[str], heads: tuple[Head, ...], seed: int) -> Manifest:
    return Manifest(
        format_version=FORMAT_VERSION, name=NAME, version="", shape=shape, labels=tuple(labels), heads=heads,
        omitted=(), data_digest="", sources=(), held_out_digest="", refused_rows=0,
        corpus=Corpus(digest="", sentences=0, translations=0, dictionary=0),
        progress=Progress(phase="fine-tuning", step=1, steps=1),
        recipe=Recipe(
            method="random weights for tests", seed=seed, started_from="random weights", settings={},
            evidence_rule="none", machine="any",
        ),
        metrics=(), weights_sha256="", vocabulary_sha256="",
    )  # fmt: skip
