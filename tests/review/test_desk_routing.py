from dataclasses import replace

import pytest

from human_review.desk.routing import UNKNOWN_HARM, Place, queue_of, severity_of
from human_review.review_file import Label, Queues, ReviewConfig, Route, When

LABELS = {"spam": Label(title="spam", harm=0.1, key="1"), "threat": Label(title="threat", harm=0.9, key="2")}
PLACE = Place(queue="general", label="spam", language="pt-BR", surface="comment", why="unsure", severity=0.1)


def config(*routes: Route) -> ReviewConfig:
    return ReviewConfig(version="1", labels=LABELS, queues=Queues(routes=routes))


@pytest.mark.parametrize(
    "when",
    [
        When(queue="general"), When(label=("threat", "spam")), When(language="pt"), When(language="pt-BR"),
        When(surface="comment"), When(why="unsure"), When(severity_from=0.1), When(),
    ],
)  # fmt: skip
def test_a_route_that_matches_moves_the_task(when: When) -> None:
    assert queue_of(PLACE, config(Route(when=when, queue="moved"))) == "moved"


@pytest.mark.parametrize(
    "when",
    [
        When(queue="other"), When(label="threat"), When(language="pt-PT"), When(language="p"),
        When(surface="post"), When(why="sampled"), When(severity_from=0.2), When(language="pt", label="threat"),
    ],
)  # fmt: skip
def test_a_route_that_does_not_match_leaves_it(when: When) -> None:
    assert queue_of(PLACE, config(Route(when=when, queue="moved"))) == "general"


def test_the_first_route_that_matches_wins() -> None:
    routes = Route(when=When(label="threat"), queue="a"), Route(when=When(), queue="b"), Route(when=When(), queue="c")
    assert queue_of(PLACE, config(*routes)) == "b"
    assert queue_of(replace(PLACE, label="threat"), config(*routes)) == "a"


def test_severity_is_the_harm_of_the_label() -> None:
    assert severity_of("threat", config()) == 0.9
    assert severity_of(None, config()) == severity_of("unheard-of", config()) == UNKNOWN_HARM
