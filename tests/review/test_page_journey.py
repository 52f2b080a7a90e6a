"""A day's work in a real Chromium without a mouse: nothing but keys is sent to the page."""

import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Browser, Page
from sqlalchemy import select, update

from human_review.appeals import appeals, statements
from human_review.database.tables import answers, users
from human_review.desk.intake import add_task
from human_review.people import accounts
from human_review.permissions import Role
from human_review.service import Service
from human_review.testing import make_review_task, make_service
from human_review.testing_browser import chromium, serving
from stream_app.contracts.decision import Reason
from stream_app.contracts.review import Appeal, Context, ReviewTask
from stream_app.testing_kafka import free_ports

PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
MOST_BYTES = 150_000
PASSWORD = "four quiet words in a row"
CONFIG = """
version: "1"
labels:
  toxicity: {title: toxic language, harm: 0.3, key: "1"}
  hate: {title: hatred against a group, harm: 0.6, key: "2"}
  threat: {title: threat of violence, harm: 0.9, key: "3"}
  spam: {title: spam, harm: 0.1, key: "6"}
queues: {routes: [{when: {why: appeal}, queue: appeals}]}
quality: {second_share: 0, golden: {share: 0, new_share: 0}}
undo_seconds: 60
skip_reasons: [language, context, distressing]
"""
ENGLISH = (
    "You are a donkey, and everybody here knows it. Nobody wants you around!\n"
    "Read https://evil.example/login?next=me before it is gone… \u202etxet neddih\u202c it says."
)
ARABIC = "أنت حمار والجميع يعرف ذلك. لا أحد يريدك هنا!\nاقرأ https://evil.example/دخول قبل أن يختفي، and go away."


def task(number: int, text: str, hours: float, *, label: str = "toxicity", language: str = "en") -> ReviewTask:
    made = make_review_task(
        number, text=text, label=label, language=language, due=timedelta(hours=hours), item_id=f"post-{number}"
    )
    words = [(match.start(), match.end()) for match in re.finditer(r"\w+", text)]
    reasons = (
        Reason(kind="score", detail="between the thresholds", label=label, spans=((words[1][0], words[3][1]),)),
        Reason(kind="match", detail="near copy of a known insult", label=label, spans=((words[3][0], words[5][1]),)),
    )
    decision = msgspec.structs.replace(
        made.decision, reasons=reasons, scores={label: 0.64, "hate": 0.31, "threat": 0.04},
        thresholds={label: (0.25, 0.97), "hate": (0.2, 0.95), "threat": (0.1, 0.9)},
    )  # fmt: skip
    item = msgspec.structs.replace(made.item, author_id="author-77", surface="comment")
    context = Context(parent_text="What do you think?", thread=("First!", "Nice picture"), author_history=("Hello",))
    return msgspec.structs.replace(made, decision=decision, item=item, context=context)


def put(service: Service, *tasks: ReviewTask) -> None:
    with service.database.write() as connection:
        for one in tasks:
            assert add_task(connection, service, one)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    [port] = free_ports(1)
    made = make_service(tmp_path_factory.mktemp("journey"), config=CONFIG, review_bind=f"127.0.0.1:{port}")
    yield made
    made.database.close()


@pytest.fixture(scope="module")
def url(service: Service) -> Iterator[str]:
    with serving(service) as address:
        yield address


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


def account(service: Service, name: str, role: Role = "reviewer", locale: str = "en") -> None:
    made = accounts.create(service, None, name=name, role=role, password=PASSWORD)
    with service.database.write() as connection:
        connection.execute(
            update(users)
            .where(users.c.user_id == made.actor.user_id)
            .values(locale=locale, must_change_password=False)
        )


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def sign_in(browser: Browser, url: str, name: str, **options: Any) -> Page:
    page = browser.new_context(viewport={"width": 1200, "height": 760}, **options).new_page()
    page.goto(f"{url}/work")
    assert page.url.startswith(f"{url}/sign-in")
    page.keyboard.type(name)
    press(page, "Tab")
    page.keyboard.type(PASSWORD)
    press(page, "Enter")
    page.wait_for_url(f"{url}/work")
    return page


