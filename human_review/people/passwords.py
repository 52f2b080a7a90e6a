"""Passwords: argon2id (RFC 9106) with the parameters of argon2-cffi; which may be chosen goes by NIST SP 800-63B."""

import secrets
from functools import cache
from pathlib import Path
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from human_review.errors import Invalid

LEAST = 12
MOST = 1024
_LEAST_DISTINCT = 5
_LEAST_NAME = 4
# What people choose first where twelve characters are asked for.
_COMMON = frozenset((Path(__file__).parent / "common_passwords.txt").read_text(encoding="ascii").split())
_hasher = PasswordHasher()
# Each hash takes 64 MiB and four threads for a moment: many at once would take the machine from the reviewers.
_at_once = BoundedSemaphore(4)


def hashed(password: str) -> str:
    """The hash to store, with its salt and parameters."""
    with _at_once:
        return _hasher.hash(password)


def matches(stored: str | None, password: str) -> bool:
    """Whether it is the password. Takes as long where nothing is stored, so that time says nothing about names."""
    if len(password) > MOST:
        password = ""
    with _at_once:
        try:
            return _hasher.verify(stored or _nobody(), password) and stored is not None
        except (VerificationError, InvalidHashError):
            return False


def is_outdated(stored: str) -> bool:
    """Whether the hash was made with weaker parameters than those of today."""
    return _hasher.check_needs_rehash(stored)


def check_choice(password: str, name: str) -> None:
    """Raise Invalid for a password that would be guessed soon; the message says what would do."""
    if not LEAST <= len(password) <= MOST:
        raise Invalid(f"a password must have {LEAST} to {MOST} characters; a few words in a row are good")
    folded = password.casefold()
    if folded in _COMMON or len(set(folded)) < _LEAST_DISTINCT:
        raise Invalid("this password is among the first that are tried; a few words that nobody links are good")
    if len(name) >= _LEAST_NAME and name.casefold() in folded:
        raise Invalid("a password must not hold the name of its account")


def generated() -> str:
    """A password of 120 random bits, for one use."""
    return secrets.token_urlsafe(15)


@cache
def _nobody() -> str:
    return _hasher.hash(secrets.token_urlsafe(32))
