"""One level of the cascade behind its guard: a classifier may fail, hang, run out of memory or return nonsense.

A failed batch is split in halves until the text that it fails on stands alone; the others are scored. A level that
hangs or fails as a whole is left alone for a while (circuit breaker), and the path goes on without it.
"""

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass

import numpy as np

from models.classifier import Classifier, Scores
from stream_app.errors import Unavailable
from stream_app.pipeline.breaker import Breaker
from stream_app.telemetry import facts

log = logging.getLogger(__name__)

# A hung call cannot be ended, only abandoned with its thread; after so many the process must be replaced.
MAX_ABANDONED = 3


@dataclass(frozen=True, slots=True)
class Row:
    """The scores of one text by label, and the labels that the level has evidence for in its language."""

    scores: dict[str, float]
    evidence: frozenset[str]


class Level:
    """A classifier with a time limit, a breaker and isolation of the texts that it fails on.

    ``batch_texts`` bounds one call; ``timeout_seconds`` is for one call. ``on_hung`` is called when too many
    calls hang, and must not return normally in a worker (it ends the process, which the supervisor restarts).
    ``on_scored`` is called after each call that worked: a slow classifier gets on, and that is no stall.
    """

    def __init__(
        self,
        classifier: Classifier,
        *,
        breaker: Breaker,
        timeout_seconds: float,
        batch_texts: int = 256,
        on_hung: Callable[[], None] = lambda: None,
        on_scored: Callable[[], None] = lambda: None,
    ) -> None:
        self.on_scored = on_scored
        self.classifier = classifier
        self.name = classifier.name
        self.breaker = breaker
        self._timeout_seconds = timeout_seconds
        self._batch_texts = batch_texts
        self._on_hung = on_hung
        self._abandoned = 0
        self._pool = self._new_pool()

    def score(self, texts: Sequence[str], languages: Sequence[str]) -> list[Row | None]:
        """Score texts in order; None for each text that the classifier cannot score.

        Raises Unavailable if the level as a whole does not work now.
        """
        if self.breaker.is_open:
            raise Unavailable(self.name, "its circuit breaker is open")
        rows: list[Row | None] = [None] * len(texts)
        # Batches of like length: what pads or windows by the longest text does little in vain.
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        for start in range(0, len(order), self._batch_texts):
            self._score_some(order[start : start + self._batch_texts], texts, languages, rows)
        return rows

    def _score_some(
        self, some: list[int], texts: Sequence[str], languages: Sequence[str], rows: list[Row | None]
    ) -> None:
        """Score one batch; on failure split it. A batch in which nothing works is the level's failure."""
        waiting = [some]
        failed = scored = 0
        while waiting:
            part = waiting.pop()
            try:
                result = self._call([texts[i] for i in part], [languages[i] for i in part])
            except FutureTimeout as error:
                raise self._hung() from error
            except Exception as error:  # noqa: BLE001 - a classifier may raise anything; it is counted and isolated
                failed += 1
                log.warning(
                    "a classifier failed", extra=facts(level=self.name, texts=len(part), error=repr(error)[:300])
                )
                if len(part) > 1:
                    middle = len(part) // 2
                    waiting += [part[middle:], part[:middle]]
                if failed >= 8 and not scored:
                    break
                continue
            scored += len(part)
            for i, row in zip(part, self._rows(result), strict=True):
                rows[i] = row
        if failed and not scored and len(some) > 1:
            self.breaker.failed()
            raise Unavailable(self.name, f"it failed on all of {len(some)} texts")
        if scored:
            self.breaker.succeeded()

    def _call(self, texts: list[str], languages: list[str]) -> Scores:
        future = self._pool.submit(self.classifier.score, texts, languages)
        scores = future.result(self._timeout_seconds)
        self._check(scores, len(texts))
        self.on_scored()
        return scores

    def _check(self, scores: Scores, count: int) -> None:
        expected = (count, len(self.classifier.labels))
        if scores.probabilities.shape != expected or scores.evidence.shape != expected:
            raise ValueError(f"scores have shape {scores.probabilities.shape}, expected {expected}")
        values = scores.probabilities
        if not (np.isfinite(values).all() and (values >= 0).all() and (values <= 1).all()):
            raise ValueError("scores are not all finite and within 0 and 1")

    def _rows(self, scores: Scores) -> list[Row]:
        labels = self.classifier.labels
        known: dict[bytes, frozenset[str]] = {}
        rows = []
        for values, evidence in zip(scores.probabilities.tolist(), scores.evidence, strict=True):
            key = evidence.tobytes()
            if key not in known:
                known[key] = frozenset(label for label, has in zip(labels, evidence.tolist(), strict=True) if has)
            rows.append(Row(dict(zip(labels, values, strict=True)), known[key]))
        return rows

    def _hung(self) -> Unavailable:
        self.breaker.failed(at_once=True)
        self._abandoned += 1
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._pool = self._new_pool()
        log.error(
            "a classifier hangs", extra=facts(level=self.name, seconds=self._timeout_seconds, times=self._abandoned)
        )
        if self._abandoned >= MAX_ABANDONED:
            self._on_hung()
        return Unavailable(self.name, f"no answer within {self._timeout_seconds:g} s")

    def _new_pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(max_workers=1, thread_name_prefix=f"level-{self.classifier.name}")
