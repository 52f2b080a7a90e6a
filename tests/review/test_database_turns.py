import threading
import time

import pytest

from human_review.database.turns import Turns


def test_waiters_get_their_turn_in_the_order_in_which_they_came() -> None:
    turns, came, had = Turns(), [], []

    def wait(number: int) -> None:
        came.append(number)
        with turns:
            had.append(number)

    threads = [threading.Thread(target=wait, args=(number,)) for number in range(20)]
    with turns:
        for number, thread in enumerate(threads):
            thread.start()
            while len(turns._waiting) <= number:
                time.sleep(0.001)
    for thread in threads:
        thread.join()
    assert had == came == list(range(20))


def test_only_one_has_it_at_a_time() -> None:
    turns, inside, most = Turns(), 0, []

    def work() -> None:
        nonlocal inside
        for _ in range(200):
            with turns:
                inside += 1
                most.append(inside)
                inside -= 1

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(most) == 1600
    assert set(most) == {1}


def test_an_error_inside_gives_the_turn_on() -> None:
    turns = Turns()
    with pytest.raises(KeyError), turns:
        raise KeyError
    with turns:
        pass
