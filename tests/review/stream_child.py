"""The process that the tests kill: the review service with one person at its desk who answers whatever comes.

Says ``label <label_id> <task_id>`` for each answer, as soon as it was accepted: from then on it must not be lost.

With the argument ``late-undo``, the person takes every first answer back once it was sent, is told so
(``undone <label_id> <task_id>``) and answers the task anew. ``idle`` means that nothing is left to do.
"""

import os
import sys
import time

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from human_review.database.tables import answers, outbox, users
from human_review.desk.decide import Answer, Given, decide
from human_review.desk.take import take
from human_review.desk.undo import undo
from human_review.people.users import actor_of
from human_review.permissions import Actor
from human_review.service import Service, open_service
from human_review.stream.run import start
from stream_app.settings import load
from stream_app.telemetry import set_up_logs


def reviewer(service: Service) -> Actor:
    with service.database.read() as connection:
        return actor_of(connection.execute(select(users)).one())


def answer_one(service: Service, actor: Actor) -> Given | None:
    card = take(service, actor)
    if card is None:
        return None
    given = decide(service, actor, card.seat_id, card.token, Answer(verdict="remove", labels=("toxicity",)))
    say("label", given.label_id, given.task_id)
    return given


def take_back(service: Service, actor: Actor, given: Given) -> None:
    """A first answer, once Kafka has it."""
    with service.database.read() as connection:
        of_task = select(func.count()).where(answers.c.task_id == given.task_id)
        if connection.execute(of_task).scalar_one() > 1:
            return
    while not is_sent(service, given.label_id):
        time.sleep(0.02)
    undone = undo(service, actor, given.label_id)
    say("in-time" if undone.in_time else "undone", given.label_id, given.task_id)


def is_sent(service: Service, label_id: str) -> bool:
    with service.database.read() as connection:
        of_label = select(outbox.c.sent_ms).where(outbox.c.message_id == label_id)
        return connection.execute(of_label).scalar_one() is not None


def say(*words: str) -> None:
    sys.stdout.write(" ".join(words) + "\n")
    sys.stdout.flush()


def main() -> None:
    late_undo = sys.argv[1:] == ["late-undo"]
    service = open_service(load())
    set_up_logs("text", "INFO")
    actor = reviewer(service)
    start(service)
    idle = False
    while os.getppid() != 1:  # ends with the tests, whatever ended them
        try:
            given = answer_one(service, actor)
            if given is not None and late_undo:
                take_back(service, actor, given)
            if given is None and not idle:
                say("idle")
            idle = given is None
        except DBAPIError:  # a person would see that it did not work, and try again
            given = None
        time.sleep(0.0 if given is not None else 0.05)


if __name__ == "__main__":
    main()
