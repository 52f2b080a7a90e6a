"""The process that the tests kill: the review service with one person at its desk who answers whatever comes.

Says ``label <label_id> <task_id>`` for each answer, as soon as it was accepted: from then on it must not be lost.
"""

import os
import sys
import time

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError

from human_review.database.tables import users
from human_review.desk.decide import Answer, decide
from human_review.desk.take import take
from human_review.people.users import actor_of
from human_review.permissions import Actor
from human_review.service import Service, open_service
from human_review.stream.run import start
from stream_app.settings import load
from stream_app.telemetry import set_up_logs


def reviewer(service: Service) -> Actor:
    with service.database.read() as connection:
        return actor_of(connection.execute(select(users)).one())


def answer_one(service: Service, actor: Actor) -> bool:
    card = take(service, actor)
    if card is None:
        return False
    given = decide(service, actor, card.seat_id, card.token, Answer(verdict="remove", labels=("toxicity",)))
    sys.stdout.write(f"label {given.label_id} {given.task_id}\n")
    sys.stdout.flush()
    return True


def main() -> None:
    service = open_service(load())
    set_up_logs("text", "INFO")
    actor = reviewer(service)
    start(service)
    while os.getppid() != 1:  # ends with the tests, whatever ended them
        try:
            worked = answer_one(service, actor)
        except DBAPIError:  # a person would see that it did not work, and try again
            worked = False
        time.sleep(0.0 if worked else 0.05)


if __name__ == "__main__":
    main()
