"""A row of the table of people as an Actor."""

import json
from typing import Any

from human_review.database.tables import users
from human_review.permissions import Actor
from human_review.review_file import ReviewConfig

# Without the password's hash, which nothing but signing in has a use for.
USER_COLUMNS = tuple(
    users.c[name]
    for name in ("user_id", "name", "role", "queues", "languages", "pseudonym", "active", "locale",
                 "must_change_password")
)  # fmt: skip


def actor_of(row: Any) -> Actor:
    """The actor of a row that holds USER_COLUMNS."""
    return Actor(
        user_id=row.user_id,
        pseudonym=row.pseudonym,
        role=row.role,
        queues=frozenset(json.loads(row.queues)),
        languages=frozenset(json.loads(row.languages)),
        locale=row.locale,
    )


def acting(row: Any, config: ReviewConfig) -> Actor:
    """The actor of such a row, with the rights that their role gives them beyond the row.

    Whoever may take what was escalated has its queue, whatever queues they were given: it would wait for ever else.
    """
    actor = actor_of(row)
    return actor.covering(config.queues.escalated) if actor.may("review-escalated") else actor
