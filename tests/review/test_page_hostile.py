"""What attackers write, in a real Chromium: nothing runs, nothing is asked for elsewhere, nothing around it moves."""

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from playwright.sync_api import Browser, Page

from human_review.appeals import appeals, statements
from human_review.desk.decide import Answer, decide
from human_review.desk.intake import add_task
from human_review.desk.take import take
from human_review.permissions import Actor
from human_review.service import Service
from human_review.testing import make_review_task, make_service
from human_review.testing_browser import Visitor, chromium, serving, visit
from human_review.testing_web import signed_in
from stream_app.contracts.decision import Reason
from stream_app.contracts.review import Appeal, Context, ReviewTask
from stream_app.testing_kafka import free_ports

_LINES = (Path(__file__).parent / "payloads.tsv").read_text(encoding="utf-8").splitlines()[1:]
PAYLOADS: list[tuple[str, str]] = [(kind, json.loads(text)) for kind, text in (line.split("\t") for line in _LINES)]
TEXTS = [text for _, text in PAYLOADS]
ONE_OF_A_KIND = [next(found)[1] for _, found in groupby(sorted(PAYLOADS), key=lambda one: one[0])]
DAYS = timedelta(days=30)  # more urgent than everything else
CALM = "nothing to see here"
# One card after the other, and no second answers or golden tasks in between.
CONFIG = """
version: "1"
labels: {toxicity: {title: toxic language, harm: 0.3, key: "1"}}
quality: {second_share: 0, golden: {share: 0, new_share: 0}}
comfort: {veil: false, greyscale: false}
"""

# Inside a user's text there may be our own few elements and attributes; nowhere may an address be anything but ours.
LOOK = """() => {
  const ours = /^(https?:..127.0.0.1:\\d+)?[/#]/;
  const strange = [];
  for (const one of document.querySelectorAll('.hostile *')) {
    if (!['P', 'SPAN', 'BDI', 'MARK', 'INPUT'].includes(one.tagName)) strange.push(one.outerHTML.slice(0, 80));
    for (const attribute of one.attributes)
      if (!['class', 'dir', 'title', 'type', 'aria-label'].includes(attribute.name)) strange.push(attribute.name);
  }
  for (const one of document.querySelectorAll('*')) {
    for (const { name, value } of one.attributes) {
      if (['href', 'src', 'action', 'formaction', 'hx-post', 'hx-get', 'data', 'ping', 'srcset'].includes(name)
          && !ours.test(value)) strange.push(`${name}=${value}`);
      if (/^on|^style$|^srcdoc$/.test(name)) strange.push(`${name}=${value}`);
    }
  }
  const order = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode, text = node.textContent.trim();
    if (text.length < 2 || !node.parentElement.checkVisibility()) continue;
    if (node.parentElement.closest('.hostile, script, noscript, dialog, select, .scroll')) continue;
    const range = document.createRange(), from = node.textContent.indexOf(text);
    range.setStart(node, from); range.setEnd(node, from + 1);
    const first = range.getBoundingClientRect();
    range.setStart(node, from + 1); range.setEnd(node, from + 2);
    const second = range.getBoundingClientRect();
    order.push(text + (first.top === second.top && first.left > second.left ? ' BACKWARDS' : ''));
  }
  const box = (name) => { const at = document.querySelector(name)?.getBoundingClientRect();
    return at && [at.x, at.width, at.y, at.height].map(Math.round); };
  const across = (name) => box(name)?.slice(0, 2);
  return {
    hit: window.hit ?? null, strange,
    backwards: order.filter((text) => text.endsWith('BACKWARDS')),
    fixed: [box('.top'), box('.answer'), box('.card .switches'), box('.card-head'), across('.card'),
            across('#context'), across('.card .scroll'), across('#folded')],
    wide: document.documentElement.scrollWidth > document.documentElement.clientWidth,
    tall: [...document.querySelectorAll('.card .scroll')].some((one) => one.getBoundingClientRect().height > 430),
  };
}"""


@dataclass
class Site:
    service: Service
    url: str
    browser: Browser


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    [port] = free_ports(1)
    service = make_service(tmp_path_factory.mktemp("hostile"), config=CONFIG, review_bind=f"127.0.0.1:{port}")
    with serving(service) as url, chromium() as browser:
        yield Site(service, url, browser)
    service.database.close()


