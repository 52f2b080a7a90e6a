"""The whole path on batches of raw messages, with fakes for what is slow."""

import base64

import msgspec
import pytest

from models.language import version
from stream_app.adapters.memory import MemoryLedger
from stream_app.contracts import codec
from stream_app.contracts.dead_letter import DeadLetter
from stream_app.contracts.decision import Decision, EnforcementAction
from stream_app.contracts.feedback import example_id_of
from stream_app.contracts.review import ReviewTask
from stream_app.contracts.topics import DEAD_LETTERS, DECISIONS, ENFORCEMENT, RETRAINING, REVIEW_QUEUE
from stream_app.pipeline.match import bank_key
from stream_app.pipeline.types import BankMatch
from stream_app.testing import FakeClassifier, make_message, make_moderator

ALL = ("toxicity", "hate", "threat", "sexual", "self_harm", "spam")


def sure(words):
    return FakeClassifier(words, labels=ALL)


class Stream:
    """Feeds batches to a moderator and keeps its ledger, as a worker would."""

    def __init__(self, moderator=None):
        self.moderator = moderator or make_moderator(sure({"awful": 0.999, "hmm": 0.5}))
        self.ledger = MemoryLedger()
        self.offset = 0

    def send(self, *values, topic="content", offsets=None, headers=(), key=None):
        messages = []
        for i, value in enumerate(values):
            offset = self.offset + i if offsets is None else offsets[i]
            messages.append(make_message(value, offset, topic=topic, headers=headers, key=key))
        if offsets is None:
            self.offset += len(values)
        outcomes = self.moderator.moderate(messages, self.ledger.lookup)
        for outcome in outcomes:
            if outcome.entry is not None:
                self.ledger.write((0, outcome.entry[0]), outcome.entry[1])
        return outcomes


def item(text, item_id="i1", **fields):
    return {"item_id": item_id, "text": text, **fields}


def decisions(outcome):
    return [codec.decode(r.value, Decision) for r in outcome.records if r.topic is DECISIONS and r.value]


def of(outcome, topic, message):
    return [codec.decode(r.value, message) for r in outcome.records if r.topic is topic]


def test_every_message_has_one_outcome_in_order():
    outcomes = Stream().send(item("fine", "a"), b"{nope", item("awful", "b"), None, item("hmm", "c"))
    assert [o.kind for o in outcomes] == ["decided", "buried", "decided", "buried", "decided"]
    assert [o.decision.verdict if o.decision else o.reason for o in outcomes] == [
        "allow", "json", outcomes[2].decision.verdict, "empty", "review",
    ]  # fmt: skip
    assert outcomes[2].decision.verdict in ("limit", "remove")


def test_a_decision_says_all_that_repeats_it():
    (outcome,) = Stream().send(item("awful"))
    decision = outcome.decision
    assert decision.scores.keys() == set(ALL)
    assert decision.thresholds[decision.label][1] <= decision.scores[decision.label]
    assert decision.artifacts == {"language": version(), "lexicon": "empty", "fake": "1"}
    assert decision.level == "fake"
    assert decision.reasons
    assert decision.origin.offset == 0
    assert decision.based_on == decision.decision_id


def test_the_same_messages_give_the_same_ids_wherever_they_are_decided():
    values = [item("fine", "a"), item("awful", "b"), item("hmm", "c")]
    together = [o.decision.decision_id for o in Stream().send(*values)]
    alone = [Stream().send(value)[0].decision.decision_id for value in values]
    assert together == alone


def test_a_repeat_gets_the_stored_decision_also_when_the_model_changed():
    stream = Stream()
    first = stream.send(item("fine"))[0]
    stream.moderator = make_moderator(sure({"fine": 0.999}))
    again = stream.send(item("fine"))[0]
    assert again.kind == "repeat"
    assert [r.value for r in again.records] == [first.records[0].value]


def test_a_repeat_inside_one_batch_gets_the_same_decision():
    first, again = Stream().send(item("awful"), item("awful"))
    assert again.kind == "repeat"
    assert decisions(again) == decisions(first)
    assert not of(again, ENFORCEMENT, EnforcementAction)


