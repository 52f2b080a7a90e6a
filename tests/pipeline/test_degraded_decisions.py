"""What is decided while the models are down: visible in each decision, never allowed in silence, never acted on."""

import pytest

from stream_app.adapters.memory import MemoryLedger
from stream_app.testing import FakeClassifier, make_message, make_moderator

ALL = ("toxicity", "hate", "threat", "sexual", "self_harm", "spam")


def fails(texts):
    raise RuntimeError("no device")


@pytest.mark.parametrize("text", ["have a nice day", "kill yourself"])
def test_without_a_model_an_item_is_held_for_review_and_says_so(text):
    moderator = make_moderator(FakeClassifier(labels=ALL, trouble=fails))
    (outcome,) = moderator.moderate([make_message({"item_id": "a", "text": text})], MemoryLedger().lookup)
    decision = outcome.decision
    assert decision.degraded
    assert decision.verdict == "review"
    assert decision.pending == "held"
    assert "degraded" in {reason.kind for reason in decision.reasons}
    assert outcome.why_review == "degraded"


def test_a_text_that_one_level_cannot_score_leaves_its_neighbours_alone():
    def on_poison(texts):
        if "poison" in texts:
            raise MemoryError

    moderator = make_moderator(FakeClassifier(labels=ALL, trouble=on_poison))
    messages = [make_message({"item_id": t, "text": t}, i) for i, t in enumerate(["fine", "poison", "good"])]
    fine, poison, good = moderator.moderate(messages, MemoryLedger().lookup)
    assert (fine.decision.verdict, good.decision.verdict) == ("allow", "allow")
    assert not fine.decision.degraded
    assert poison.decision.degraded
    assert poison.decision.verdict == "review"


def test_what_was_decided_while_degraded_is_not_remembered_for_other_items():
    class DictCache(dict):
        def get_many(self, keys):
            return [self.get(key) for key in keys]

        def put_many(self, entries):
            self.update(entries)

    cache = DictCache()
    fake = FakeClassifier(labels=ALL, trouble=fails)
    moderator = make_moderator(fake, cache=cache)
    moderator.moderate([make_message({"item_id": "a", "text": "fine"})], MemoryLedger().lookup)
    assert not cache
    fake.trouble = lambda texts: None
    again = moderator.moderate([make_message({"item_id": "b", "text": "fine"})], MemoryLedger().lookup)
    assert again[0].decision.verdict in ("allow", "review")
