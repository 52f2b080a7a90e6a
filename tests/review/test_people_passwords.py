import pytest
from argon2 import PasswordHasher

from human_review.errors import Invalid
from human_review.people import passwords

GOOD = "seven quiet herons"


def test_a_password_is_stored_as_argon2id_and_recognized():
    stored = passwords.hashed(GOOD)
    assert stored.startswith("$argon2id$")
    assert passwords.matches(stored, GOOD)
    assert not passwords.matches(stored, GOOD + "!")
    assert passwords.hashed(GOOD) != stored, "every hash has a salt of its own"


def test_the_hash_of_nobody_costs_the_same_and_never_matches(monkeypatch):
    asked = []

    class Counting(PasswordHasher):
        def verify(self, hash, password):
            asked.append(hash)
            return super().verify(hash, password)

    monkeypatch.setattr(passwords, "_hasher", Counting())
    passwords._nobody.cache_clear()
    assert not passwords.matches(None, GOOD)
    assert len(asked) == 1
    assert asked[0].split("$")[:4] == passwords.hashed(GOOD).split("$")[:4], "the same parameters, so the same time"
    passwords._nobody.cache_clear()


def test_a_hash_that_is_none_is_refused_and_not_an_error():
    assert not passwords.matches("plain text", "plain text")


def test_a_hash_with_weaker_parameters_is_outdated():
    assert passwords.is_outdated(PasswordHasher(time_cost=1, memory_cost=64, parallelism=1).hash(GOOD))
    assert not passwords.is_outdated(passwords.hashed(GOOD))


@pytest.mark.parametrize(
    "bad",
    ["", "elevenchars", "a" * 1025, "Password1234", "aaaaaaaaaaaaaaaa", "abababababab", "kim-petersen rides"],
)
def test_what_would_be_guessed_is_refused(bad):
    with pytest.raises(Invalid):
        passwords.check_choice(bad, "kim-petersen")


@pytest.mark.parametrize(
    "good", [GOOD, "x7#kQ9!zzPw2", "кошка сидит на окне", "漢字漢字かなかな交じり文章", "e" * 4 + "abcdefgh"]
)
def test_what_is_long_and_not_common_is_taken(good):
    passwords.check_choice(good, "kim-petersen")


def test_every_common_password_is_long_enough_to_matter():
    assert passwords._COMMON
    assert all(len(each) >= passwords.LEAST for each in passwords._COMMON)


def test_generated_passwords_can_be_chosen():
    made = {passwords.generated() for _ in range(100)}
    assert len(made) == 100
    for each in made:
        passwords.check_choice(each, "admin")