def hostile_task(number: int, texts: tuple[str, ...], *, group: str = "") -> ReviewTask:
    """Every field that comes from outside holds what attackers write."""
    text = group or "\n".join(texts)
    first = texts[0]
    task = make_review_task(number, text=text, label=first, item_id=f"{number} {first}"[:200])
    reasons = tuple(Reason(kind="match", detail=one, label=one, spans=((0, 3), (2, 9), (5, 10**9))) for one in texts)
    decision = msgspec.structs.replace(
        task.decision, reasons=reasons, scores=dict.fromkeys(texts, 0.5) | {"toxicity": 0.6}, level=first,
        thresholds={"toxicity": (0.2, 0.9)}, artifacts={first: first}, language=first[:30], variant_of=None,
        campaign_id=None, policy_version=first,
    )  # fmt: skip
    item = msgspec.structs.replace(task.item, author_id=" ".join(texts), surface=first, region=first, language=first)
    return msgspec.structs.replace(
        task, decision=decision, item=item, folded_text=text, queue=f"q{first}",
        context=Context(parent_text=first, thread=texts, author_history=texts[:5]),
    )  # fmt: skip


def calm_task() -> ReviewTask:
    task = make_review_task(0, text=CALM, item_id="calm")
    return msgspec.structs.replace(task, context=Context(parent_text=CALM, thread=(CALM,), author_history=(CALM,)))


def put(service: Service, *tasks: ReviewTask) -> None:
    with service.database.write() as connection:
        for task in tasks:
            assert add_task(connection, service, task)


def opened(page: Page) -> dict[str, Any]:
    """The card with everything on it open."""
    page.evaluate("document.querySelectorAll('.card details').forEach((one) => { one.open = true })")
    found: dict[str, Any] = page.evaluate(LOOK)
    return found


def take_next(page: Page) -> None:
    """Decide the card in hand, if there is one, and wait for the next."""
    before = page.locator("#desk").get_attribute("data-seat")
    if before:
        page.keyboard.press("a")
    page.keyboard.press("Enter")
    page.wait_for_function(
        """(before) => document.getElementById('desk')?.dataset.seat !== before
                       && !document.querySelector('.htmx-request')""",
        arg=before,
    )


def decide_all(service: Service, actor: Actor) -> None:
    while card := take(service, actor):
        decide(service, actor, card.seat_id, card.token, Answer(verdict="allow"))


def check_cards(visitor: Visitor, service: Service, cards: list[tuple[str, ...]]) -> None:
    """Show each card after a calm one and compare what is around the texts."""
    put(service, calm_task())
    page = visitor.open("/work")
    take_next(page)
    put(service, *(hostile_task(number, texts) for number, texts in enumerate(cards, 1)))
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
    assert visitor.foreign == []
    assert visitor.faults == []


def test_there_are_at_least_300_different_payloads() -> None:
    assert len(set(TEXTS)) >= 300


def test_hostile_content_changes_nothing_around_it_on_the_card(site: Site) -> None:
    visitor = visit(site.browser, site.service, site.url, "lead", name="card")
    check_cards(visitor, site.service, [tuple(TEXTS[at : at + 73]) for at in range(0, len(TEXTS), 73)])
    visitor.context.close()


@pytest.mark.long
def test_each_payload_by_itself_changes_nothing_around_it_on_the_card(site: Site) -> None:
    visitor = visit(site.browser, site.service, site.url, "lead", name="each")
    check_cards(visitor, site.service, [(text,) for _, text in PAYLOADS])
    visitor.context.close()


def test_hostile_content_changes_nothing_in_a_group(site: Site) -> None:
    visitor = visit(site.browser, site.service, site.url, "lead", name="group")
    for number, texts in enumerate((ONE_OF_A_KIND[::2], ONE_OF_A_KIND[1::2])):
        members = [hostile_task(8000 + 10 * number + copy, tuple(texts)) for copy in range(3)]
        put(site.service, *(
            msgspec.structs.replace(one, folded_text=f"the same folded text {number}", due_at=one.due_at - DAYS)
            for one in members
        ))  # fmt: skip
        page = visitor.open("/work")
        take_next(page)
        page.keyboard.press("g")
        page.wait_for_selector(".group-list")
        found = opened(page)
        assert (found["hit"], found["strange"], found["backwards"], found["wide"]) == (None, [], [], False)
        assert page.locator(".group-list .hostile.text").count() == 2
        visitor.open("/work")
        page.keyboard.press("x")
        page.wait_for_selector(".empty")
        decide_all(site.service, visitor.actor)
    assert visitor.foreign == []
    visitor.context.close()