def card(page: Page, but: str | None = None) -> str:
    """Wait for a card, for another one than ``but``; gives its seat."""
    page.wait_for_function(
        """(but) => { const seat = document.getElementById('desk')?.dataset.seat;
                      return seat && seat !== but && !document.querySelector('.htmx-request'); }""",
        arg=but,
    )
    return page.locator("#desk").get_attribute("data-seat") or ""


def picture(page: Page, name: str) -> None:
    """Kept for the documentation where WEIR_TEST_PICTURES asks for it; small enough for a repository in any case."""
    page.wait_for_timeout(150)
    taken = page.screenshot(type="png", caret="initial")
    assert len(taken) <= MOST_BYTES, f"{name} has {len(taken)} bytes"
    if os.environ.get("WEIR_TEST_PICTURES") == "1":
        PICTURES.mkdir(parents=True, exist_ok=True)
        (PICTURES / f"review-{name}.png").write_bytes(taken)


def standing(service: Service) -> list[tuple[str, str]]:
    with service.database.read() as connection:
        rows = connection.execute(
            select(answers.c.verdict, answers.c.labels).where(answers.c.state == "standing")
            .order_by(answers.c.decided_ms)
        )  # fmt: skip
        return [(row.verdict, row.labels) for row in rows]


def text_is_hidden(page: Page) -> bool:
    sentences = page.locator(".card .under").all()
    return len(sentences) > 0 and not any(one.is_visible() for one in sentences)


def test_a_day_of_work_by_keyboard_alone(service: Service, url: str, browser: Browser) -> None:
    account(service, "kim")
    copies = [task(10 + number, "Cheap watches, only today, at this place", 8, label="spam") for number in range(5)]
    put(service, task(1, ENGLISH, 1), task(2, ARABIC, 2, language="ar"), task(3, "the third text of that day", 3),
        task(4, "the fourth text of that day", 4), *copies)  # fmt: skip
    page = sign_in(browser, url, "kim")

    press(page, "Enter")  # take
    seat = card(page)
    assert text_is_hidden(page)
    picture(page, "veil")
    press(page, "j")  # one sentence
    assert page.locator(".card .under").first.is_visible()
    assert not page.locator(".card .under").nth(1).is_visible()
    press(page, "Space")  # all of it
    assert page.locator(".card .under").nth(1).is_visible()
    press(page, "f", "f", "c", "c")

    press(page, "r", "1", "n")  # decide with a policy and a note
    page.keyboard.type("An insult of one person, in the first line.")
    press(page, "Escape")
    picture(page, "card")
    press(page, "Enter")
    second = card(page, seat)
    assert standing(service) == [("remove", '["toxicity"]')]
    assert text_is_hidden(page)

    press(page, "u")  # undo
    assert card(page, second) == seat
    assert standing(service) == []
    press(page, "l", "1", "2", "Enter")
    third = card(page, seat)
    assert standing(service) == [("limit", '["hate", "toxicity"]')]

    press(page, "s", "ArrowDown", "Enter")  # skip, with the second reason
    fourth = card(page, third)
    press(page, "e")  # escalate
    card(page, fourth)
    press(page, "?")
    assert page.locator("dialog#sheet").is_visible()
    picture(page, "keys")
    press(page, "Escape")
    press(page, "a", "Enter")
    page.wait_for_selector("a[data-key=g]")

    press(page, "g")  # a group, after a look at some of it
    page.wait_for_selector(".group-list")
    press(page, "r", "6", "j", "j", "j", "j")
    picture(page, "group")
    press(page, "Enter")
    page.wait_for_selector(".said")
    assert [verdict for verdict, _ in standing(service)] == ["limit", "allow"] + ["remove"] * 5
    press(page, "u")
    page.wait_for_function("() => document.querySelector('.said')?.innerText.includes('Taken back')")
    assert [verdict for verdict, _ in standing(service)] == ["limit", "allow"]

    sign_out(page, url)
    page.goto(f"{url}/work")
    assert page.url.startswith(f"{url}/sign-in")


