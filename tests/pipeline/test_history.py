"""Where a message stands in the history of its item."""

import pytest

from stream_app.contracts.content import ContentItem
from stream_app.contracts.origin import Origin
from stream_app.pipeline.history import History, is_old_deletion, is_seen_ruling, place
from stream_app.testing import make_decision


def at(offset: int, topic_id: str = "A") -> Origin:
    return Origin(topic="content", partition=0, offset=offset, timestamp=-offset, topic_id=topic_id)


EFFECTIVE = make_decision(decision_id="d1", text_digest="now", origin=at(10), item_version=None)


def test_the_first_message_of_an_item_is_fresh():
    assert place(ContentItem(item_id="i", text=""), "x", at(1), None).standing == "fresh"


def test_the_same_text_is_a_repeat_wherever_it_was_read():
    for offset in (9, 10, 11):
        assert place(ContentItem(item_id="i", text=""), "now", at(offset), EFFECTIVE).standing == "repeat"


def test_another_text_read_later_is_an_edit_that_supersedes():
    found = place(ContentItem(item_id="i", text=""), "other", at(11), EFFECTIVE)
    assert (found.standing, found.supersedes) == ("fresh", "d1")


def test_an_older_text_delivered_again_does_not_undo_the_edit():
    assert place(ContentItem(item_id="i", text=""), "other", at(9), EFFECTIVE).standing == "repeat"


def test_a_topic_that_was_created_anew_starts_a_new_history():
    """Its offsets start at 0 again, but Kafka gives it another id."""
    found = place(ContentItem(item_id="i", text=""), "other", at(2, topic_id="B"), EFFECTIVE)
    assert found.standing == "fresh"


@pytest.mark.parametrize(("version", "standing"), [(1, "late"), (2, "fresh"), (3, "fresh"), (None, "fresh")])
def test_a_lower_version_is_late(version, standing):
    effective = make_decision(text_digest="now", origin=at(10), item_version=2)
    assert place(ContentItem(item_id="i", text="", version=version), "o", at(11), effective).standing == standing


def test_a_ruling_that_was_followed_is_seen_again():
    ruled = make_decision(ruling_origin=at(5), ruling_id="r")
    assert is_seen_ruling(at(5), ruled)
    assert is_seen_ruling(at(4), ruled)
    assert not is_seen_ruling(at(6), ruled)
    assert not is_seen_ruling(at(5), make_decision())
    assert not is_seen_ruling(at(5), None)


def test_an_item_that_only_a_ruling_remembers_is_a_repeat_up_to_where_the_ruling_saw_it():
    """Retention forgot the decision; the ruling says where its item was, and no message up to there undoes it."""
    ruled = make_decision(text_digest="", origin=at(10), ruling_id="r")
    for offset, standing in ((9, "repeat"), (10, "repeat"), (11, "fresh")):
        assert place(ContentItem(item_id="i", text=""), "any", at(offset), ruled).standing == standing


def test_a_deletion_before_the_item_was_posted_again_is_old():
    assert is_old_deletion(at(9), EFFECTIVE)
    assert not is_old_deletion(at(11), EFFECTIVE)
    assert not is_old_deletion(at(9), None)


def test_a_batch_sees_what_it_wrote_itself():
    history = History([(0, "i"), (0, "i"), (0, "j")], {})
    assert history.effective((0, "i")) is None
    from stream_app.contracts import codec

    history.write((0, "i"), codec.encode(EFFECTIVE))
    assert history.effective((0, "i")) == EFFECTIVE
    history.write((0, "i"), None)
    assert history.effective((0, "i")) is None


def test_an_item_that_stands_in_the_batch_twice_is_never_settled_beforehand():
    from stream_app.contracts import codec

    stored = {(0, "i"): codec.encode(EFFECTIVE), (0, "j"): codec.encode(EFFECTIVE)}
    history = History([(0, "i"), (0, "i"), (0, "j")], stored)
    assert not history.settles((0, "i"), "now")
    assert history.settles((0, "j"), "now")
    assert not history.settles((0, "j"), "other")
