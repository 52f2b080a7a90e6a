"""The page of the desk as plain forms and as htmx asks for it."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from sqlalchemy import select, update

from human_review.appeals.appeals import submit
from human_review.database.tables import answers, seats
from human_review.desk.intake import add_task
from human_review.service import Service
from human_review.testing import make_review_task
from human_review.testing_web import TestClient, signed_in
from stream_app.contracts.decision import Reason
from stream_app.contracts.review import Appeal, Context, ReviewTask

CONFIG = """
version: "1"
labels:
  toxicity: {title: toxic language, harm: 0.3, key: "1"}
  spam: {title: spam, harm: 0.1, key: "6"}
quality: {second_share: 0, golden: {share: 0, new_share: 0}}
skip_reasons: [language, context]
"""
HTMX = {"hx-request": "true"}


@pytest.fixture
def desk(new_service: Callable[..., Service]) -> Service:
    return new_service(config=CONFIG)


def task(number: int = 1, *, text: str = "you are a donkey", hours: float = 1, **over: object) -> ReviewTask:
    made = make_review_task(number, text=text, due=timedelta(hours=hours), **over)
    decision = msgspec.structs.replace(
        made.decision, scores={"toxicity": 0.6123}, thresholds={"toxicity": (0.25, 0.987)},
        reasons=(Reason(kind="match", detail="known insult", label="toxicity", spans=((8, 16), (10, 14))),),
    )  # fmt: skip
    context = Context(parent_text="the parent", thread=("the thread",), author_history=("the past",))
    item = msgspec.structs.replace(made.item, author_id="author-7")
    return msgspec.structs.replace(made, decision=decision, context=context, item=item)


def put(service: Service, *tasks: ReviewTask) -> None:
    with service.database.write() as connection:
        for one in tasks:
            assert add_task(connection, service, one)


def seat_of(page: str) -> tuple[str, str]:
    found = re.search(r'data-seat="(\w+)" data-token="(\d+)"', page)
    assert found is not None
    return found[1], found[2]


def taken(reviewer: TestClient) -> tuple[str, str]:
    assert reviewer.post("/work/next").headers["location"] == "/work"
    return seat_of(reviewer.get("/work").text)


def test_opening_the_page_takes_nothing(desk: Service) -> None:
    put(desk, task())
    reviewer = signed_in(desk, "reviewer")
    assert "Nothing in hand" in reviewer.get("/work").text
    with desk.database.read() as connection:
        assert connection.execute(select(seats.c.state)).scalar_one() == "open"


def test_the_card_shows_what_the_machine_and_others_said(desk: Service) -> None:
    put(desk, task())
    reviewer = signed_in(desk, "reviewer")
    taken(reviewer)
    page = reviewer.get("/work").text
    assert "<mark>a donkey</mark>" in page
    for shown in ("0.61", "0.25", "0.99", "known insult", "the parent", "the thread", "the past", "author-7"):
        assert shown in page, shown
    assert "due" in page


def test_a_blind_card_holds_nothing_that_leans_on_the_answer(desk: Service) -> None:
    put(desk, task(why="sampled"))
    reviewer = signed_in(desk, "reviewer")
    taken(reviewer)
    page = reviewer.get("/work").text
    assert "blind" in page
    for hidden in ("0.61", "0.99", "known insult", "<mark>", "severity", "What the machine says", "drawn for"):
        assert hidden not in page, hidden


def test_what_the_platform_said_of_the_item_is_shown_as_text(desk: Service) -> None:
    made = task()
    item = msgspec.structs.replace(
        made.item, parent_id="<b>parent", thread_id="<b>thread", tier="<b>tier", metadata={"<b>name": "<b>value"}
    )
    put(desk, msgspec.structs.replace(made, item=item))
    reviewer = signed_in(desk, "reviewer")
    taken(reviewer)
    page = reviewer.get("/work").text
    for word in ("parent", "thread", "tier", "name", "value"):
        assert f'<bdi class="hostile line">&lt;b&gt;{word}</bdi>' in page, word
    assert "<b>" not in page


def test_programs_get_what_the_platform_said_of_the_item(desk: Service) -> None:
    made = task()
    item = msgspec.structs.replace(made.item, parent_id="p", thread_id="t", tier="new", metadata={"a": "1"})
    put(desk, msgspec.structs.replace(made, item=item))
    card = signed_in(desk, "reviewer").post("/api/v1/tasks/next", json={}).json()
    assert (card["parent_id"], card["thread_id"], card["tier"], card["metadata"]) == ("p", "t", "new", {"a": "1"})


def test_the_note_of_an_earlier_decision_is_shown_on_the_page_and_to_programs(desk: Service) -> None:
    put(desk, task(1, item_id="same"))
    lead, reviewer = signed_in(desk, "lead"), signed_in(desk, "reviewer")
    seat, token = taken(lead)
    lead.post(f"/work/seats/{seat}/decision", data={"token": token, "verdict": "allow", "note": "<b>banter"})
    put(desk, task(2, item_id="same", text="you are a donkey, edited"))
    taken(reviewer)
    assert '<bdi class="hostile line">&lt;b&gt;banter</bdi>' in reviewer.get("/work").text
    card = reviewer.post("/api/v1/tasks/next", json={}).json()
    assert [one["note"] for one in card["aids"]["earlier"]] == ["<b>banter"]


def test_every_text_of_the_card_is_under_the_veil(desk: Service) -> None:
    put(desk, task())
    reviewer = signed_in(desk, "reviewer")
    taken(reviewer)
    page = reviewer.get("/work").text
    boxes = re.findall(r'<div class="hostile text([^"]*)"', page)
    assert boxes == [" veiled"] * 5  # text, folded form, parent, thread, author
    for text in ("you are a donkey", "the parent", "the thread", "the past"):
        assert f'<span class="under">{text}</span>' in page, text


def test_text_is_under_the_veil_unless_the_person_says_otherwise(desk: Service) -> None:
    put(desk, task())
    reviewer = signed_in(desk, "reviewer")
    taken(reviewer)
    veil = re.compile(r'<input type="checkbox" id="veil"[^>]*>')
    assert "checked" not in veil.findall(reviewer.get("/work").text)[0]
    reviewer.put("/api/v1/me/preferences", json={"veil": False, "greyscale": False, "keys": {}})
    assert "checked" in veil.findall(reviewer.get("/work").text)[0]


def test_an_answer_by_form_brings_the_next_card_and_a_way_back(desk: Service) -> None:
    put(desk, task(1), task(2, text="another text", hours=2))
    reviewer = signed_in(desk, "reviewer")
    seat, token = taken(reviewer)
    form = {"token": token, "verdict": "remove", "labels": ["toxicity"], "note": "insult", "seconds": "3.5"}
    answer = reviewer.post(f"/work/seats/{seat}/decision", data=form)
    assert answer.status_code == 303
    page = reviewer.get(answer.headers["location"]).text
    assert "Decided: Remove." in page
    assert seat_of(page)[0] != seat
    undo = re.search(r'action="(/work/labels/\w+/undo)"', page)
    assert undo is not None
    back = reviewer.post(undo[1])
    assert "the task is yours again" in reviewer.get(back.headers["location"]).text
    assert seat_of(reviewer.get("/work").text)[0] == seat


def test_the_same_form_sent_twice_is_one_answer(desk: Service) -> None:
    put(desk, task(1), task(2, text="another text", hours=2))
    reviewer = signed_in(desk, "reviewer")
    seat, token = taken(reviewer)
    form = {"token": token, "verdict": "allow"}
    first, second = (reviewer.post(f"/work/seats/{seat}/decision", data=form) for _ in range(2))
    assert first.headers["location"] == second.headers["location"]
    with desk.database.read() as connection:
        assert len(connection.execute(select(answers)).all()) == 1


def test_htmx_gets_the_desk_alone(desk: Service) -> None:
    put(desk, task())
    reviewer = signed_in(desk, "reviewer")
    part = reviewer.post("/work/next", headers=HTMX)
    assert part.status_code == 200
    assert part.text.lstrip().startswith('<div id="desk"')
    assert "<html" not in part.text


@pytest.mark.parametrize("headers", [{}, HTMX])
def test_a_lost_lease_is_said_and_nothing_is_decided(desk: Service, headers: dict[str, str]) -> None:
    put(desk, task())
    reviewer = signed_in(desk, "reviewer")
    seat, token = taken(reviewer)
    with desk.database.write() as connection:
        connection.execute(update(seats).values(lease_until_ms=1))
    form = {"token": token, "verdict": "allow"}
    answer = reviewer.post(f"/work/seats/{seat}/decision", data=form, headers=headers)
    assert answer.status_code == 409
    assert "You no longer held that task" in answer.text
    with desk.database.read() as connection:
        assert connection.execute(select(answers)).all() == []


def test_what_was_written_stays_in_the_form_when_the_answer_cannot_stand(desk: Service) -> None:
    put(desk, task())
    reviewer = signed_in(desk, "reviewer")
    seat, token = taken(reviewer)
    form = {"token": token, "verdict": "remove", "note": "a long <note>"}
    answer = reviewer.post(f"/work/seats/{seat}/decision", data=form)
    assert answer.status_code == 422
    assert "needs at least one label" in answer.text
    assert "a long &lt;note&gt;" in answer.text
    assert re.search(r'value="remove"[^>]*checked', answer.text)


def test_skipping_escalating_and_giving_back_say_what_happened(desk: Service) -> None:
    put(desk, *(task(number, text=f"text number {number}", hours=number) for number in range(1, 4)))
    reviewer = signed_in(desk, "reviewer")
    seat, token = taken(reviewer)
    skipped = reviewer.post(f"/work/seats/{seat}/skip", data={"token": token, "reason": "language"})
    page = reviewer.get(skipped.headers["location"]).text
    assert "Skipped" in page
    seat, token = seat_of(page)
    page = reviewer.get(reviewer.post(f"/work/seats/{seat}/escalate", data={"token": token}).headers["location"]).text
    assert "Escalated." in page
    seat, token = seat_of(page)
    page = reviewer.get(reviewer.post(f"/work/seats/{seat}/release", data={"token": token}).headers["location"]).text
    assert "Given back." in page
    assert "Nothing in hand" in page


def test_a_lead_is_not_offered_to_escalate(desk: Service) -> None:
    put(desk, task(1))
    lead = signed_in(desk, "lead")
    taken(lead)
    shown = lead.get("/work").text
    assert "Skip" in shown
    assert "Escalate" not in shown


def test_an_empty_queue_is_said(desk: Service) -> None:
    reviewer = signed_in(desk, "reviewer")
    page = reviewer.get(reviewer.post("/work/next").headers["location"]).text
    assert "There is nothing for you right now." in page


def test_a_group_is_decided_after_its_sample_and_undone_at_once(desk: Service) -> None:
    put(desk, *(task(number, text="the same long text everywhere") for number in range(1, 6)))
    reviewer = signed_in(desk, "reviewer")
    seat, token = taken(reviewer)
    page = reviewer.get(f"/work/seats/{seat}/group?token={token}").text
    assert "5 items that belong together" in page
    sample = re.findall(r'name="checked" class="lift" value="(\w+)"', page)
    assert len(sample) == 3
    form = {"token": token, "verdict": "remove", "labels": ["spam"]}
    refused = reviewer.post(f"/work/seats/{seat}/group-decision", data=form | {"checked": sample[:1]})
    assert refused.status_code in {409, 422}
    assert re.search(f'value="{sample[0]}"[^>]*checked', refused.text)
    done = reviewer.post(f"/work/seats/{seat}/group-decision", data=form | {"checked": sample})
    page = reviewer.get(done.headers["location"]).text
    assert "Decided: Remove, 5 items." in page
    undo = re.search(r'action="(/work/groups/\w+/undo)"', page)
    assert undo is not None
    assert "Taken back." in reviewer.get(reviewer.post(undo[1]).headers["location"]).text
    with desk.database.read() as connection:
        assert connection.execute(select(answers).where(answers.c.state == "standing")).all() == []


def test_what_was_written_about_one_item_is_not_filled_in_for_another(desk: Service) -> None:
    put(desk, task(1), task(2, hours=2))
    reviewer = signed_in(desk, "reviewer")  # with the first card open in two windows
    seat, token = taken(reviewer)
    reviewer.post(f"/work/seats/{seat}/decision", data={"token": token, "verdict": "allow"})
    form = {"token": token, "verdict": "remove", "labels": ["toxicity"], "note": "of the first"}
    late = reviewer.post(f"/work/seats/{seat}/decision", data=form)
    assert late.status_code == 409
    assert seat_of(late.text)[0] != seat
    assert "of the first" not in late.text
    assert not re.search(r'value="(remove|toxicity)"[^>]*checked', late.text)


def test_the_page_of_a_group_is_of_one_seat_whatever_else_is_in_hand(desk: Service) -> None:
    alike = "the same long text everywhere"
    put(desk, task(1), task(2, text=alike, hours=2), task(3, text=alike, hours=3))
    reviewer = signed_in(desk, "reviewer")
    first, token = taken(reviewer)
    done = reviewer.post(f"/work/seats/{first}/decision", data={"token": token, "verdict": "allow"})
    undo = re.search(r'action="(/work/labels/\w+/undo)"', reviewer.get(done.headers["location"]).text)
    assert undo is not None
    second, second_token = seat_of(reviewer.get("/work").text)
    reviewer.post(undo[1])  # now both are in hand, and the first has the later lease
    assert seat_of(reviewer.get("/work").text)[0] == first
    page = reviewer.get(f"/work/seats/{second}/group?token={second_token}").text
    assert "2 items that belong together" in page
    assert seat_of(page) == (second, second_token)
    assert f'action="/work/seats/{second}/group-decision"' in page


def test_keys_are_those_of_the_review_file_unless_the_person_chose_others(desk: Service) -> None:
    put(desk, task())
    reviewer = signed_in(desk, "reviewer")
    taken(reviewer)
    assert 'value="spam" data-key="6"' in reviewer.get("/work").text
    chosen = {"label:spam": "r", "allow": "y"}
    reviewer.put("/api/v1/me/preferences", json={"veil": True, "greyscale": True, "keys": chosen})
    page = reviewer.get("/work").text
    assert 'value="spam" data-key="r"' in page
    assert 'value="allow" required data-key="y"' in page
    assert 'value="remove" required data-key=""' in page  # no key does two things


def test_the_language_of_the_page_can_be_switched_on_it(desk: Service) -> None:
    reviewer = signed_in(desk, "reviewer")
    assert reviewer.post("/work/language", data={"locale": "ar"}).status_code == 303
    assert '<html lang="ar" dir="rtl">' in reviewer.get("/work").text
    reviewer.post("/work/language", data={"locale": "../../x"})
    assert '<html lang="ar" dir="rtl">' in reviewer.get("/work").text


def test_the_history_shows_own_answers_and_to_leads_those_of_others(desk: Service) -> None:
    put(desk, task())
    reviewer, lead = signed_in(desk, "reviewer"), signed_in(desk, "lead")
    seat, token = taken(reviewer)
    reviewer.post(f"/work/seats/{seat}/decision", data={"token": token, "verdict": "allow"})
    assert "item-1" in reviewer.get("/history").text
    assert "item-1" not in lead.get("/history").text
    assert "item-1" in lead.get("/history?own=false").text
    assert reviewer.get("/history?own=false").status_code == 403


def appeal_against(service: Service, number: int) -> None:
    about = task(number)
    decision = msgspec.structs.replace(about.decision, verdict="remove")
    with service.database.write() as connection:
        submit(connection, service, Appeal(
            appeal_id=f"appeal-{number}", decision_id=decision.decision_id, item=about.item, origin=about.origin,
            statement="no", appealed_at=datetime.now(UTC), decision=decision,
        ))  # fmt: skip


def test_an_answer_can_be_taken_back_though_an_appeal_comes_next(desk: Service) -> None:
    put(desk, task(1))
    reviewer = signed_in(desk, "reviewer")
    seat, token = taken(reviewer)
    appeal_against(desk, 2)
    for headers, where in (({}, "location"), ({"hx-request": "true"}, "hx-redirect")):
        form = {"token": token, "verdict": "allow"}
        done = reviewer.post(f"/work/seats/{seat}/decision", data=form, headers=headers)
        page = reviewer.get(done.headers[where])
        page = reviewer.get(page.headers["location"]) if page.is_redirect else page
        assert "Decided: Allow." in page.text
        assert "Uphold the decision" in page.text
        undo = re.search(r'action="(/work/labels/\w+/undo)"', page.text)
        assert undo is not None
        back = reviewer.get(reviewer.post(undo[1]).headers["location"])
        seat, token = seat_of(back.text)


def test_the_history_leads_to_where_the_answer_to_an_appeal_is_taken_back(desk: Service) -> None:
    reviewer = signed_in(desk, "reviewer")
    appeal_against(desk, 1)
    reviewer.post("/appeals/next")
    seat, token = seat_of(reviewer.get("/appeals").text)
    reviewer.post(f"/appeals/seats/{seat}/decision", data={"token": token, "outcome": "upheld", "reply": "no"})
    page = reviewer.get("/history").text
    link = re.search(r'href="(/appeals\?done=\w+)"', page)
    assert link is not None
    assert "/work/labels/" not in page
    assert 'action="/appeals/appeal-1/undo"' in reviewer.get(link[1]).text
    with desk.database.write() as connection:
        connection.execute(update(answers).values(decided_ms=answers.c.decided_ms - 3_600_000))
    assert "/appeals?done=" not in reviewer.get("/history").text


def test_the_start_page_leads_to_ones_work(desk: Service) -> None:
    for role, address in (("reviewer", "/work"), ("auditor", "/quality"), ("admin", "/quality")):
        assert signed_in(desk, role).get("/").headers["location"] == address