def test_hostile_content_changes_nothing_in_the_history(site: Site) -> None:
    visitor = visit(site.browser, site.service, site.url, "lead", name="past")
    put(site.service, *(hostile_task(9000 + number, (text,)) for number, text in enumerate(ONE_OF_A_KIND)))
    decide_all(site.service, visitor.actor)
    page = visitor.open("/history")
    found = page.evaluate(LOOK)
    assert (found["hit"], found["strange"], found["backwards"], found["wide"]) == (None, [], [], False)
    assert page.locator("tbody .hostile").count() >= len(ONE_OF_A_KIND)
    assert visitor.foreign == []
    visitor.context.close()


def test_hostile_appeals_and_what_leads_and_auditors_see_change_nothing(site: Site) -> None:
    visitor = visit(site.browser, site.service, site.url, "lead", name="appeals")
    statement = "\n".join(ONE_OF_A_KIND)
    texts = ["<script>window.hit=1</script>", *ONE_OF_A_KIND]
    task = hostile_task(9500, tuple(texts))
    now = datetime.now(UTC)
    removed = msgspec.structs.replace(task.decision, verdict="remove", decided_at=now)
    appeal = Appeal(
        appeal_id="appeal-9500", decision_id=removed.decision_id, item=task.item, origin=task.origin,
        statement=statement[:5000], appealed_at=now,
    )  # fmt: skip
    with site.service.database.write() as connection:
        add_task(connection, site.service, task)
        statements.decided(connection, site.service, removed)
        assert appeals.submit(connection, site.service, appeal)
    page = visitor.open("/appeals")
    take_next(page)
    assert page.locator(".card .hostile.text").count() >= 3
    found = opened(page)
    assert (found["hit"], found["strange"], found["backwards"], found["wide"]) == (None, [], [], False)
    for path in ("/quality", "/quality/golden", "/quality/me", "/exports", "/me"):
        found = visitor.open(path).evaluate(LOOK)
        assert (found["hit"], found["strange"], found["backwards"], found["wide"]) == (None, [], [], False), path
    assert visitor.foreign == []
    visitor.context.close()


def test_no_cell_of_a_table_to_download_is_a_formula(service: Service) -> None:
    lead, auditor = signed_in(service, "lead"), signed_in(service, "auditor")
    formulas = [text for kind, text in PAYLOADS if kind == "formula"]
    put(service, *(hostile_task(number, (text,)) for number, text in enumerate(formulas)))
    decide_all(service, lead.actor)
    for path in ("/audit.csv", "/api/v1/quality.csv"):
        answer = auditor.get(path)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/csv")
        assert answer.headers["content-disposition"].startswith("attachment")
        cells = [cell for row in csv.reader(io.StringIO(answer.text)) for cell in row]
        assert len(cells) > 10
        assert [cell for cell in cells if cell[:1] in "=+-@\t\r" and cell and not is_number(cell)] == []


def is_number(cell: str) -> bool:
    return re.fullmatch(r"[+-]?\d+(\.\d+)?(e[+-]?\d+)?", cell) is not None


def check_addresses(visitor: Visitor, texts: list[str], *, places: int) -> None:
    """``places``: at how many of the five places each text is put."""
    for number, text in enumerate(texts):
        part = quote(text[:300].encode("utf-8", "replace"), safe="")
        paths = (
            f"/work/seats/{part}/group?token=1", f"/work?done={part}&did={part}", f"/history?before={part}",
            f"/{part}", f"/work/seats/x/group?token={part}",
        )  # fmt: skip
        for path in (paths * 2)[number % 5 :][:places]:
            page = visitor.open(path)
            found = page.evaluate(LOOK)
            assert (found["hit"], found["strange"], found["backwards"], found["wide"]) == (None, [], [], False), path
    assert visitor.foreign == []


def test_hostile_addresses_get_calm_pages(site: Site) -> None:
    visitor = visit(site.browser, site.service, site.url, "lead", name="address")
    check_addresses(visitor, ONE_OF_A_KIND, places=1)
    visitor.context.close()


@pytest.mark.long
def test_each_payload_as_an_address_gets_a_calm_page(site: Site) -> None:
    visitor = visit(site.browser, site.service, site.url, "lead", name="addresses")
    check_addresses(visitor, TEXTS, places=5)
    visitor.context.close()


def test_the_api_gives_hostile_content_as_json_and_as_nothing_else(service: Service) -> None:
    texts = tuple(TEXTS)
    put(service, hostile_task(1, texts))
    reviewer = signed_in(service, "lead")
    answer = reviewer.post("/api/v1/tasks/next", json={})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert tuple(answer.json()["thread"]) == tuple(text.encode("utf-8", "replace").decode() for text in texts)