def test_an_edit_supersedes_and_going_back_supersedes_again():
    a, b, a2 = Stream().send(item("fine"), item("awful"), item("fine"))
    assert [o.kind for o in (a, b, a2)] == ["decided"] * 3
    assert b.decision.supersedes == a.decision.decision_id
    assert a2.decision.supersedes == b.decision.decision_id
    assert a2.decision.decision_id != a.decision.decision_id
    assert [action.kind for action in of(a2, ENFORCEMENT, EnforcementAction)] == ["restore"]


def test_replaying_a_topic_changes_nothing():
    stream = Stream()
    values = [item("fine"), item("awful"), item("fine", "j"), item("hmm", "j")]
    stream.send(*values)
    before = stream.ledger.lookup([(0, "i1"), (0, "j")])
    replayed = stream.send(*values, offsets=range(4))
    assert [o.kind for o in replayed] == ["repeat"] * 4
    assert stream.ledger.lookup([(0, "i1"), (0, "j")]) == before


def test_a_late_version_is_decided_for_the_record_and_the_effective_one_stays_last():
    stream = Stream()
    stream.send(item("fine", version=2))
    (late,) = stream.send(item("awful", version=1))
    assert late.kind == "late"
    record, effective = decisions(late)
    assert record.for_the_record
    assert record.verdict in ("limit", "remove")
    assert effective.verdict == "allow"
    assert not of(late, ENFORCEMENT, EnforcementAction)
    assert late.entry is None


def test_a_tombstone_forgets_the_item():
    stream = Stream()
    stream.send(item("fine"))
    (gone,) = stream.send(None, key=b"i1")
    assert gone.kind == "deleted"
    assert [(r.topic, r.key, r.value) for r in gone.records] == [
        (DECISIONS, b"i1", None),
        (RETRAINING, example_id_of("i1").encode(), None),
    ]
    assert b"text" not in stream.ledger.lookup([(0, "i1")])[0, "i1"]
    assert stream.send({"item_id": "i1", "deleted": True})[0].kind == "deleted"


def test_a_ruling_supersedes_and_a_repeat_never_undoes_it():
    stream = Stream()
    (first,) = stream.send(item("awful"))
    (ruled,) = stream.send(ruling("r1", first.decision.decision_id, "allow"), topic="rulings")
    assert ruled.kind == "ruled"
    assert ruled.decision.decided_by == "reviewer"
    assert ruled.decision.supersedes == first.decision.decision_id
    assert [action.kind for action in of(ruled, ENFORCEMENT, EnforcementAction)] == ["restore"]
    (again,) = stream.send(item("awful"))
    assert again.kind == "repeat"
    assert decisions(again)[0].ruling_id == "r1"


def test_a_ruling_delivered_again_changes_nothing_after_a_later_one():
    stream = Stream()
    (first,) = stream.send(item("awful"))
    one = ruling("r1", first.decision.decision_id, "allow")
    two = ruling("r2", first.decision.decision_id, "remove")
    stream.send(one, two, topic="rulings", offsets=[100, 101])
    assert [o.kind for o in stream.send(one, two, topic="rulings", offsets=[100, 101])] == ["repeat", "repeat"]
    (again,) = stream.send(item("awful"))
    assert decisions(again)[0].ruling_id == "r2"


def test_a_ruling_on_a_text_that_was_edited_since_is_for_the_record():
    stream = Stream()
    (first,) = stream.send(item("fine"))
    stream.send(item("awful"))
    (stale,) = stream.send(ruling("r1", first.decision.decision_id, "allow"), topic="rulings")
    assert stale.kind == "stale"
    record, effective = decisions(stale)
    assert record.for_the_record
    assert effective.verdict in ("limit", "remove")


def ruling(ruling_id, supersedes, verdict):
    return {
        "ruling_id": ruling_id,
        "item_id": "i1",
        "origin": {"topic": "content", "partition": 0, "offset": 0},
        "verdict": verdict,
        "labels": [],
        "decided_by": "reviewer",
        "supersedes": supersedes,
        "why": "looked at it",
        "decided_at": "2026-01-02T03:04:05Z",
    }


def test_a_review_task_holds_the_decision_and_the_item():
    (outcome,) = Stream().send(item("hmm", author_id="a1"))
    (task,) = of(outcome, REVIEW_QUEUE, ReviewTask)
    assert task.decision == decisions(outcome)[0]
    assert task.item.author_id == "a1"
    assert task.origin.topic == "content"
    assert outcome.why_review == task.why == "unsure"


