"""What went wrong, in words that hold nothing of the messages that it went wrong with."""

import traceback

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from stream_app.errors import BadMessage, WeirError

_MOST_CHARS = 500


def is_of_the_database(problem: BaseException) -> bool:
    """Whether it is the database that failed, and not what it was asked to do."""
    return isinstance(problem, OperationalError | InterfaceError | PoolTimeout) or (
        isinstance(problem, DBAPIError) and problem.connection_invalidated
    )


def described(error: BaseException) -> str:
    """One line. Of exceptions that may quote what they were given, only the kind and the place."""
    return _words(error)[:_MOST_CHARS]


def _words(error: BaseException) -> str:
    if isinstance(error, BadMessage):
        _, _, path = error.detail.partition(" - at ")  # what stands before the path may quote a value
        return f"{error.reason} {path}".strip()
    if isinstance(error, WeirError):
        return str(error)
    if isinstance(error, OperationalError):
        return f"database: {' '.join(str(error.orig).split())}"
    frames = traceback.extract_tb(error.__traceback__)
    place = f" in {frames[-1].name}, line {frames[-1].lineno}" if frames else ""
    return type(error).__name__ + place
