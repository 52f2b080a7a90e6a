"""What attackers write, in a real Chromium: nothing runs, nothing is asked for elsewhere, nothing around it moves."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import msgspec
import pytest
from playwright.sync_api import Browser, Page

from human_review.appeals import appeals, statements
from human_review.audit import log
from human_review.desk.decide import Answer, decide
from human_review.desk.intake import add_task
from human_review.desk.take import take
from human_review.errors import Conflict, Invalid
from human_review.people import accounts, tokens
from human_review.permissions import Actor
from human_review.quality import golden_items
from human_review.quality.refresh import refresh
from human_review.service import Service
from human_review.testing import make_review_task, make_service
from human_review.testing_browser import Visitor, chromium, serving, visit, watch
from human_review.testing_web import signed_in
from human_review.webhooks import registry
from stream_app.contracts.decision import EnforcementAction, Reason, StatementOfReasons
from stream_app.contracts.review import Appeal, Context, ReviewTask
from stream_app.testing_kafka import free_ports

_LINES = (Path(__file__).parent / "payloads.tsv").read_text(encoding="utf-8").splitlines()[1:]
PAYLOADS: list[tuple[str, str]] = [(kind, json.loads(text)) for kind, text in (line.split("\t") for line in _LINES)]
TEXTS = [text for _, text in PAYLOADS]
ONE_OF_A_KIND = [next(found)[1] for _, found in groupby(sorted(PAYLOADS), key=lambda one: one[0])]
SOME = [*ONE_OF_A_KIND, *TEXTS[::6]]
DAYS = timedelta(days=30)  # more urgent than everything else
CALM = "nothing to see here"
# One card after the other, and no second answers or golden tasks in between.
CONFIG = """
version: "1"
labels: {toxicity: {title: toxic language, harm: 0.3, key: "1"}}
quality: {second_share: 0, golden: {share: 0, new_share: 0}}
comfort: {veil: false, greyscale: false}
undo_seconds: 0
"""
NOTE_CHARS = 3900  # of at most 4,000

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


def check_calm(page: Page, where: str) -> None:
    """Nothing ran, nothing strange was built, and nothing beside the texts was moved."""
    found = page.evaluate(LOOK)
    assert (found["hit"], found["strange"], found["backwards"], found["wide"]) == (None, [], [], False), where


def send_form(page: Page, form: str, values: dict[str, str]) -> None:
    """Fill a form and send it as it is, with what a browser would have asked for left out."""
    fill = """([name, values]) => {
      const form = document.querySelector(name);
      for (const [field, value] of Object.entries(values)) form.elements[field].value = value;
      form.submit();
    }"""
    with page.expect_navigation():
        page.evaluate(fill, [form, values])


def notes(texts: list[str]) -> list[str]:
    """Texts in notes that are as long as one may be, as a browser keeps them; longer ones are cut."""
    found = [""]
    for text in texts:
        one = text[:NOTE_CHARS].encode("utf-8", "replace").decode().replace("\0", "")
        one = one.replace("\r\n", "\n").replace("\r", "\n")
        # A line end counts for two characters in a form.
        if len(found[-1]) + len(one) + (found[-1] + one).count("\n") + 2 > NOTE_CHARS:
            found.append("")
        found[-1] += f"{'.' if not found[-1] else chr(10)}{one}"
    return [note[:NOTE_CHARS] for note in found]


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


def appeal_of(service: Service, number: int, texts: list[str], statement: str) -> Appeal:
    """An appeal against a removal, all in the words of attackers; it is open."""
    task = hostile_task(number, tuple(texts))
    now = datetime.now(UTC)
    removed = msgspec.structs.replace(task.decision, verdict="remove", decided_at=now)
    appeal = Appeal(
        appeal_id=f"appeal-{number}", decision_id=removed.decision_id, item=task.item, origin=task.origin,
        statement=statement[:5000], appealed_at=now,
    )  # fmt: skip
    with service.database.write() as connection:
        add_task(connection, service, task)
        statements.decided(connection, service, removed)
        assert appeals.submit(connection, service, appeal)
    return appeal


def test_hostile_appeals_and_replies_change_nothing(site: Site) -> None:
    visitor = visit(site.browser, site.service, site.url, "lead", name="appeals")
    appeal_of(site.service, 9500, ["<script>window.hit=1</script>", *ONE_OF_A_KIND], "\n".join(ONE_OF_A_KIND))
    page = visitor.open("/appeals")
    take_next(page)
    assert page.locator(".card .hostile.text").count() >= 3
    opened(page)
    check_calm(page, "/appeals")
    for reply in notes(ONE_OF_A_KIND):
        # To limit needs a label: what was written so far is kept.
        send_form(page, "#decision", {"outcome": "limit", "reply": reply})
        assert page.locator("[role=alert].bad").count() == 2
        assert page.locator("#reply").input_value() == reply
        check_calm(page, "a reply")
    send_form(page, "#decision", {"outcome": "allow", "reply": "\n".join(ONE_OF_A_KIND)[:NOTE_CHARS]})
    assert page.locator(".said").count() == 1
    check_calm(page, "an appeal that is decided")
    assert visitor.foreign == []
    visitor.context.close()


def check_notes(site: Site, first: int, texts: list[str]) -> None:
    """Write notes on a card and for a group of three, and have them refused, then one that is not."""
    visitor = visit(site.browser, site.service, site.url, "lead", name=f"notes {first}")
    alike = [make_review_task(first + number, text="alike", priority=1.0) for number in range(3)]
    put(site.service, *(
        msgspec.structs.replace(one, folded_text=f"the same note {first}", due_at=one.due_at - DAYS) for one in alike
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


def test_a_hostile_note_is_kept_as_it_was_written_and_changes_nothing(site: Site) -> None:
    check_notes(site, 9600, ONE_OF_A_KIND)


@pytest.mark.long
def test_each_payload_in_a_note_is_kept_as_it_was_written_and_changes_nothing(site: Site) -> None:
    check_notes(site, 9650, TEXTS)


def hostile_people(service: Service) -> list[str]:
    """Accounts with the names that may be had, of what attackers would choose; their ids."""
    made = []
    for text in SOME:
        try:
            made.append(accounts.create(service, None, name=text[:190], role="service").actor)
        except (Invalid, Conflict):  # or one that others have
            continue
    for actor in made[:5]:
        tokens.make(service, None, actor.user_id, "<script>window.hit=1</script>")
    return [actor.user_id for actor in made]


def hostile_webhooks(service: Service, admin: Actor) -> int:
    """Webhooks at the addresses that may be had; how many."""
    made = 0
    for text in SOME:
        try:
            registry.register(service, admin, f"https://hook.example/{text[:1500]}", ["appeal.decided"])
        except Invalid:
            continue
        made += 1
    return made


def golden_of(service: Service, lead: Actor) -> str:
    """A golden item in the words of attackers."""
    task = hostile_task(9700, tuple(ONE_OF_A_KIND))
    put(service, msgspec.structs.replace(task, due_at=task.due_at - 2 * DAYS))
    card = take(service, lead)
    assert card is not None
    assert card.task_id == task.task_id
    decide(service, lead, card.seat_id, card.token, Answer(verdict="remove", labels=("toxicity",)))
    return golden_items.add(service, lead, task.task_id).golden_id


def test_hostile_content_changes_nothing_on_the_pages_of_leads_auditors_and_admins(site: Site) -> None:
    service = site.service
    lead, auditor, admin = (
        visit(site.browser, service, site.url, role, name=f"all-{role}")
        for role in ("lead", "auditor", "admin")
    )  # fmt: skip
    golden_id = golden_of(service, lead.actor)
    put(service, *(hostile_task(9800 + number, (text,)) for number, text in enumerate(ONE_OF_A_KIND)))
    decide_all(service, lead.actor)
    refresh(service)
    people = hostile_people(service)
    assert len(people) > 20
    assert hostile_webhooks(service, admin.actor) > 10
    with service.database.write() as connection:
        for text in SOME:
            one = text.encode("utf-8", "replace").decode().replace("\0", "")[:2000]
            log.append(connection, None, "decide", one, verdict=one)
    paths = (
        (lead, "/quality"), (lead, "/quality/golden"), (lead, f"/quality/golden/{golden_id}"), (lead, "/quality/me"),
        (lead, f"/quality/person?pseudonym={lead.actor.pseudonym}"), (lead, "/exports"), (lead, "/me"),
        (lead, "/history"), (lead, "/history?own=false"), (auditor, "/audit"), (auditor, "/quality"),
        (admin, "/people"), *((admin, f"/people/{user_id}") for user_id in people[:3]), (admin, "/webhooks"),
    )  # fmt: skip
    seen = dict.fromkeys(path for _, path in paths)
    for visitor, path in paths:
        page = visitor.open(path)
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")
        check_calm(page, path)
        seen[path] = page.locator(".hostile, tbody bdi, tbody tr").count()
    assert all(seen[path] for path in ("/quality", "/quality/golden", "/history", "/audit", "/people", "/webhooks"))
    while earlier := page_before(auditor):
        check_calm(auditor.open(earlier), earlier)
    for visitor in (lead, auditor, admin):
        assert visitor.foreign == []
        visitor.context.close()


def page_before(auditor: Visitor) -> str | None:
    """The address of the earlier entries; None on the first page of the log."""
    link = auditor.page.locator("a[href^='/audit?'][href*='before=']")
    return link.get_attribute("href") if link.count() else None


def platform(site: Site, name: str, accept: str) -> Visitor:
    """A browser with the token of a service account: what the platform is told, read as a document."""
    made = accounts.create(site.service, None, name=name, role="service").actor
    token = tokens.make(site.service, None, made.user_id, "test")
    context = site.browser.new_context(extra_http_headers={"authorization": f"Bearer {token}"})
    visitor = Visitor(made, context, context.new_page(), site.url)
    watch(visitor)
    # A browser asks for pages with an Accept of its own, whatever else it is told.
    context.route(
        f"{site.url}/api/**", lambda asked: asked.continue_(headers=asked.request.headers | {"accept": accept})
    )
    return visitor


def told_of(service: Service, number: int, text: str) -> str:
    """The id of a decision whose statement of reasons is in the words of attackers."""
    task = make_review_task(number, label=None)
    now = datetime.now(UTC)
    origin = msgspec.structs.replace(task.origin, timestamp=now.timestamp() - 60)
    decision = msgspec.structs.replace(task.decision, verdict="remove", decided_at=now, origin=origin)
    said = StatementOfReasons(
        restriction=text, ground=text, facts=text, automated_detection=True, automated_decision=True, redress=text
    )
    action = EnforcementAction(
        action_id=f"action-{number}", decision_id=decision.decision_id, item_id=decision.item_id, kind="remove",
        reason=text, statement=said,
    )  # fmt: skip
    with service.database.write() as connection:
        assert statements.note(connection, service, action, decision)
    return decision.decision_id


def test_hostile_notices_and_replies_are_data_in_a_browser(site: Site) -> None:
    texts = ["<!doctype html><script>window.hit=1</script><img src=https://evil.example/x>", *ONE_OF_A_KIND]
    told = [(told_of(site.service, 20_000 + number, text), text) for number, text in enumerate(texts)]
    for accept, kind in (("application/json", "application/json"), ("text/plain", "text/plain; charset=utf-8")):
        visitor = platform(site, f"platform {kind[:4]}", accept)
        for decision_id, text in told:
            answer = visitor.page.goto(f"{site.url}/api/v1/notices/{decision_id}")
            assert answer is not None
            check_data(answer.status, answer.headers, kind)
            assert visitor.page.evaluate("[window.hit ?? null, document.scripts.length, document.images.length]") == [
                None, 0, 0,
            ]  # fmt: skip
            sent = answer.body().decode()
            assert text in (json.loads(sent)["facts"] if accept == "application/json" else sent)
        assert visitor.foreign == []
        visitor.context.close()


def check_data(status: int, headers: dict[str, str], kind: str) -> None:
    assert (status, headers["content-type"], headers["x-content-type-options"]) == (200, kind, "nosniff")
    assert headers["content-security-policy"].startswith("default-src 'none'")


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


def overturn(reviewer: httpx.Client, reply: str) -> None:
    card = reviewer.post("/api/v1/tasks/next", json={"queue": "appeals"})
    assert card.status_code == 200, card.text
    given = {"token": card.json()["token"], "outcome": "overturned", "reply": reply, "verdict": "allow"}
    answer = reviewer.post(f"/api/v1/seats/{card.json()['seat_id']}/appeal-decision", json=given)
    assert answer.status_code == 200, answer.text


def test_a_hostile_reply_and_export_are_data_and_nothing_else(new_service: Callable[..., Service]) -> None:
    exported = "dsa: {restrictions: {remove: DECISION_VISIBILITY_CONTENT_REMOVED}}"
    service = new_service(config=f"{CONFIG}{exported}")
    reviewer, platform, auditor = (signed_in(service, role) for role in ("reviewer", "service", "auditor"))
    for number, text in enumerate(notes(ONE_OF_A_KIND)):
        reply = text.strip()
        appeal = appeal_of(service, number, ["<script>"], text)
        overturn(reviewer, reply)
        answer = platform.get(f"/api/v1/appeals/{appeal.appeal_id}")
        check_data(answer.status_code, dict(answer.headers), "application/json")
        assert (answer.json()["state"], answer.json()["reply"]) == ("overturned", reply)
    for number, text in enumerate(ONE_OF_A_KIND):
        told_of(service, 100 + number, text)
    span = {"from": (datetime.now(UTC) - DAYS).isoformat(), "to": (datetime.now(UTC) + DAYS).isoformat()}
    answer = auditor.get("/api/v1/exports/dsa", params=span)
    check_data(answer.status_code, dict(answer.headers), "application/x-ndjson")
    assert re.fullmatch(r'attachment; filename="dsa-[\d-]+\.jsonl"', answer.headers["content-disposition"])
    *calls, told = [json.loads(line) for line in answer.content.split(b"\n") if line]
    facts = [one["decision_facts"] for call in calls for one in call["statements"]]
    assert len(facts) + len(told["refused"]) == len(ONE_OF_A_KIND)
    assert facts
    assert set(facts) <= set(ONE_OF_A_KIND)
