"""Pre-training: sentences and words of many languages learn to mean what their English means, and gaps get filled.

Two tasks take turns. *Alignment* (Reimers & Gurevych 2020): the mean state of a text must be nearest to the English
teacher's vector of its translation, among all of the batch; texts are sentences, their English, and single
dictionary words. *Filling in* (Devlin et al. 2019): 15 % of the pieces of texts from the labelled sources are hidden
and guessed, so that the encoder has read the slang that it will judge.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from models.training.transformer.corpus import Pair
from models.training.transformer.loop import Step
from models.training.transformer.recipe import Settings
from models.training.transformer.sources import Sources
from models.training.transformer.start import English
from models.transformer.batches import by_length, framed, padded
from models.transformer.network import Network, mean_pool
from models.transformer.tokens import MASK, PAD, SPECIAL, Tokenizer

_SCALE = 20.0  # of cosines before the softmax, as is usual for this loss
_POOL = 2048  # texts drawn at once and sorted by length


@dataclass(frozen=True, slots=True)
class Lesson:
    """What alignment draws from: pairs with the place of their English in ``vectors``, and how likely each is."""

    pairs: Sequence[Pair]
    meaning: np.ndarray  # int64 [pairs], rows of vectors
    chance: np.ndarray  # float64 [pairs], sums to 1
    vectors: Tensor  # float32 [English texts, width], unit length


@torch.no_grad()
def teach(english: English, texts: Sequence[str], say: Callable[[str], None], most: int = 64) -> Tensor:
    """The teacher's unit vectors [texts, width]: the mean of its states, texts cut at ``most`` pieces."""
    found = torch.zeros(len(texts), english.vectors.shape[1])
    rows = english.split(list(texts), truncation=True, max_length=most)["input_ids"]
    say(f"the teacher reads {len(texts)} English texts")
    for batch in by_length([len(row) for row in rows], 4096):
        ids = padded([rows[index] for index in batch])
        with torch.autocast("cpu", torch.bfloat16):
            states = english.encoder(input_ids=ids, attention_mask=(ids != PAD).long()).last_hidden_state
        found[batch] = functional.normalize(mean_pool(states, ids), dim=-1)
    return found


def temperature(languages: Sequence[str], power: float) -> np.ndarray:
    """Chances [texts] by which a language with n texts comes by n to the ``power``."""
    counts = Counter(languages)
    chance = np.array([counts[lang] ** (power - 1.0) for lang in languages])
    normed: np.ndarray = chance / chance.sum()
    return normed


def lessons(
    english: English, sources: Sources, settings: Settings, random: np.random.Generator, say: Callable[[str], None]
) -> tuple[Lesson, Lesson]:
    """What alignment learns from: sentences, then single words; the teacher reads their English first."""
    texts = sorted({pair.english for pair in sources.translations})
    chosen = set(random.permutation(np.array(texts, object))[: settings.teacher_texts].tolist())
    pairs = [pair for pair in sources.translations if pair.english in chosen]
    words = sources.dictionary
    if len(words) > settings.teacher_words:
        chances = temperature([pair.lang for pair in words], settings.align_power)
        drawn = random.choice(len(words), settings.teacher_words, replace=False, p=chances)
        words = [words[index] for index in drawn]
    texts = sorted(chosen | {pair.english for pair in words})
    vectors = teach(english, texts, say)
    places = {text: place for place, text in enumerate(texts)}
    return _lesson(pairs, places, vectors, settings.align_power), _lesson(
        words, places, vectors, settings.align_power
    )


def _lesson(pairs: Sequence[Pair], places: dict[str, int], vectors: Tensor, power: float) -> Lesson:
    meaning = np.array([places[pair.english] for pair in pairs])
    return Lesson(pairs, meaning, temperature([pair.lang for pair in pairs], power), vectors)


def aligned(
    network: Network,
    tokenizer: Tokenizer,
    source: Lesson,
    random: np.random.Generator,
    *,
    pieces: int,
    english: float,
) -> Iterator[Step]:
    """Endless alignment steps; a share ``english`` of the texts are the English side itself."""
    while True:
        drawn = random.choice(len(source.pairs), _POOL, p=source.chance)
        own = random.random(_POOL) < english
        texts = [
            source.pairs[i].english if mine else source.pairs[i].text for i, mine in zip(drawn, own, strict=True)
        ]
        rows = [framed(row, 64) for row in tokenizer.encode(texts)]
        batches = list(by_length([len(row) for row in rows], pieces))
        for index in random.permutation(len(batches)):
            batch = batches[index]
            ids, meaning = padded([rows[i] for i in batch]), source.meaning[drawn[batch]]
            yield partial(_alignment, network, ids.to(network.out.weight.device), meaning, source.vectors)


def _alignment(network: Network, ids: Tensor, meaning: np.ndarray, vectors: Tensor) -> Tensor:
    target = vectors[torch.from_numpy(meaning)].to(ids.device)
    with torch.autocast(ids.device.type, torch.bfloat16):
        states = network.states(ids)
    found = functional.normalize(mean_pool(states, ids), dim=-1)
    near = (found * target).sum(-1)
    same = torch.from_numpy(meaning[:, None] == meaning[None, :]) & ~torch.eye(len(meaning), dtype=torch.bool)
    scores = (_SCALE * found @ target.T).masked_fill(same.to(ids.device), -1e4)
    order = torch.arange(len(meaning), device=ids.device)
    return functional.cross_entropy(scores, order) + (1 - near).mean() * 4


class Filler(nn.Module):
    """Guesses hidden pieces; the output weights are the embeddings themselves."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        width = network.shape.width
        self.turn = nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.LayerNorm(width))
        self.bias = nn.Parameter(torch.zeros(network.shape.pieces))


def filled(
    network: Network,
    tokenizer: Tokenizer,
    filler: Filler,
    texts: Sequence[str],
    chance: np.ndarray,
    random: np.random.Generator,
    *,
    pieces: int,
    positions: int = 96,
) -> Iterator[Step]:
    """Endless steps of guessing hidden pieces."""
    while True:
        drawn = random.choice(len(texts), _POOL, p=chance)
        rows = [framed(row, positions) for row in tokenizer.encode([texts[i] for i in drawn])]
        batches = list(by_length([len(row) for row in rows], pieces))
        for index in random.permutation(len(batches)):
            ids = padded([rows[i] for i in batches[index]])
            hidden, where = _hide(ids, tokenizer.size, random)
            device = network.out.weight.device
            yield partial(_filling, network, filler, ids.to(device), hidden.to(device), where.to(device))


def _hide(ids: Tensor, size: int, random: np.random.Generator) -> tuple[Tensor, Tensor]:
    drawn = torch.from_numpy(random.random(tuple(ids.shape)))
    where = (drawn < 0.15) & (ids >= SPECIAL)
    hidden = ids.clone()
    hidden[where & (drawn < 0.12)] = MASK
    swapped = where & (drawn >= 0.12) & (drawn < 0.135)
    hidden[swapped] = torch.from_numpy(random.integers(SPECIAL, size, int(swapped.sum())))
    return hidden, where


def _filling(network: Network, filler: Filler, ids: Tensor, hidden: Tensor, where: Tensor) -> Tensor:
    with torch.autocast(ids.device.type, torch.bfloat16):
        states = network.states(hidden)[where]
        scores = filler.turn(states) @ network.encoder.embeddings.word_embeddings.weight.T + filler.bias
    return functional.cross_entropy(scores.float(), ids[where])
