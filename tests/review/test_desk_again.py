import sqlite3
from collections.abc import Callable

import psycopg.errors
import pytest
from sqlalchemy.exc import OperationalError

from human_review.desk.again import again


def busy() -> Exception:
    problem = sqlite3.OperationalError("database is locked")
    problem.sqlite_errorcode = sqlite3.SQLITE_BUSY  # type: ignore[misc] # the driver sets it where it raises
    return problem


def failing(times: int, cause: Callable[[], BaseException]) -> tuple[Callable[[], str], list[int]]:
    tried: list[int] = []

    @again
    def step() -> str:
        tried.append(1)
        if len(tried) <= times:
            raise OperationalError("UPDATE", {}, cause())
        return "done"

    return step, tried


@pytest.mark.parametrize("cause", [busy, psycopg.errors.DeadlockDetected, psycopg.errors.SerializationFailure])
def test_a_step_that_lost_against_others_is_done_again(cause: Callable[[], BaseException]) -> None:
    step, tried = failing(4, cause)
    assert step() == "done"
    assert len(tried) == 5


def test_there_is_an_end_to_trying() -> None:
    step, tried = failing(9, busy)
    with pytest.raises(OperationalError):
        step()
    assert len(tried) == 5


def test_other_problems_are_told_at_once() -> None:
    step, tried = failing(1, psycopg.errors.AdminShutdown)
    with pytest.raises(OperationalError):
        step()
    assert len(tried) == 1
