"""One phase of training: a stream of losses, AdamW (Loshchilov & Hutter 2019), a warm-up and a linear way down."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from models.errors import DataError
from models.transformer.network import Network

Step = Callable[[], Tensor]
Report = Callable[[str, int, int, float, float], None]
"""Called now and then with the phase, steps done, steps in all, the smoothed loss, and seconds spent."""


@dataclass(frozen=True, slots=True)
class Phase:
    """How one phase learns; rates are the highest ones, reached after the warm-up."""

    name: str
    steps: int
    body_rate: float
    piece_rate: float  # of the embeddings, which start further from where they must go
    head_rate: float
    warm_up: float = 0.06  # share of the steps
    last: float = 0.05  # rate at the end, as a share of the highest


def run(
    phase: Phase,
    network: Network,
    losses: Iterator[Step],
    *,
    extra: nn.Module | None = None,
    begin: int = 0,
    report: Report,
    save: Callable[[int], None] = lambda _: None,
    save_every_seconds: float = 300.0,
) -> None:
    """Train from step ``begin`` on; ``extra`` holds further weights of this phase that learn at the head's rate.

    Raises DataError where the loss is no longer a number, before such weights are saved.
    """
    groups = _groups(phase, network, extra)
    weights = [weight for group in groups for weight in group["params"]]
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.98), weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: _rate(phase, step + begin, begin))
    network.train()
    smoothed, began, saved = 0.0, time.monotonic(), time.monotonic()
    for step in range(begin, phase.steps):
        loss = next(losses)()
        value = float(loss.detach())
        if not math.isfinite(value):
            raise DataError(f"the loss of {phase.name} is {value} at step {step + 1}; --resume goes on before it")
        loss.backward()
        nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)
        smoothed = value if step == begin else 0.98 * smoothed + 0.02 * value
        if step % 10 == 9 or step + 1 == phase.steps:
            report(phase.name, step + 1, phase.steps, smoothed, time.monotonic() - began)
        if time.monotonic() - saved > save_every_seconds:
            save(step + 1)
            saved = time.monotonic()
    network.eval()


def _groups(phase: Phase, network: Network, extra: nn.Module | None) -> list[dict[str, Any]]:
    pieces = network.encoder.embeddings.word_embeddings.weight
    heads = [*network.pool.parameters(), *network.out.parameters(), *(extra.parameters() if extra else ())]
    body = [weight for weight in network.encoder.parameters() if weight is not pieces]
    return [
        {"params": [pieces], "lr": phase.piece_rate, "weight_decay": 0.0},
        {"params": body, "lr": phase.body_rate},
        {"params": heads, "lr": phase.head_rate},
    ]


def _rate(phase: Phase, step: int, begin: int) -> float:
    warm = max(1, int(phase.warm_up * (phase.steps - begin)))
    rise = (step - begin + 1) / warm  # a resumed run warms up again, as its optimizer starts afresh, but no higher
    left = (phase.steps - step) / max(1, phase.steps - max(1, int(phase.warm_up * phase.steps)))
    return min(rise, phase.last + (1 - phase.last) * min(1.0, max(0.0, left)))
