"""From text to piece ids and back, through SentencePiece itself, in training and in serving alike.

Wrappers of the same vocabulary give other ids in about one text of a thousand (ties between equally likely splits),
so nothing here goes through one. Texts are NFKC-normalized and case-folded by rules that lie inside the vocabulary
file (``nmt_nfkc_cf``): full-width letters, ligatures and capitals give the ids of their plain forms.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import sentencepiece
from numpy.typing import NDArray

from models.errors import ArtifactError

PAD, UNKNOWN, BEGIN, END, MASK = range(5)
SPECIAL = 5
BYTES = 256  # pieces right after the special ones, for characters outside the vocabulary


class Tokenizer:
    """A SentencePiece vocabulary of ``size`` pieces; ids below ``SPECIAL + BYTES`` stand for no known piece."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.digest = hashlib.sha256(data).hexdigest()
        self._processor = sentencepiece.SentencePieceProcessor(model_proto=data)
        self.size = int(self._processor.get_piece_size())

    @classmethod
    def load(cls, path: Path) -> "Tokenizer":
        """Raises ArtifactError where the file is missing or no vocabulary of this kind."""
        try:
            tokenizer = cls(path.read_bytes())
        except OSError as error:
            raise ArtifactError(f"cannot read {path}: {error.strerror}; it belongs to the artifact") from error
        except RuntimeError as error:
            raise ArtifactError(f"{path} is not a SentencePiece vocabulary, or is cut short") from error
        found = [tokenizer.piece(index) for index in range(min(SPECIAL, tokenizer.size))]
        if found != ["<pad>", "<unk>", "<s>", "</s>", "<mask>"]:
            raise ArtifactError(f"{path} begins with the pieces {found}; it was not made by `weir train`")
        return tokenizer

    def encode(self, texts: Sequence[str]) -> list[list[int]]:
        """Ids of each text, without begin and end marks; lone surrogates count as unknown characters."""
        clean = [text.encode("utf-8", "replace").decode() for text in texts]
        found: list[list[int]] = self._processor.encode(clean, num_threads=1)
        return found

    def resplit(self, text: str) -> list[int]:
        """Ids of one text, split at random by the likelihood of each way; for training only, by its own generator."""
        clean = text.encode("utf-8", "replace").decode()
        found: list[int] = self._processor.encode(clean, enable_sampling=True, alpha=0.2, nbest_size=-1)
        return found

    def piece(self, index: int) -> str:
        """The text of one piece; a leading U+2581 stands for a space."""
        found: str = self._processor.id_to_piece(index)
        return found

    def pieces(self) -> list[tuple[str, float]]:
        """Every piece with its log probability, by id."""
        return [(self.piece(index), float(self._processor.get_score(index))) for index in range(self.size)]


def unknown_share(rows: Sequence[Sequence[int]]) -> NDArray[np.float64]:
    """The share of pieces of each row that are unknown or spelled in bytes; 0 for an empty row."""
    return np.array([sum(piece < SPECIAL + BYTES for piece in row) / max(len(row), 1) for row in rows], np.float64)
