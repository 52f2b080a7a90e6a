"""What attackers write in the history and in notes, in a real Chromium: it is shown, and nothing runs or moves."""

import msgspec

from human_review.desk.decide import Answer
from human_review.testing import make_review_task
from human_review.testing_browser import visit
from human_review.testing_calm import check_calm, check_shown, read_all, send_form, take_next, written_on
from human_review.testing_hostile import DAYS, NUMBERS, Site, decide_all, decide_next, hostile_task, put
from human_review.testing_payloads import ONE_OF_A_KIND, TEXTS, chunks, notes, short_and_long

NOTES_SHOWN = 10  # on the card of the next task of the item


@short_and_long("texts", ONE_OF_A_KIND, TEXTS)
def test_hostile_content_changes_nothing_in_the_history(site: Site, texts: list[str]) -> None:
    visitor = visit(site.browser, site.service, site.url, "lead", name=f"past {len(texts)}")
    put(site.service, *(hostile_task((text,)) for text in texts))
    decide_all(site.service, visitor.actor)
    for path in ("/history", "/history?own=false"):
        check_shown(read_all(visitor, path), texts)
    assert visitor.foreign == []
    visitor.context.close()


@short_and_long("texts", ONE_OF_A_KIND, TEXTS)
def test_a_hostile_note_is_kept_as_it_was_written_and_changes_nothing(site: Site, texts: list[str]) -> None:
    """Write notes on a card and for a group of three, and have them refused, then one that is not."""
    visitor = visit(site.browser, site.service, site.url, "lead", name=f"notes {len(texts)}")
    alike = [make_review_task(next(NUMBERS), text="alike", priority=1.0) for _ in range(3)]
    put(site.service, *(
        msgspec.structs.replace(one, folded_text=f"the same {len(texts)} notes", due_at=one.due_at - DAYS)
        for one in alike
    ))  # fmt: skip
    page = visitor.open("/work")
    take_next(page)
    for form, label in (("#decision", "card"), ("form.desk", "group")):
        if label == "group":
            page.keyboard.press("g")
            page.wait_for_selector(".group-list")
        for note in notes(texts):
            # To remove needs a label, and the group a look: what was written so far is kept.
            send_form(page, form, {"verdict": "remove", "note": note})
            assert page.locator("#note").input_value() == note
            check_calm(page, label)
        visitor.open("/work")
    send_form(page, "#decision", {"verdict": "allow", "note": notes(texts)[0]})
    assert page.locator(".said").count() == 1
    for path in (page.url.removeprefix(site.url), "/history", "/history?own=false"):
        check_calm(visitor.open(path), path)
    decide_all(site.service, visitor.actor)
    assert visitor.foreign == []
    visitor.context.close()


@short_and_long("texts", ONE_OF_A_KIND, TEXTS)
def test_hostile_notes_change_nothing_on_the_card_of_the_next_task_of_the_item(site: Site, texts: list[str]) -> None:
    visitor = visit(site.browser, site.service, site.url, "lead", name=f"earlier {len(texts)}")
    written = ""
    for number, some in enumerate(chunks(notes(texts), NOTES_SHOWN)):
        item_id = f"noted {len(texts)} {number}"
        for note in (*some, None):
            task = make_review_task(next(NUMBERS), text=f"edit {next(NUMBERS)}", item_id=item_id, due=-2 * DAYS)
            put(site.service, task)
            if note is not None:
                decide_next(site.service, visitor.actor, item_id, Answer(verdict="allow", note=note))
        page = visitor.open("/work")
        take_next(page)
        assert page.locator("ul.earlier .hostile.line").count() == len(some)
        check_calm(page, "earlier decisions")
        written += written_on(page)
        decide_next(site.service, visitor.actor, item_id, Answer(verdict="allow"))
    check_shown(written, texts)
    assert visitor.foreign == []
    visitor.context.close()
