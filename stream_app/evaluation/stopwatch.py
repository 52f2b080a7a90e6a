"""What a level costs: a classifier that keeps time while it scores."""

import time
from collections.abc import Callable, Sequence

from models.classifier import Classifier, Scores
from models.evaluation.scored import Cost

Clock = Callable[[], float]


class Timed:
    """Another classifier and the seconds spent in it, of the clock and of all threads of this process."""

    def __init__(
        self, classifier: Classifier, *, wall: Clock = time.perf_counter, cpu: Clock = time.process_time
    ) -> None:
        self._classifier = classifier
        self._wall, self._cpu = wall, cpu
        self.reset()

    @property
    def name(self) -> str:
        return self._classifier.name

    @property
    def version(self) -> str:
        return self._classifier.version

    @property
    def labels(self) -> tuple[str, ...]:
        return self._classifier.labels

    def reset(self) -> None:
        """Begin anew."""
        self.cost = Cost(self.name, 0, 0.0, 0.0)

    def score(self, texts: Sequence[str], languages: Sequence[str]) -> Scores:
        """A call that fails costs as well."""
        wall, cpu = self._wall(), self._cpu()
        try:
            return self._classifier.score(texts, languages)
        finally:
            so_far = self.cost
            self.cost = Cost(
                self.name,
                so_far.texts + len(texts),
                so_far.wall_seconds + self._wall() - wall,
                so_far.cpu_seconds + self._cpu() - cpu,
            )
