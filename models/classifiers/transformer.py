"""The second trained level: a small multilingual transformer, calibrated for each language."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

from models.calibrated import HeadTable, check_pairs, without_blanks
from models.classifier import Scores
from models.device import choose
from models.transformer import artifact
from models.transformer.batches import by_length, framed, padded
from models.transformer.manifest import Manifest
from models.transformer.network import Network
from models.transformer.tokens import Tokenizer, unknown_share
from models.windows import spread

_BATCH_PIECES = 4096
_MOST_WINDOWS = 8  # spread over the text; a batch of long texts must end before its time limit
_MOST_UNKNOWN = 0.3  # share of a text's pieces; above it the vocabulary cannot spell it, and no score is evidence
_MOST_CHARACTERS = 20_000  # of one text that are looked at


class TransformerClassifier:
    """Scores texts from an artifact; a text longer than a window gets the maximum over its windows."""

    def __init__(self, manifest: Manifest, network: Network, tokenizer: Tokenizer, device: torch.device) -> None:
        self.manifest = manifest
        self._network = network.to(device).eval()
        self._tokenizer = tokenizer
        self._device = device
        self._table = HeadTable(manifest.heads)
        self._columns = [manifest.labels.index(head.label) for head in manifest.heads]

    @classmethod
    def load(cls, folder: Path, *, device: Literal["auto", "cpu", "cuda"] = "auto") -> "TransformerClassifier":
        """Raises ArtifactError where the folder does not hold a whole, unaltered artifact."""
        return cls(*artifact.load(folder), choose(device))

    @property
    def name(self) -> str:
        return self.manifest.name

    @property
    def version(self) -> str:
        return self.manifest.version

    @property
    def labels(self) -> tuple[str, ...]:
        return self._table.labels

    def score(self, texts: Sequence[str], languages: Sequence[str]) -> Scores:
        """Probabilities and evidence: none in an unknown writing, and a score of 0 as well where only spaces are."""
        check_pairs(texts, languages)
        probabilities, evidence = self._table.apply(self.logits(texts), languages)
        evidence &= (self.unknown_share(texts) <= _MOST_UNKNOWN)[:, None]
        return without_blanks(Scores(probabilities, evidence), texts)

    def logits(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Uncalibrated scores [texts, labels], for calibration, mixing and drift."""
        found = np.full((len(texts), len(self._columns)), -np.inf)
        windows, owners = self._windows(texts)
        for batch in by_length([len(row) for row in windows], _BATCH_PIECES):
            ids = padded([windows[index] for index in batch]).to(self._device)
            with torch.inference_mode():
                values = self._network(ids)[:, self._columns].cpu().numpy().astype(np.float64)
            np.maximum.at(found, [owners[index] for index in batch], values)
        return found

    def unknown_share(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """The share of each text's pieces that the vocabulary cannot spell [texts]."""
        return unknown_share(self._tokenizer.encode([text[:_MOST_CHARACTERS] for text in texts]))

    def _windows(self, texts: Sequence[str]) -> tuple[list[list[int]], list[int]]:
        positions = self._network.shape.positions
        windows, owners = [], []
        for owner, row in enumerate(self._tokenizer.encode([text[:_MOST_CHARACTERS] for text in texts])):
            for begin in spread(len(row), positions - 2, (positions - 2) * 3 // 4, _MOST_WINDOWS):
                windows.append(framed(row[begin:], positions))
                owners.append(owner)
        return windows, owners
