"""Fine-tuning: all labels at once, unknown ones masked, rows weighted."""

from collections.abc import Iterator
from functools import partial
from itertools import islice

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from models.training.transformer.loop import Step
from models.training.transformer.mixture import UNKNOWN, Example
from models.transformer.batches import by_length, framed, padded
from models.transformer.network import Network
from models.transformer.tokens import Tokenizer

_POOL = 4096  # texts drawn at once and sorted by length


def judged(
    network: Network,
    tokenizer: Tokenizer,
    examples: Iterator[Example],
    random: np.random.Generator,
    *,
    pieces: int,
    resplit: float = 0.0,
) -> Iterator[Step]:
    """Endless steps over ``examples``, in batches of at most ``pieces`` pieces.

    A share ``resplit`` of the texts is split into other pieces than the likeliest, so that a word is known by its
    parts as well (subword regularization, Kudo 2018).
    """
    positions, device = network.shape.positions, network.out.weight.device
    while True:
        drawn = list(islice(examples, _POOL))
        texts = [example.text for example in drawn]
        others = random.random(len(texts)) < resplit
        usual = tokenizer.encode(texts)
        rows = [
            framed(tokenizer.resplit(text) if other else row, positions)
            for text, row, other in zip(texts, usual, others, strict=True)
        ]
        batches = list(by_length([len(row) for row in rows], pieces))
        for index in random.permutation(len(batches)):
            some = [drawn[i] for i in batches[index]]
            ids = padded([rows[i] for i in batches[index]]).to(device)
            truth = torch.tensor([example.truth for example in some], dtype=torch.float32, device=device)
            weight = torch.tensor([example.weight for example in some], device=device)
            yield partial(_loss, network, ids, truth, weight)


def _loss(network: Network, ids: Tensor, truth: Tensor, weight: Tensor) -> Tensor:
    with torch.autocast(ids.device.type, torch.bfloat16):
        logits = network(ids)
    known = (truth != UNKNOWN) * weight[:, None]
    each = functional.binary_cross_entropy_with_logits(logits, truth.clamp(min=0), reduction="none")
    return (each * known).sum() / known.sum().clamp(min=1e-6)
