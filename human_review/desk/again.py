"""Transactions that lost against others through nobody's fault are done again."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from sqlalchemy.exc import OperationalError

_TRIES = 5
_DEADLOCK, _SERIALIZATION = "40P01", "40001"  # PostgreSQL, appendix A of its manual: error codes
_BUSY = 5  # SQLite's result code SQLITE_BUSY: it waited for its turn and did not get it

P = ParamSpec("P")
R = TypeVar("R")


def again(step: Callable[P, R]) -> Callable[P, R]:
    """Repeat a step that is one transaction where a deadlock was ended at its cost, or its turn never came."""

    @wraps(step)
    def repeated(*args: P.args, **kwargs: P.kwargs) -> R:
        for _ in range(_TRIES - 1):
            try:
                return step(*args, **kwargs)
            except OperationalError as problem:
                if not _is_bad_luck(problem):
                    raise
        return step(*args, **kwargs)

    return repeated


def _is_bad_luck(problem: OperationalError) -> bool:
    return (
        getattr(problem.orig, "sqlstate", None) in {_DEADLOCK, _SERIALIZATION}
        or getattr(problem.orig, "sqlite_errorcode", None) == _BUSY
    )
