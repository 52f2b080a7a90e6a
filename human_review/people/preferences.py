"""What people set for themselves: how the page looks and which keys it listens to."""

from typing import Annotated

import msgspec
from msgspec import Meta
from sqlalchemy import Connection, select, update

from human_review.database.tables import users
from human_review.errors import Invalid
from human_review.permissions import Actor
from human_review.service import Service

KeyName = Annotated[str, Meta(min_length=1, max_length=20, pattern=r"^\S+$")]
ActionName = Annotated[str, Meta(min_length=1, max_length=64, pattern=r"^[a-z0-9_:.-]+$")]


class Preferences(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``keys`` maps actions of the page to the key that they chose; what is missing has the page's own key.

    ``veil``: text is hidden until it is asked for. ``greyscale``: pictures without color.
    """

    veil: bool = True
    greyscale: bool = True
    keys: Annotated[dict[ActionName, KeyName], Meta(max_length=100)] = {}


def of(connection: Connection, service: Service, user_id: str) -> Preferences:
    """The preferences of a person, the configuration's where they chose nothing."""
    text = connection.execute(select(users.c.preferences).where(users.c.user_id == user_id)).scalar_one()
    comfort = {"veil": service.config.comfort.veil, "greyscale": service.config.comfort.greyscale}
    return msgspec.convert(comfort | msgspec.json.decode(text), Preferences)


def checked(veil: bool, greyscale: bool, keys: dict[str, str]) -> Preferences:
    """Preferences from outside. Raises Invalid for what cannot be one."""
    try:
        return msgspec.convert({"veil": veil, "greyscale": greyscale, "keys": keys}, Preferences)
    except msgspec.ValidationError as problem:
        raise Invalid(f"keys: {str(problem).partition(' - at ')[0]}") from None


def store(connection: Connection, actor: Actor, chosen: Preferences) -> None:
    """Keep what a person chose. Raises Invalid where two actions would have the same key."""
    if len(set(chosen.keys.values())) != len(chosen.keys):
        raise Invalid("two actions have the same key; each needs its own")
    connection.execute(
        update(users).where(users.c.user_id == actor.user_id)
        .values(preferences=msgspec.json.encode(chosen).decode())
    )  # fmt: skip


def set_locale(connection: Connection, actor: Actor, locale: str) -> None:
    """Keep the language of the interface; the caller has checked that there is a catalog for it."""
    connection.execute(update(users).where(users.c.user_id == actor.user_id).values(locale=locale))
