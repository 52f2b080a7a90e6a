"""Starting weights: the body of a small English encoder, and embeddings carried over to many languages.

An English encoder knows grammar and context that a few hours on a processor cannot teach. Its body is kept, and
each piece of the new vocabulary starts near what it means: a piece that the English vocabulary has too starts as
that one; a piece of another language starts as the mean of the English translations of the dictionary words it is
part of (the idea of WECHSEL, Minixhofer et al. 2022, with a dictionary in place of aligned word vectors).
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from transformers import AutoTokenizer, BertModel, PreTrainedTokenizerBase

from models.training.transformer.corpus import Pair
from models.transformer.encoder import Encoder
from models.transformer.network import Network
from models.transformer.tokens import SPECIAL, Tokenizer

_SPACE = "\u2581"


@dataclass(frozen=True, slots=True)
class English:
    """A pretrained English encoder: the start of ours, and the teacher of what sentences mean."""

    encoder: BertModel
    ids: dict[str, int]
    split: PreTrainedTokenizerBase

    @classmethod
    def load(cls, folder: Path) -> "English":
        """From a folder in Hugging Face format with safetensors weights."""
        encoder = BertModel.from_pretrained(
            folder, add_pooling_layer=False, local_files_only=True, use_safetensors=True, dtype=torch.float32
        )
        split = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        return cls(encoder.eval(), split.get_vocab(), split)

    @property
    def vectors(self) -> Tensor:
        """Embeddings [English pieces, width]."""
        return self.encoder.embeddings.word_embeddings.weight.detach()

    def word(self, text: str) -> Tensor | None:
        """The mean embedding of a word's English pieces; None where the vocabulary cannot spell it."""
        found = [self.ids[piece] for piece in self.split.tokenize(text) if piece in self.ids and piece != "[UNK]"]
        return self.vectors[found].mean(0) if found else None


@torch.no_grad()
def begin_from(english: English, network: Network, tokenizer: Tokenizer, words: Iterable[Pair]) -> int:
    """Fill ``network`` in place; the number of pieces that start from something known is returned."""
    _body(english.encoder, network.encoder)
    vectors = english.vectors
    target = network.encoder.embeddings.word_embeddings.weight
    target.normal_(0.0, 1.0).mul_(vectors.std(0) * 0.5).add_(vectors.mean(0))
    target[0].zero_()
    known = _shared(english, tokenizer, target)
    known |= _translated(english, tokenizer, words, target, known)
    return len(known)


def _body(source: BertModel, target: Encoder) -> None:
    state = {name: value for name, value in source.state_dict().items() if "word_embeddings" not in name}
    wanted = target.state_dict()
    positions = wanted["embeddings.position_embeddings.weight"].shape[0]
    state["embeddings.position_embeddings.weight"] = state["embeddings.position_embeddings.weight"][:positions]
    state["embeddings.token_type_embeddings.weight"] = state["embeddings.token_type_embeddings.weight"][:1]
    target.load_state_dict({name: state[name] for name in wanted if name in state}, strict=False)


def _shared(english: English, tokenizer: Tokenizer, target: Tensor) -> set[int]:
    found = set()
    for index, (piece, _) in enumerate(tokenizer.pieces()):
        name = piece[1:] if piece.startswith(_SPACE) else f"##{piece}"
        source = english.ids.get(name, english.ids.get(piece))
        if index >= SPECIAL and source is not None:
            target[index] = english.vectors[source]
            found.add(index)
    return found


def _translated(
    english: English, tokenizer: Tokenizer, words: Iterable[Pair], target: Tensor, known: set[int]
) -> set[int]:
    pairs = list(words)
    meanings = {text: english.word(text) for text in {pair.english for pair in pairs}}
    sums: defaultdict[int, Tensor] = defaultdict(lambda: torch.zeros(target.shape[1]))
    weights: defaultdict[int, float] = defaultdict(float)
    rows = tokenizer.encode([pair.text for pair in pairs])
    for pair, row in zip(pairs, rows, strict=True):
        meaning = meanings[pair.english]
        fresh = [piece for piece in row if piece >= SPECIAL and piece not in known]
        if meaning is None or not fresh:
            continue
        share = 1.0 / len(row) ** 2  # a word that is one piece says most about that piece
        for piece in fresh:
            sums[piece] += share * meaning
            weights[piece] += share
    for piece, total in sums.items():
        target[piece] = total / weights[piece]
    return set(sums)
