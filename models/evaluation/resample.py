"""Bootstrap resamples as counts: how often each row was drawn.

Rows are drawn with replacement within their group (a source and a class), so that every resample has as many
positives and negatives of every source as the data, and measures that need both classes always have them.
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

_CELLS = 1 << 20  # counts held at one time; bounds memory whatever the number of rows


def resamples(groups: NDArray[np.intp], times: int, seed: int) -> Iterator[NDArray[np.float64]]:
    """Counts [some resamples, rows]. The very first row of counts is all ones: the data as they are.

    ``groups`` [rows] are any integers. ``times`` resamples follow; the same seed gives the same ones.
    """
    rows = groups.size
    yield np.ones((1, rows))
    order = np.argsort(groups, kind="stable")
    _, place, sizes = np.unique(groups[order], return_inverse=True, return_counts=True)
    begins, widths = (np.cumsum(sizes) - sizes)[place], sizes[place]
    random = np.random.default_rng(seed)
    step = max(1, _CELLS // max(rows, 1))
    for begin in range(0, times, step):
        many = min(step, times - begin)
        drawn = order[begins + (random.random((many, rows)) * widths).astype(np.intp)]
        drawn += np.arange(many)[:, None] * rows
        yield np.bincount(drawn.ravel(), minlength=many * rows).reshape(many, rows).astype(np.float64)
