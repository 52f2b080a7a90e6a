"""Rows of piece ids of like length put together, so that little is computed on padding."""

from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from models.transformer.tokens import BEGIN, END, PAD


def framed(row: Sequence[int], positions: int) -> list[int]:
    """A row cut to fit, between its begin and end marks."""
    return [BEGIN, *row[: positions - 2], END]


def by_length(lengths: Sequence[int], most_pieces: int) -> Iterator[list[int]]:
    """Indexes of rows in batches of at most ``most_pieces`` after padding, shortest rows first."""
    batch: list[int] = []
    for index in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and lengths[index] * (len(batch) + 1) > most_pieces:
            yield batch
            batch = []
        batch.append(index)
    if batch:
        yield batch


def padded(rows: Sequence[Sequence[int]]) -> Tensor:
    """int64 [rows, longest row]."""
    longest = max(map(len, rows))
    return torch.tensor([[*row, *[PAD] * (longest - len(row))] for row in rows])