def test_a_dead_letter_holds_the_bytes_and_where_they_came_from():
    (outcome,) = Stream().send(b"{nope", key=b"\xffk")
    (letter,) = of(outcome, DEAD_LETTERS, DeadLetter)
    assert base64.b64decode(letter.value_base64) == b"{nope"
    assert (letter.topic, letter.partition, letter.offset) == ("content", 0, 0)
    assert letter.error.startswith("json: ")
    assert letter.stage == "decode"


def test_b8_a_value_too_large_for_a_dead_letter_travels_by_reference():
    value = b'{"item_id": "x", "text": 5, "pad": "' + b"x" * 700_000 + b'"}'
    (outcome,) = Stream().send(value)
    (letter,) = of(outcome, DEAD_LETTERS, DeadLetter)
    assert letter.value_base64 is None
    assert letter.value_bytes == len(value)
    assert len(base64.b64decode(letter.head_base64)) == 4096
    assert len(outcome.records[0].value) < 20_000


def test_b13_a_thousand_copies_have_one_effective_decision():
    outcomes = Stream().send(*[item("awful")] * 1000)
    assert [o.kind for o in outcomes] == ["decided"] + ["repeat"] * 999
    assert len({d.decision_id for o in outcomes for d in decisions(o)}) == 1
    assert sum(len(of(o, ENFORCEMENT, EnforcementAction)) for o in outcomes) == 1


def test_b14_an_older_version_never_supersedes():
    stream = Stream()
    outcomes = stream.send(item("fine", version=5), item("awful", version=4), item("awful", version=3))
    assert [o.kind for o in outcomes] == ["decided", "late", "late"]
    assert codec.decode(stream.ledger.lookup([(0, "i1")])[0, "i1"], Decision).verdict == "allow"


def test_copies_of_a_text_are_classified_once_in_a_batch():
    fake = sure({})
    Stream(make_moderator(fake)).send(*[item("the same", f"i{n}") for n in range(50)])
    assert fake.calls == [["the same"]]


def test_the_cache_answers_for_other_items_with_the_same_text_and_says_so():
    class DictCache(dict):
        def get_many(self, keys):
            return [self.get(key) for key in keys]

        def put_many(self, entries):
            self.update(entries)

    fake = sure({"awful": 0.999})
    stream = Stream(make_moderator(fake, cache=DictCache()))
    (first,) = stream.send(item("awful", "a"))
    (second,) = stream.send(item("awful", "b"))
    assert len(fake.calls) == 1
    assert second.decision.scores == first.decision.scores
    assert "cache" in {reason.kind for reason in second.decision.reasons}


def test_a_broken_cache_costs_nothing_but_time():
    class Broken:
        def get_many(self, keys):
            raise OSError("disk gone")

        put_many = get_many

    (outcome,) = Stream(make_moderator(sure({}), cache=Broken())).send(item("fine"))
    assert outcome.decision.verdict == "allow"


def test_a_bank_match_decides_and_is_named():
    bank = {bank_key("buy now"): BankMatch("known", "e1", "spam", "remove")}
    (outcome,) = Stream(make_moderator(sure({}), bank=bank)).send(item("Buy NOW"))
    assert outcome.decision.verdict == "remove"
    assert outcome.decision.variant_of == "e1"
    assert [reason.kind for reason in outcome.decision.reasons if reason.kind == "match"] == ["match"]


def test_traceparent_is_passed_through_and_other_headers_are_not():
    (outcome,) = Stream().send(item("hmm"), headers=(("traceparent", b"00-aa-bb-01"), ("tenant", b"x")))
    for record in outcome.records:
        names = dict(record.headers)
        assert names["traceparent"] == b"00-aa-bb-01"
        assert set(names) == {"weir-schema", "traceparent"}