def sign_out(page: Page, url: str) -> None:
    for _ in range(30):
        if page.evaluate("document.activeElement.closest('form')?.action ?? ''").endswith("/sign-out"):
            break
        press(page, "Shift+Tab")
    press(page, "Enter")
    page.wait_for_url(f"{url}/sign-in")


def test_an_arabic_page_runs_from_right_to_left(service: Service, url: str, browser: Browser) -> None:
    account(service, "noor", "lead", locale="ar")
    put(service, task(100, ARABIC, 0.1, language="ar"))
    page = sign_in(browser, url, "noor", locale="ar")
    assert page.locator("html").get_attribute("dir") == "rtl"
    press(page, "Enter")
    card(page)
    form, text = page.locator(".answer").bounding_box(), page.locator(".card").bounding_box()
    assert form is not None
    assert text is not None
    assert form["x"] < text["x"]
    press(page, "Space", "r", "1")
    picture(page, "card-ar")
    marks = page.locator(".card mark").all()
    assert marks
    assert "".join(one.inner_text() for one in marks) in ARABIC
    press(page, "x")
    page.wait_for_selector(".empty")
    page.context.close()


def go_to_appeals(page: Page, url: str) -> None:
    """By the key that the sheet names."""
    press(page, "?")
    assert page.locator("dialog#sheet li", has_text="Appeals").locator("kbd").inner_text() == "p"
    press(page, "Escape", "p")
    page.wait_for_url(f"{url}/appeals")
    page.wait_for_load_state()


def test_an_appeal_is_decided_by_somebody_else_by_keyboard(service: Service, url: str, browser: Browser) -> None:
    account(service, "lou", "lead")
    account(service, "mo", "lead")
    put(service, task(200, "You are a donkey, they said about the statue", 0.05))
    page = sign_in(browser, url, "lou")
    press(page, "Enter")
    seat = card(page)
    press(page, "Space", "r", "1", "Enter")
    page.wait_for_function("(seat) => document.getElementById('desk')?.dataset.seat !== seat", arg=seat)
    if page.locator("#desk").get_attribute("data-seat"):
        press(page, "x")
        page.wait_for_selector(".empty")

    made = task(200, "You are a donkey, they said about the statue", 0.05)
    removed = msgspec.structs.replace(made.decision, verdict="remove", decided_at=datetime.now(UTC))
    appeal = Appeal(
        appeal_id="appeal-1", decision_id=removed.decision_id, item=made.item, origin=made.origin,
        statement="I spoke about a statue of a donkey.", appealed_at=datetime.now(UTC),
    )  # fmt: skip
    with service.database.write() as connection:
        statements.decided(connection, service, removed)
        assert appeals.submit(connection, service, appeal)

    go_to_appeals(page, url)
    press(page, "Enter")
    page.wait_for_selector("text=There is no appeal for you right now")  # who decided before is not asked
    page.context.close()

    page = sign_in(browser, url, "mo")
    go_to_appeals(page, url)
    press(page, "?")
    assert page.locator("dialog#sheet").get_by_text("Work").is_visible()
    press(page, "Escape", "Enter")
    card(page)
    press(page, "Space", "a", "n")
    page.keyboard.type("You were right; it is back.")
    press(page, "Escape")
    picture(page, "appeal")
    press(page, "Enter")
    page.wait_for_selector(".said")
    assert "Overturned: Allow." in page.locator(".said").inner_text()
    press(page, "w")
    page.wait_for_url(f"{url}/work")
    page.context.close()
