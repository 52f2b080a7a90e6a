"""What attackers write as names, addresses, log entries and languages, for tests."""

from contextlib import suppress

import msgspec

from human_review.audit import log
from human_review.errors import Conflict, Invalid
from human_review.people import accounts, tokens
from human_review.permissions import Actor
from human_review.quality import summary
from human_review.service import Service
from human_review.webhooks import registry


def hostile_people(service: Service, texts: list[str]) -> list[tuple[str, str]]:
    """Accounts with the names that may be had, of what attackers would choose, each with a token of that name."""
    made = []
    for text in texts:
        try:
            actor = accounts.create(service, None, name=text[:190], role="service").actor
            tokens.make(service, None, actor.user_id, text[:190])
        except (Invalid, Conflict):  # or one that others have
            continue
        made.append((actor.user_id, text[:190]))
    return made


def hostile_webhooks(service: Service, admin: Actor, texts: list[str]) -> list[str]:
    """The words in the addresses of webhooks, of those that may be had."""
    made = []
    for text in texts:
        with suppress(Invalid):
            registry.register(service, admin, f"https://hook.example/{text[:1500]}", ["appeal.decided"])
            made.append(text)
    return made


def hostile_log(service: Service, texts: list[str]) -> None:
    """An entry in the audit log about each text."""
    with service.database.write() as connection:
        for text in texts:
            one = text.encode("utf-8", "replace").decode().replace("\0", "")[:256]
            log.append(connection, None, "decide", one, verdict=one)


def hostile_quality(service: Service, texts: list[str]) -> list[str]:
    """Figures in languages and for labels with the names that attackers choose; these names."""
    names = list(dict.fromkeys(text.encode("utf-8", "replace").decode().replace("\0", "")[:35] for text in texts))
    with service.database.write() as connection:
        found = summary.summarize(connection, service.config.labels)
        rows = [msgspec.structs.replace(found.rows[0], language=name, label=name) for name in names]
        summary.keep(connection, msgspec.structs.replace(found, rows=(*found.rows, *rows)))
    return names
