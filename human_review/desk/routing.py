"""Which queue a task goes to: that of the policy, unless a route of the review file moves it."""

from collections.abc import Callable
from dataclasses import dataclass

from human_review.permissions import spelled
from human_review.review_file import ReviewConfig, When, words

APPEALS = "appeals"
UNKNOWN_HARM = 0.3  # of a task whose decision names no label, or one that the review file does not know


@dataclass(frozen=True, slots=True)
class Place:
    """What routes look at. ``severity`` is 0 to 1, ``language`` is spelled as `human_review.permissions` does it."""

    queue: str
    label: str | None
    language: str
    surface: str
    why: str
    severity: float


def queue_of(place: Place, config: ReviewConfig) -> str:
    """The queue of the first route that matches, else the one it came with."""
    return next((route.queue for route in config.queues.routes if _matches(route.when, place)), place.queue)


def severity_of(label: str | None, config: ReviewConfig) -> float:
    """The harm of a label, 0 to 1."""
    known = config.labels.get(label) if label else None
    return known.harm if known else UNKNOWN_HARM


def _matches(when: When, place: Place) -> bool:
    return (
        _among(when.queue, lambda word: word == place.queue)
        and _among(when.label, lambda word: word == place.label)
        and _among(when.language, lambda word: spelled(word) in {place.language, place.language.partition("-")[0]})
        and _among(when.surface, lambda word: word == place.surface)
        and _among(when.why, lambda word: word == place.why)
        and place.severity >= when.severity_from
    )


def _among(wanted: str | tuple[str, ...], fits: Callable[[str], bool]) -> bool:
    return not words(wanted) or any(fits(word) for word in words(wanted))
