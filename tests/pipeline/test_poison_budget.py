"""How much unreadable input stops a worker."""

import pytest

from stream_app.errors import PoisonFlood
from stream_app.pipeline.outcome import Outcome
from stream_app.pipeline.poison import PoisonBudget


def outcomes(buried, good=0):
    return [Outcome("buried", None, reason="json")] * buried + [Outcome("decided", "i")] * good


def test_one_percent_of_poison_never_stops_anything():
    budget = PoisonBudget(limit=0.2, window=1000)
    for _ in range(1000):
        budget.spend(0, outcomes(1, 99))


def test_nothing_but_poison_stops_within_the_allowed_share_of_a_window():
    budget = PoisonBudget(limit=0.2, window=1000)
    budget.spend(0, outcomes(200))
    with pytest.raises(PoisonFlood, match="201 of the last 201 messages of partition 0"):
        budget.spend(0, outcomes(1))


def test_a_few_bad_messages_in_a_quiet_topic_stop_nothing():
    PoisonBudget(limit=0.2, window=1000).spend(0, outcomes(5))


def test_partitions_are_counted_apart():
    budget = PoisonBudget(limit=0.2, window=100)
    budget.spend(0, outcomes(20))
    budget.spend(1, outcomes(20))
    with pytest.raises(PoisonFlood):
        budget.spend(1, outcomes(1))


def test_old_poison_is_forgotten_after_a_window_of_good_messages():
    budget = PoisonBudget(limit=0.2, window=100)
    for _ in range(50):
        budget.spend(0, outcomes(20))
        budget.spend(0, outcomes(0, 100))
