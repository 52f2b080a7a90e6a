"""Any sequence classifier in Hugging Face format as a level of the cascade; docs/hub.md says how to use it.

torch and transformers are imported when a model is loaded, not with this module.
"""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import numpy as np
from numpy.typing import NDArray

from models import label_map as label_maps
from models.artifacts import digest
from models.classifier import Scores
from models.device import DeviceName, choose
from models.errors import ArtifactError
from models.hub import source as sources
from models.hub.windows import is_blank
from models.sigmoid import sigmoid
from models.tags import base_tag

if TYPE_CHECKING:
    from models.hub.encoder import Encoder

MOST_UNKNOWN = 0.5
"""Share of a text's tokens that may be unknown to the tokenizer before its scores count as no evidence."""


class HubClassifier:
    """Scores texts with a network whose outputs a label map translates into our labels.

    A text longer than a window gets, for each label, the maximum over its windows.
    """

    def __init__(self, encoder: "Encoder", label_map: label_maps.BoundLabelMap, *, name: str, version: str) -> None:
        self._encoder = encoder
        self._map = label_map
        self._name = name
        self._version = version

    @classmethod
    def load(
        cls,
        source: str,
        *,
        label_map: Path,
        revision: str | None,
        device: DeviceName = "auto",
        max_tokens: int = 512,
        batch_tokens: int = 4096,
    ) -> "HubClassifier":
        """Load from a local folder (``revision`` None) or from a hub id at a commit of 40 hex digits.

        ``max_tokens`` bounds a window, which is never longer than the network's positions; ``batch_tokens`` bounds
        the padded tokens that run at once. Raises ArtifactError where anything does not fit, saying what would.
        """
        if batch_tokens < 1:
            raise ArtifactError(f"batch_tokens must be at least 1, not {batch_tokens}")
        parsed, map_digest = label_maps.read(label_map)
        found = sources.resolve(source, revision)
        from models.hub.encoder import Encoder

        encoder = Encoder.load(found.folder, choose(device), max_tokens=max_tokens, batch_tokens=batch_tokens)
        bound = label_maps.bind(parsed, encoder.outputs)
        return cls(encoder, bound, name=_name(found), version=_version(found, map_digest, encoder.window_tokens))

    @property
    def name(self) -> str:
        return self._name

    @property
    def version(self) -> str:
        """Changes with the weights, the configuration, the tokenizer, the label map and the length of a window."""
        return self._version

    @property
    def labels(self) -> tuple[str, ...]:
        return self._map.labels

    def score(self, texts: Sequence[str], languages: Sequence[str]) -> Scores:
        """Probabilities and evidence; a text in which there is nothing to read scores 0 without evidence.

        Evidence is there in the languages that the label map states, unless more than MOST_UNKNOWN of a text's
        tokens are unknown to the tokenizer. Raises ValueError where the network gives other than finite outputs.
        """
        if len(texts) != len(languages):
            raise ValueError(f"{len(texts)} texts came with {len(languages)} languages; give one tag a text")
        logits, share = self._read(texts)
        probabilities = sigmoid(logits * self._map.slopes + self._map.offsets).astype(np.float32)
        probabilities[np.isnan(share)] = 0.0
        known = np.array([base_tag(tag) in self._map.languages for tag in languages], np.bool_)
        evidence = known & (share <= MOST_UNKNOWN)  # NaN is not
        return Scores(probabilities, np.repeat(evidence[:, None], len(self.labels), axis=1))

    def logits(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Log odds before the label map's calibration, [texts, labels]; the network's own answer for blank texts."""
        return self._read(texts)[0]

    def _read(self, texts: Sequence[str]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Log odds [texts, labels], and the share of unknown tokens [texts]: NaN where there is nothing to read."""
        if not texts:
            return np.zeros((0, len(self.labels))), np.zeros(0)
        read = self._encoder.read(texts)
        logits = np.full((len(texts), len(self.labels)), -np.inf)
        np.maximum.at(logits, read.texts, self._map.logits(read.outputs))
        blank = np.array([is_blank(text) for text in texts]) | (read.content == 0)
        return logits, np.where(blank, np.nan, read.unknown / np.maximum(read.content, 1))


def _name(source: sources.Source) -> str:
    """The last part of a hub id or of a folder's path, in characters that metrics and logs take."""
    return "hub-" + re.sub(r"[^A-Za-z0-9._-]", "-", source.name.rsplit("/", 1)[-1])[:60]


def _version(source: sources.Source, map_digest: str, window_tokens: int) -> str:
    origin = None if source.revision is None else [source.name, source.revision]
    return digest(msgspec.json.encode([origin, source.digests, map_digest, window_tokens], order="sorted"))[:16]
