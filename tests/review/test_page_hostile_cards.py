"""What attackers write on cards and in groups, in a real Chromium: nothing runs, nothing around it moves."""

import msgspec
import pytest
import regex

from human_review.service import Service
from human_review.testing import make_review_task
from human_review.testing_browser import Visitor, visit
from human_review.testing_calm import check_shown, opened, take_next, written_on
from human_review.testing_hostile import DAYS, Site, decide_all, hostile_task, put
from human_review.testing_payloads import ONE_OF_A_KIND, TEXTS, chunks, short_and_long
from stream_app.contracts.review import Context, ReviewTask

CALM = "nothing to see here"
UNBREAKABLE = [(text,) for text in TEXTS if len(text) > 20 and regex.fullmatch(r"\X", text)]  # one letter, very wide


def calm_task() -> ReviewTask:
    task = make_review_task(0, text=CALM, item_id="calm")
    return msgspec.structs.replace(task, context=Context(parent_text=CALM, thread=(CALM,), author_history=(CALM,)))


def check_cards(visitor: Visitor, service: Service, cards: list[tuple[str, ...]]) -> None:
    """Show each card after a calm one and compare what is around the texts."""
    put(service, calm_task())
    page = visitor.open("/work")
    take_next(page)
    put(service, *(hostile_task(texts) for texts in cards))
    calm = opened(page)
    assert calm["strange"] == []
    for texts in cards:
        take_next(page)
        found = opened(page)
        assert found["hit"] is None, texts
        assert found["strange"] == [], texts
        assert found["backwards"] == [], texts
        assert not found["wide"], texts
        assert not found["tall"], texts
        assert [one[:2] for one in found["fixed"]] == [one[:2] for one in calm["fixed"]], texts
        assert found["fixed"][0] == calm["fixed"][0], texts  # the top, whole
        assert found["fixed"][1][3] == calm["fixed"][1][3], texts  # the height of the form
        check_shown(written_on(page), texts)
    assert visitor.foreign == []
    assert visitor.faults == []


def test_there_are_at_least_300_different_payloads() -> None:
    assert len(set(TEXTS)) >= 300


def test_hostile_content_changes_nothing_around_it_on_the_card(site: Site) -> None:
    visitor = visit(site.browser, site.service, site.url, "lead", name="card")
    assert UNBREAKABLE
    check_cards(visitor, site.service, [*chunks(TEXTS, 73), *UNBREAKABLE])
    visitor.context.close()


@pytest.mark.long
def test_each_payload_by_itself_changes_nothing_around_it_on_the_card(site: Site) -> None:
    visitor = visit(site.browser, site.service, site.url, "lead", name="each")
    check_cards(visitor, site.service, chunks(TEXTS, 1))
    visitor.context.close()


@short_and_long("cards", chunks(ONE_OF_A_KIND, 3), chunks(TEXTS, 1))
def test_hostile_content_changes_nothing_in_a_group(site: Site, cards: list[tuple[str, ...]]) -> None:
    visitor = visit(site.browser, site.service, site.url, "lead", name=f"group {len(cards)}")
    for at in range(0, len(cards), 3):
        members = [hostile_task(texts, together=f"{len(cards)} {at} {cards[at][0]}") for texts in cards[at : at + 3]]
        put(site.service, *(msgspec.structs.replace(one, due_at=one.due_at - DAYS) for one in members))
        page = visitor.open("/work")
        take_next(page)
        page.keyboard.press("g")
        page.wait_for_selector(".group-list")
        found = opened(page)
        assert (found["hit"], found["strange"], found["backwards"], found["wide"]) == (None, [], [], False), members
        assert page.locator(".group-list .hostile.text").count() == len(members) - 1
        check_shown(written_on(page), [text for texts in cards[at : at + 3] for text in texts])
        visitor.open("/work")
        page.keyboard.press("x")
        page.wait_for_selector(".empty")
        decide_all(site.service, visitor.actor)
    assert visitor.foreign == []
    visitor.context.close()
