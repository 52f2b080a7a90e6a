"""Texts as a sparse matrix for training: the very n-grams that scoring sums."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix, vstack

from models.features import FeatureSettings, Powers, char_grams, word_grams
from models.windows import Windows, chunks, cut, lay

_POSITIONS = 1 << 18


def featurize(texts: Sequence[str], settings: FeatureSettings) -> csr_matrix:
    """The first window of each text; float32 [texts, buckets], each row divided by sqrt(its n-grams)."""
    heads = [cut(text.casefold(), settings.window_chars, settings.stride_chars, 2)[0] for text in texts]
    powers = Powers.upto(_POSITIONS + settings.window_chars + 2)
    parts = [_rows(lay(heads[begin:end]), settings, powers) for begin, end in chunks(heads, _POSITIONS)]
    return vstack(parts, format="csr") if parts else csr_matrix((0, settings.buckets), dtype=np.float32)


def _rows(windows: Windows, settings: FeatureSettings, powers: Powers) -> csr_matrix:
    everywhere = np.arange(windows.codes.size)
    buckets, positions = [], []
    for grams in (*char_grams(windows, settings), *word_grams(windows, settings, powers)):
        buckets.append(grams.buckets)
        positions.append(everywhere if grams.positions is None else grams.positions)
    columns = np.concatenate(buckets)
    kept = columns < settings.buckets
    owners = np.searchsorted(windows.starts, np.concatenate(positions)[kept], side="right") - 1
    counts = np.bincount(owners, minlength=windows.starts.size)
    values = (1.0 / np.sqrt(counts))[owners].astype(np.float32)
    shape = (windows.starts.size, settings.buckets)
    return csr_matrix((values, (owners.astype(np.int32), columns[kept].astype(np.int32))), shape=shape)


def rows_of(matrix: csr_matrix, rows: NDArray[np.intp]) -> csr_matrix:
    """Some rows, in the given order."""
    return matrix[rows]
