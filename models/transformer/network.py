"""The network: the encoder, pooled two ways, and one logit a label.

The mean over the pieces says what a text is about; the maximum keeps one insult in a long harmless text from being
averaged away.
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from models.transformer.encoder import Encoder, Shape
from models.transformer.tokens import PAD


class Network(nn.Module):
    """Piece ids [texts, positions] in, logits [texts, labels] out."""

    def __init__(self, shape: Shape, labels: Sequence[str]) -> None:
        super().__init__()
        self.shape = shape
        self.encoder = Encoder(shape)
        self.pool = nn.Linear(2 * shape.width, shape.width)
        self.drop = nn.Dropout(0.1)
        self.out = nn.Linear(shape.width, len(labels))

    def states(self, ids: Tensor) -> Tensor:
        """Hidden states [texts, positions, width]; padding is known by its id."""
        found: Tensor = self.encoder(ids, ids != PAD)
        return found

    def forward(self, ids: Tensor) -> Tensor:
        """Logits before calibration."""
        states = self.states(ids)
        both = torch.cat([mean_pool(states, ids), max_pool(states, ids)], dim=-1)
        found: Tensor = self.out(self.drop(torch.tanh(self.pool(both)))).float()
        return found


def mean_pool(states: Tensor, ids: Tensor) -> Tensor:
    """Mean over the pieces of each text [texts, width], in 32 bits."""
    here = (ids != PAD).unsqueeze(-1)
    total: Tensor = (states.float() * here).sum(1) / here.sum(1).clamp(min=1)
    return total


def max_pool(states: Tensor, ids: Tensor) -> Tensor:
    """Maximum over the pieces of each text [texts, width], in 32 bits."""
    found: Tensor = states.float().masked_fill((ids == PAD).unsqueeze(-1), -1e4).amax(1)
    return found