def test_trouble_with_one_item_in_decide_buries_that_one_alone(monkeypatch):
    from stream_app.pipeline import settle

    real = settle.decide

    def fails_on_b(item, *args, **kwargs):
        if item.item_id == "b":
            raise ZeroDivisionError("boom")
        return real(item, *args, **kwargs)

    monkeypatch.setattr(settle, "decide", fails_on_b)
    outcomes = Stream().send(item("x", "a"), item("x", "b"), item("x", "c"))
    assert [o.kind for o in outcomes] == ["decided", "buried", "decided"]
    (letter,) = of(outcomes[1], DEAD_LETTERS, DeadLetter)
    assert letter.stage == "decide"
    assert letter.error.startswith("internal: ZeroDivisionError")


def test_a_score_of_a_label_without_evidence_never_allows():
    (outcome,) = Stream(make_moderator(FakeClassifier({}, labels=ALL, has_evidence=False))).send(item("fine"))
    assert outcome.decision.verdict == "review"


@pytest.mark.parametrize("text", ["", "   ", "\u200b\u200b"])
def test_a_text_without_content_is_decided_without_a_model(text):
    fake = sure({})
    (outcome,) = Stream(make_moderator(fake)).send(item(text))
    assert outcome.kind == "decided"
    assert outcome.decision.level == "no-text"
    assert fake.calls == []


def test_decisions_encode_to_json_that_has_no_nan():
    (outcome,) = Stream().send(item("awful"))
    assert b"NaN" not in outcome.records[0].value
    assert msgspec.json.decode(outcome.records[0].value)["item_id"] == "i1"


def test_a_key_of_any_size_never_makes_a_dead_letter_too_large():
    (outcome,) = Stream().send(b"{nope", key=b"k" * 900_000)
    assert len(outcome.records[0].key) == 4096
    assert len(outcome.records[0].value) < 20_000


def test_the_largest_item_still_fits_a_review_task():
    """Control characters cost six bytes each in JSON; the broker takes a megabyte."""
    value = item("hmm " + "\x01" * 99_990, metadata={"k": "\x01" * 16_000})
    (outcome,) = Stream().send(value)
    assert outcome.why_review
    assert all(len(record.value) < 1_000_000 for record in outcome.records)


def test_a_flood_of_metadata_is_refused():
    (outcome,) = Stream().send(item("hmm", metadata={"k": "v" * 17_000}))
    assert outcome.reason == "schema"


def test_j16_the_detected_language_wins_over_the_claimed_one():
    text = "this is a perfectly ordinary English sentence about the weather"
    (outcome,) = Stream().send(item(text, language="de"))
    assert outcome.decision.language == "en"


def test_j18_what_a_producer_says_about_its_own_item_is_ignored():
    (outcome,) = Stream().send(item("awful", scores={"toxicity": 0}, verdict="allow", already_reviewed=True))
    assert outcome.decision.verdict in ("limit", "remove")


def test_what_was_posted_or_ruled_before_a_deletion_stays_gone_when_it_is_delivered_again():
    """Content and rulings come on two topics, so after a crash they may come in another order."""
    stream = Stream()
    (first,) = stream.send(item("awful"))
    rule = ruling("r1", first.decision.decision_id, "allow")
    stream.send(rule, topic="rulings", offsets=[50])
    stream.send({"item_id": "i1", "deleted": True})
    before = stream.ledger.lookup([(0, "i1")])
    (again,) = stream.send(item("awful"), offsets=[0])
    (ruled,) = stream.send(rule, topic="rulings", offsets=[50])
    assert (again.kind, ruled.kind) == ("repeat", "stale")
    assert again.records == ruled.records == []
    assert stream.ledger.lookup([(0, "i1")]) == before


def test_an_item_posted_again_after_its_deletion_is_new():
    stream = Stream()
    first, _, again = stream.send(item("awful"), {"item_id": "i1", "deleted": True}, item("awful"))
    assert again.kind == "decided"
    assert again.decision.supersedes is None
    assert again.decision.decision_id == first.decision.decision_id


def test_a_ruling_on_the_text_before_an_edit_is_known_when_it_is_delivered_again():
    stream = Stream()
    (first,) = stream.send(item("awful"))
    rule = ruling("r1", first.decision.decision_id, "allow")
    stream.send(rule, topic="rulings", offsets=[50])
    (edited,) = stream.send(item("hmm"))
    (again,) = stream.send(rule, topic="rulings", offsets=[50])
    assert again.kind == "repeat"
    assert decisions(again)[0].decision_id == edited.decision.decision_id
