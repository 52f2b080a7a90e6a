"""What people see of themselves and set for themselves; nobody else gets to see their exposure."""

import re
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from human_review.database.engine import now_ms
from human_review.errors import Invalid
from human_review.people import accounts, exposure, preferences, rate, sign_in
from human_review.people.passwords import MOST
from human_review.people.preferences import Preferences
from human_review.permissions import Actor
from human_review.service import Service
from human_review.times import at
from human_review.web.access import AnySession, SignedIn, Svc, requires
from human_review.web.i18n import LOCALES
from human_review.web.keys import actions
from human_review.web.openapi import problems
from human_review.web.pages import page, redirect

router = APIRouter()
_Password = Annotated[str, Field(max_length=MOST)]
_Key = Annotated[str, Field(min_length=1, max_length=20, pattern=r"^\S+$")]
_Action = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[a-z0-9_:.\-]+$")]
_OWN = [requires("see-own-work")]


class PreferencesOut(BaseModel):
    """How the page looks, and the keys that differ from the page's own."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"veil": True, "greyscale": False, "keys": {"remove": "x"}}]},
    )
    veil: bool
    greyscale: bool
    keys: Annotated[dict[_Action, _Key], Field(max_length=100)] = {}


class ExposureOut(BaseModel):
    """What counts against the budget of a rolling day; limits of 0 are none. Minutes are weighted by severity."""

    items: int
    items_limit: int
    weighted_minutes: float
    weighted_minutes_limit: float
    goes_on_at: datetime | None


class MeOut(BaseModel):
    """Who is signed in."""

    pseudonym: str
    role: str
    queues: list[str]
    languages: list[str]
    locale: str
    preferences: PreferencesOut
    exposure: ExposureOut


class NewPassword(BaseModel):
    """The present password and the one to have from now on."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"old": "four words in a row", "new": "five other words in a row"}]}
    )
    old: _Password
    new: _Password


class NewLocale(BaseModel):
    """The language of the interface."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"locale": "pt"}]})
    locale: Annotated[str, Field(max_length=16)]


@router.get("/me", dependencies=_OWN)
def me_page(request: Request, service: Svc, actor: SignedIn, session: AnySession, saved: bool = False) -> Response:
    """Settings and exposure."""
    must = session is not None and session.must_change_password
    return page(request, "me.html", me=_me(service, actor), must_change_password=must, saved=saved)


@router.post("/me/password", dependencies=_OWN)
def password_form(
    service: Svc, actor: SignedIn, session: AnySession,
    old: Annotated[str, Form(max_length=MOST)] = "", new: Annotated[str, Form(max_length=MOST)] = "",
    again: Annotated[str, Form(max_length=MOST)] = "",
) -> Response:  # fmt: skip
    """Change the own password; every other session ends."""
    if new != again:
        raise Invalid("the two new passwords must be the same")
    _set_password(service, actor, session, old, new)
    return redirect("/me?saved=1")


@router.post("/me/settings", dependencies=_OWN)
def settings_form(
    service: Svc, actor: SignedIn, locale: Annotated[str, Form(max_length=16)],
    veil: Annotated[bool, Form()] = False, greyscale: Annotated[bool, Form()] = False,
    keys: Annotated[str, Form(max_length=10_000)] = "",
) -> Response:  # fmt: skip
    """Set language, veil, greyscale and keys (one line an action: ``remove x``)."""
    _set_locale(service, actor, locale)
    _set_preferences(service, actor, veil, greyscale, _keys(keys))
    return redirect("/me?saved=1")


@router.get("/api/v1/me", dependencies=_OWN, tags=["me"])
def me_api(service: Svc, actor: SignedIn) -> MeOut:
    """Who is signed in, their settings, their exposure."""
    return _me(service, actor)


@router.put("/api/v1/me/password", dependencies=_OWN, status_code=204, tags=["me"], responses=problems(429))
def password_api(service: Svc, actor: SignedIn, session: AnySession, given: NewPassword) -> None:
    """Change the own password; every other session ends."""
    _set_password(service, actor, session, given.old, given.new)


@router.put("/api/v1/me/locale", dependencies=_OWN, status_code=204, tags=["me"])
def locale_api(service: Svc, actor: SignedIn, given: NewLocale) -> None:
    """Set the language of the interface."""
    _set_locale(service, actor, given.locale)


@router.put("/api/v1/me/preferences", dependencies=_OWN, tags=["me"])
def preferences_api(service: Svc, actor: SignedIn, given: PreferencesOut) -> PreferencesOut:
    """Set how the page looks and which keys it listens to."""
    _set_preferences(service, actor, given.veil, given.greyscale, given.keys)
    return given


def _me(service: Service, actor: Actor) -> MeOut:
    with service.database.read() as connection:
        chosen = preferences.of(connection, service, actor.user_id)
        now = now_ms(connection)
        day = exposure.seen(connection, actor.user_id, now)
        pause = exposure.pause_ms(connection, service, actor.user_id)
        limits = exposure.limits_of(connection, service, actor.user_id)
    return MeOut(
        pseudonym=actor.pseudonym, role=actor.role, queues=sorted(actor.queues), languages=sorted(actor.languages),
        locale=actor.locale, preferences=_preferences(chosen),
        exposure=ExposureOut(
            items=day.items, items_limit=limits.items, weighted_minutes=round(day.weighted_minutes, 1),
            weighted_minutes_limit=limits.weighted_minutes,
            goes_on_at=at(now + pause) if pause > 0 else None,
        ),
    )  # fmt: skip


def _preferences(chosen: Preferences) -> PreferencesOut:
    return PreferencesOut(veil=chosen.veil, greyscale=chosen.greyscale, keys=chosen.keys)


def _set_password(service: Service, actor: Actor, session: AnySession, old: str, new: str) -> None:
    number = sign_in.count_password_try(service, actor.user_id)
    accounts.set_own_password(service, actor, session.digest if session else "", old, new)
    rate.forgive(service, number)


def _set_locale(service: Service, actor: Actor, locale: str) -> None:
    if locale not in LOCALES:
        raise Invalid(f"the language must be one of {', '.join(LOCALES)}")
    with service.database.write() as connection:
        preferences.set_locale(connection, actor, locale)


def _set_preferences(service: Service, actor: Actor, veil: bool, greyscale: bool, keys: dict[str, str]) -> None:
    known = actions(service.config)
    if not keys.keys() <= known.keys():
        raise Invalid(f"keys are for the actions {', '.join(known)}")
    with service.database.write() as connection:
        preferences.store(connection, actor, preferences.checked(veil, greyscale, keys))


def _keys(lines: str) -> dict[str, str]:
    pairs = [re.split(r"\s+", line.strip()) for line in lines.splitlines() if line.strip()]
    if any(len(pair) != 2 for pair in pairs):
        raise Invalid("each line must be an action and a key, such as: remove x")
    return {pair[0]: pair[1] for pair in pairs}
