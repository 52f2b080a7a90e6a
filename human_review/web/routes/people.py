"""The API over people and service accounts, for admins."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, ConfigDict, Field

from human_review.people import accounts, tokens
from human_review.people.accounts import Account
from human_review.people.exposure import MOST_ITEMS, MOST_MINUTES, Own
from human_review.permissions import ANY, Role
from human_review.times import at
from human_review.web.access import SignedIn, Svc, requires
from human_review.web.openapi import problems

router = APIRouter(prefix="/api/v1/people", tags=["people"], dependencies=[requires("manage-people")])
UserId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")]
TokenId = Annotated[str, Path(pattern=r"^[0-9a-f]{16}$")]
_Name = Annotated[str, Field(min_length=1, max_length=200)]
_Rights = Annotated[list[Annotated[str, Field(max_length=100)]], Field(max_length=200)]


class Limits(BaseModel):
    """Limits of exposure of one account in a rolling day; null is that of the review file, 0 means no limit."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"weighted_minutes": 120}]})
    items: Annotated[int, Field(ge=0, le=MOST_ITEMS)] | None = None
    weighted_minutes: Annotated[float, Field(ge=0, le=MOST_MINUTES)] | None = None


class AccountOut(BaseModel):
    """An account. ``pseudonym`` is the only name of it that leaves this service."""

    user_id: str
    name: str
    role: Role
    queues: list[str]
    languages: list[str]
    pseudonym: str
    active: bool
    from_issuer: bool
    created_at: datetime
    exposure: Limits


class NewAccount(BaseModel):
    """An account to make; ``*`` stands for all queues or languages."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"name": "kim", "role": "reviewer", "queues": ["general"], "languages": ["en", "pt"]}]
        },
    )
    name: _Name
    role: Role
    queues: _Rights = [ANY]
    languages: _Rights = [ANY]


class Change(BaseModel):
    """What is to change; what is absent stays. ``exposure`` sets both limits."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"role": "lead", "active": True}]})
    role: Role | None = None
    queues: _Rights | None = None
    languages: _Rights | None = None
    active: bool | None = None
    exposure: Limits | None = None


class Secret(BaseModel):
    """A password for one use, shown this once."""

    one_time_password: str | None


class NewAccountOut(Secret):
    """The account that was made."""

    account: AccountOut


class Ended(BaseModel):
    """How many sessions were ended."""

    sessions: int


class NewToken(BaseModel):
    """A token to make; the name says what it is for."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "platform, appeals"}]})
    name: _Name


class TokenMade(BaseModel):
    """A token, shown this once: Authorization: Bearer."""

    token: str


class TokenOut(BaseModel):
    """A token without what makes it work."""

    token_id: str
    name: str
    created_at: datetime
    revoked_at: datetime | None


@router.get("")
def people(
    service: Svc, actor: SignedIn, q: Annotated[str, Query(max_length=200)] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 200, skip: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> list[AccountOut]:  # fmt: skip
    """Accounts by name; ``q`` is plain text that the name must hold."""
    return [account_out(each) for each in accounts.listing(service, actor, search=q, limit=limit, skip=skip)]


@router.post("", status_code=201, responses=problems(409))
def create(service: Svc, actor: SignedIn, given: NewAccount) -> NewAccountOut:
    """Make an account; people get a password for one use, service accounts need a token."""
    made = accounts.create(service, actor, **given.model_dump())
    account = accounts.get(service, actor, made.actor.user_id)
    return NewAccountOut(account=account_out(account), one_time_password=made.one_time_password)


@router.get("/{user_id}", responses=problems(404))
def person(service: Svc, actor: SignedIn, user_id: UserId) -> AccountOut:
    """One account."""
    return account_out(accounts.get(service, actor, user_id))


@router.put("/{user_id}", responses=problems(404, 409))
def change(service: Svc, actor: SignedIn, user_id: UserId, given: Change) -> AccountOut:
    """Change role, queues, languages, limits of exposure, or close and open the account.

    It holds from the next request on.
    """
    own = None if given.exposure is None else Own(**given.exposure.model_dump())
    changes = given.model_dump(exclude={"exposure"})
    return account_out(accounts.change(service, actor, user_id, **changes, exposure=own))


@router.post("/{user_id}/password", responses=problems(404))
def reset_password(service: Svc, actor: SignedIn, user_id: UserId) -> Secret:
    """Give a person a password for one use; ends their sessions."""
    return Secret(one_time_password=accounts.reset_password(service, actor, user_id))


@router.delete("/{user_id}/sessions", responses=problems(404))
def revoke_sessions(service: Svc, actor: SignedIn, user_id: UserId) -> Ended:
    """End every session of a person."""
    return Ended(sessions=accounts.revoke_sessions(service, actor, user_id))


@router.get("/{user_id}/tokens", responses=problems(404))
def token_list(service: Svc, actor: SignedIn, user_id: UserId) -> list[TokenOut]:
    """The tokens of a service account."""
    return [_token_out(each) for each in tokens.listing(service, actor, user_id)]


@router.post("/{user_id}/tokens", status_code=201, responses=problems(404))
def make_token(service: Svc, actor: SignedIn, user_id: UserId, given: NewToken) -> TokenMade:
    """Make a token for a service account."""
    return TokenMade(token=tokens.make(service, actor, user_id, given.name))


@router.delete("/{user_id}/tokens/{token_id}", status_code=204, responses=problems(404))
def revoke_token(service: Svc, actor: SignedIn, user_id: UserId, token_id: TokenId) -> None:
    """End a token at once."""
    tokens.revoke(service, actor, user_id, token_id)


def account_out(account: Account) -> AccountOut:
    """An account as it is shown."""
    actor = account.actor
    return AccountOut(
        user_id=actor.user_id, name=account.name, role=actor.role, queues=sorted(actor.queues),
        languages=sorted(actor.languages), pseudonym=actor.pseudonym, active=account.active,
        from_issuer=account.is_oidc, created_at=at(account.created_ms),
        exposure=Limits(items=account.exposure.items, weighted_minutes=account.exposure.weighted_minutes),
    )  # fmt: skip


def _token_out(token: tokens.Token) -> TokenOut:
    revoked = None if token.revoked_ms is None else at(token.revoked_ms)
    return TokenOut(token_id=token.token_id, name=token.name, created_at=at(token.created_ms), revoked_at=revoked)
