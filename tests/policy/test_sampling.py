"""The draw: its rate, its independence from what must not matter, its repeatability."""

import math

import pytest

from stream_app.pipeline.policy import Policy
from stream_app.pipeline.sampling import Sampling, Shares, drawn, leading_label

IDS = [f"item-{at}" for at in range(20_000)]


def sampling(salt: bytes) -> Sampling:
    return Sampling(salt, Shares(0.0), Shares(0.0), Shares(0.0), 1.0, 0.1)


@pytest.mark.parametrize("share", [0.002, 0.05, 0.5])
def test_the_rate_is_the_share(share: float) -> None:
    taken = sum(drawn(sampling(b"s"), item, "t", share) for item in IDS)
    assert abs(taken - len(IDS) * share) <= 4 * math.sqrt(len(IDS) * share * (1 - share))


def test_nobody_is_drawn_at_0_and_everybody_at_1() -> None:
    assert not any(drawn(sampling(b"s"), item, "t", 0.0) for item in IDS)
    assert all(drawn(sampling(b"s"), item, "t", 1.0) for item in IDS)


def test_a_replay_draws_the_same_and_a_larger_share_draws_them_too() -> None:
    first = {item for item in IDS if drawn(sampling(b"s"), item, "t", 0.05)}
    assert first == {item for item in IDS if drawn(sampling(b"s"), item, "t", 0.05)}
    assert first < {item for item in IDS if drawn(sampling(b"s"), item, "t", 0.1)}


@pytest.mark.parametrize(("salt", "text"), [(b"other", "t"), (b"s", "edited")])
def test_another_salt_or_text_draws_others(salt: bytes, text: str) -> None:
    first = {item for item in IDS if drawn(sampling(b"s"), item, "t", 0.1)}
    second = {item for item in IDS if drawn(sampling(salt), item, text, 0.1)}
    expected = len(IDS) * 0.01
    assert abs(len(first & second) - expected) <= 4 * math.sqrt(expected)


def test_the_draw_does_not_confuse_where_an_id_ends() -> None:
    answers = {
        drawn(sampling(f"{salt}".encode()), "a b", "c", 0.5) == drawn(sampling(f"{salt}".encode()), "a", "b c", 0.5)
        for salt in range(50)
    }
    assert answers == {True, False}


def test_any_id_can_be_drawn() -> None:
    assert drawn(sampling(b"s"), "\ud800", "", 1.0)


def test_the_leading_label_is_nearest_to_its_own_threshold() -> None:
    thresholds = {"a": (0.2, 0.9), "b": (0.8, 0.9)}
    assert leading_label({"a": 0.1, "b": 0.3, "c": 1.0}, thresholds) == "a"
    assert leading_label({"c": 1.0}, thresholds) is None


def test_the_shipped_policy_audits_what_was_allowed_and_what_was_acted_on(shipped: Policy) -> None:
    assert 0 < shipped.sampling.allow.general < 0.1
    assert all(shipped.sampling.act.of(label) > 0 for label in shipped.labels)
