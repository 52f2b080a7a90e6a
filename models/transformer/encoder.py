"""The encoder: BERT (Devlin et al. 2019), with weights named as transformers' ``BertModel`` names them.

Written out here because importing transformers takes every worker and every command four seconds of processor time;
a test holds the two equal.
"""

from typing import cast

import msgspec
import torch
from torch import Tensor, nn
from torch.nn import functional


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """Sizes of an encoder."""

    pieces: int
    width: int = 384
    layers: int = 4
    heads: int = 12
    inner: int = 1536
    positions: int = 128


class Encoder(nn.Module):
    """Piece ids [texts, positions] in, hidden states [texts, positions, width] out."""

    def __init__(self, shape: Shape, dropout: float = 0.1) -> None:
        super().__init__()
        self.embeddings = _Embeddings(shape, dropout)
        self.encoder = nn.ModuleDict({"layer": nn.ModuleList(_Layer(shape, dropout) for _ in range(shape.layers))})
        self.apply(_begin)

    def forward(self, ids: Tensor, here: Tensor) -> Tensor:
        """``here`` [texts, positions] is true where a piece stands, false on padding."""
        states = self.embeddings(ids)
        mask = here[:, None, None, :]
        for layer in cast("nn.ModuleList", self.encoder["layer"]):
            states = layer(states, mask)
        return cast("Tensor", states)


class _Embeddings(nn.Module):
    def __init__(self, shape: Shape, dropout: float) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(shape.pieces, shape.width)
        self.position_embeddings = nn.Embedding(shape.positions, shape.width)
        self.token_type_embeddings = nn.Embedding(1, shape.width)
        self.LayerNorm = nn.LayerNorm(shape.width, eps=1e-12)
        self.dropout = nn.Dropout(dropout)

    def forward(self, ids: Tensor) -> Tensor:
        places = torch.arange(ids.shape[1], device=ids.device)
        found = self.word_embeddings(ids) + self.position_embeddings(places) + self.token_type_embeddings.weight[0]
        return cast("Tensor", self.dropout(self.LayerNorm(found)))


class _Layer(nn.Module):
    def __init__(self, shape: Shape, dropout: float) -> None:
        super().__init__()
        attend = nn.ModuleDict({name: nn.Linear(shape.width, shape.width) for name in ("query", "key", "value")})
        self.attention = nn.ModuleDict({"self": attend, "output": _Output(shape.width, shape.width, dropout)})
        self.intermediate = nn.ModuleDict({"dense": nn.Linear(shape.width, shape.inner)})
        self.output = _Output(shape.inner, shape.width, dropout)
        self.heads, self.dropout = shape.heads, dropout

    def forward(self, states: Tensor, mask: Tensor) -> Tensor:
        attended = self.attention["output"](self._attend(states, mask), states)
        return cast("Tensor", self.output(functional.gelu(self.intermediate["dense"](attended)), attended))

    def _attend(self, states: Tensor, mask: Tensor) -> Tensor:
        parts = cast("nn.ModuleDict", self.attention["self"])
        texts, positions, width = states.shape
        query, key, value = (
            parts[name](states).view(texts, positions, self.heads, -1).transpose(1, 2)
            for name in ("query", "key", "value")
        )
        share = self.dropout if self.training else 0.0
        found = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask, dropout_p=share)
        return found.transpose(1, 2).reshape(texts, positions, width)


class _Output(nn.Module):
    def __init__(self, given: int, width: int, dropout: float) -> None:
        super().__init__()
        self.dense = nn.Linear(given, width)
        self.LayerNorm = nn.LayerNorm(width, eps=1e-12)
        self.dropout = nn.Dropout(dropout)

    def forward(self, given: Tensor, before: Tensor) -> Tensor:
        return cast("Tensor", self.LayerNorm(self.dropout(self.dense(given)) + before))


def _begin(module: nn.Module) -> None:
    """BERT's starting weights."""
    if isinstance(module, nn.Linear | nn.Embedding):
        nn.init.normal_(module.weight, std=0.02)
    if isinstance(module, nn.Linear):
        nn.init.zeros_(module.bias)
