"""What attackers write, in a real Chromium: nothing runs, nothing is asked for elsewhere, nothing around it moves."""

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count, groupby
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
from human_review.quality import golden_items, summary
from human_review.quality.refresh import refresh
from human_review.service import Service
from human_review.testing import make_review_task, make_service
from human_review.testing_browser import Visitor, chromium, serving, visit, watch
from human_review.testing_quality import answer_directly, close_directly, make_actor, open_tasks
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
NUMBERS = count(1000)  # of tasks
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
NOTES_SHOWN = 10  # on the card of the next task of the item


def chunks(texts: Sequence[str], size: int) -> list[tuple[str, ...]]:
    return [tuple(texts[at : at + size]) for at in range(0, len(texts), size)]


def short_and_long(name: str, short: Any, long: Any) -> pytest.MarkDecorator:
    """A few texts with every run, all of them in the long one."""
    return pytest.mark.parametrize(
        name, [pytest.param(short, id="some"), pytest.param(long, id="all", marks=pytest.mark.long)]
    )


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


def hostile_task(texts: tuple[str, ...], *, together: str = "") -> ReviewTask:
    """Every field that comes from outside holds what attackers write; ``together`` is a campaign of several.

    Tasks are the more urgent the earlier they were made.
    """
    number, first, text = next(NUMBERS), texts[0], "\n".join(texts)
    due = timedelta(hours=1, seconds=number)
    task = make_review_task(number, text=text, label=first, item_id=f"{number} {first}"[:200], due=due)
    reasons = tuple(Reason(kind="match", detail=one, label=one, spans=((0, 3), (2, 9), (5, 10**9))) for one in texts)
    decision = msgspec.structs.replace(
        task.decision, reasons=reasons, scores=dict.fromkeys(texts, 0.5) | {"toxicity": 0.6}, level=first,
        thresholds={"toxicity": (0.2, 0.9)}, artifacts={first: first}, language=first[:30], variant_of=first,
        campaign_id=together or f"{number} {first}", policy_version=first,
    )  # fmt: skip
    item = msgspec.structs.replace(
        task.item, author_id=" ".join(texts), surface=first, region=first, language=first, parent_id=first,
        thread_id=" ".join(texts), tier=first, metadata={one: one for one in texts},
    )  # fmt: skip
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


def remainder(text: str) -> str:
    """The longest word near the beginning of a text: no sign, highlight or defanged link on a page cuts it in two.

    Letters that cannot be seen (the fillers of Korean) are drawn as signs, and are in no word.
    """
    words = re.findall(r"[^\W_\u115f\u1160\u3164\uffa0]+", text[:30])
    words = [word for word in words if not word.casefold().startswith("http")]
    return max(words, key=len, default="")


def written_on(page: Page) -> str:
    written: str = page.evaluate("document.body.textContent")
    return written


def check_shown(written: str, texts: Sequence[str]) -> None:
    """What is left of each text when it is drawn safely is there; most texts have a word that nothing else has."""
    assert [text for text in texts if remainder(text) not in written] == []


def read_all(visitor: Visitor, path: str) -> str:
    """Every page of a list, from the latest entries back, each of them calm; all that is written there."""
    written = ""
    while path:
        page = visitor.open(path)
        check_calm(page, path)
        written += written_on(page)
        link = page.locator("p > a[href*='before=']")
        path = (link.get_attribute("href") or "") if link.count() else ""
    return written


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


def decide_next(service: Service, actor: Actor, item_id: str, answer: Answer) -> None:
    """Decide the most urgent task, which must be of that item."""
    card = take(service, actor)
    assert card is not None
    assert card.item_id == item_id
    decide(service, actor, card.seat_id, card.token, answer)


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
    check_cards(visitor, site.service, chunks(TEXTS, 73))
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


@short_and_long("texts", ONE_OF_A_KIND, TEXTS)
def test_hostile_content_changes_nothing_in_the_history(site: Site, texts: list[str]) -> None:
    visitor = visit(site.browser, site.service, site.url, "lead", name=f"past {len(texts)}")
    put(site.service, *(hostile_task((text,)) for text in texts))
    decide_all(site.service, visitor.actor)
    for path in ("/history", "/history?own=false"):
        check_shown(read_all(visitor, path), texts)
    assert visitor.foreign == []
    visitor.context.close()


def appeal_of(service: Service, texts: tuple[str, ...], statement: str) -> Appeal:
    """An appeal against a removal, all in the words of attackers; it is open."""
    made, now = hostile_task(texts), datetime.now(UTC)
    item_id = "".join(filter(str.isprintable, made.item.item_id))  # others are refused
    task = msgspec.structs.replace(
        made, item=msgspec.structs.replace(made.item, item_id=item_id),
        decision=msgspec.structs.replace(made.decision, item_id=item_id),
    )  # fmt: skip
    removed = msgspec.structs.replace(task.decision, verdict="remove", decided_at=now)
    appeal = Appeal(
        appeal_id=f"appeal-{next(NUMBERS)}", decision_id=removed.decision_id, item=task.item, origin=task.origin,
        statement=statement[:5000], appealed_at=now,
    )  # fmt: skip
    with service.database.write() as connection:
        add_task(connection, service, task)
        statements.decided(connection, service, removed)
        assert appeals.submit(connection, service, appeal)
    return appeal


@short_and_long("texts", ONE_OF_A_KIND, TEXTS)
def test_hostile_appeals_and_replies_change_nothing(site: Site, texts: list[str]) -> None:
    visitor = visit(site.browser, site.service, site.url, "lead", name=f"appeals {len(texts)}")
    said = notes(texts)
    for number, statement in enumerate(said):
        own = tuple(texts[number :: len(said)])
        appeal_of(site.service, own, statement)
        page = visitor.open("/appeals")
        take_next(page)
        assert page.locator(".card .hostile.text").count() >= 3
        opened(page)
        check_calm(page, "/appeals")
        check_shown(written_on(page), own)
        # To limit needs a label: what was written so far is kept.
        send_form(page, "#decision", {"outcome": "limit", "reply": statement})
        assert page.locator("[role=alert].bad").count() == 2
        assert page.locator("#reply").input_value() == statement
        check_calm(page, "a reply")
        send_form(page, "#decision", {"outcome": "allow", "reply": statement})
        assert page.locator(".said").count() == 1
        check_calm(page, "an appeal that is decided")
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


def hostile_people(service: Service, texts: list[str]) -> list[tuple[str, str]]:
    """Accounts with the names that may be had, of what attackers would choose, each with a token of that name."""
    made = []
    for text in texts:
        try:
            actor = accounts.create(service, None, name=text[:190], role="service").actor
            tokens.make(service, None, actor.user_id, text[:190])
        except (Invalid, Conflict):  # or one that others have
            continue
        made.append((actor.user_id, text[:190]))
    return made


def hostile_webhooks(service: Service, admin: Actor, texts: list[str]) -> list[str]:
    """The words in the addresses of webhooks, of those that may be had."""
    made = []
    for text in texts:
        with suppress(Invalid):
            registry.register(service, admin, f"https://hook.example/{text[:1500]}", ["appeal.decided"])
            made.append(text)
    return made


def golden_of(service: Service, lead: Actor, texts: tuple[str, ...]) -> str:
    """A golden item in the words of attackers."""
    task = hostile_task(texts)
    put(service, msgspec.structs.replace(task, due_at=task.due_at - 2 * DAYS))
    decide_next(service, lead, task.item.item_id, Answer(verdict="remove", labels=("toxicity",)))
    return golden_items.add(service, lead, task.task_id).golden_id


def hostile_log(service: Service, texts: list[str]) -> None:
    """An entry in the audit log about each text."""
    with service.database.write() as connection:
        for text in texts:
            one = text.encode("utf-8", "replace").decode().replace("\0", "")[:256]
            log.append(connection, None, "decide", one, verdict=one)


def hostile_quality(service: Service, texts: list[str]) -> list[str]:
    """Figures in languages and for labels with the names that attackers choose; these names."""
    names = list(dict.fromkeys(text.encode("utf-8", "replace").decode().replace("\0", "")[:35] for text in texts))
    with service.database.write() as connection:
        found = summary.summarize(connection, service.config.labels)
        rows = [msgspec.structs.replace(found.rows[0], language=name, label=name) for name in names]
        summary.keep(connection, msgspec.structs.replace(found, rows=(*found.rows, *rows)))
    return names


@short_and_long("texts", SOME, TEXTS)
def test_hostile_languages_and_labels_change_nothing_on_the_quality_page(site: Site, texts: list[str]) -> None:
    lead = visit(site.browser, site.service, site.url, "lead", name=f"quality {len(texts)}")
    names = hostile_quality(site.service, texts)
    for name in ("", *(names[:3] if texts is SOME else names)):
        page = lead.open(f"/quality?language={quote(name)}")
        check_calm(page, name)
        check_shown(page.locator("nav.tabs").inner_text(), names)
        check_shown(page.locator("tbody").nth(0).inner_text(), [name])
    assert lead.foreign == []
    lead.context.close()


@short_and_long("cards", chunks(ONE_OF_A_KIND, 6), chunks(TEXTS, 3))
def test_hostile_content_changes_nothing_in_golden_items(site: Site, cards: list[tuple[str, ...]]) -> None:
    lead = visit(site.browser, site.service, site.url, "lead", name=f"golden {len(cards)}")
    for at in range(0, len(cards), 90):  # of the 100 in the list
        some = cards[at : at + 90]
        made = [golden_of(site.service, lead.actor, texts) for texts in some]
        page = lead.open("/quality/golden")
        check_calm(page, "golden items")
        check_shown(written_on(page), [texts[0] for texts in some])  # item, language and label
        for golden_id, texts in zip(made, some, strict=True):
            page = lead.open(f"/quality/golden/{golden_id}")
            check_calm(page, texts[0])
            check_shown(written_on(page), texts)
    assert lead.foreign == []
    lead.context.close()


@short_and_long("texts", SOME, TEXTS)
def test_hostile_entries_change_nothing_in_the_audit_log(site: Site, texts: list[str]) -> None:
    auditor = visit(site.browser, site.service, site.url, "auditor", name=f"log {len(texts)}")
    hostile_log(site.service, texts)
    check_shown(read_all(auditor, "/audit"), texts)
    for text in texts[:3] if texts is SOME else texts:
        asked = [quote(text[:most].encode("utf-8", "replace")) for most in (64, 200)]
        path = "/audit?actor={}&subject={}".format(*asked)
        check_calm(auditor.open(path), path)
    assert auditor.foreign == []
    auditor.context.close()


@short_and_long("texts", SOME, TEXTS)
def test_hostile_names_and_addresses_change_nothing_on_the_pages_of_admins(site: Site, texts: list[str]) -> None:
    admin = visit(site.browser, site.service, site.url, "admin", name=f"admin {len(texts)}")
    people = hostile_people(site.service, texts)
    assert len(people) > 20
    for user_id, name in people[:3] if texts is SOME else people:
        for path in (f"/people?q={quote(name)}", f"/people/{user_id}"):
            page = admin.open(path)
            check_calm(page, path)
            assert name in page.locator("table bdi").all_inner_texts()
    addresses = hostile_webhooks(site.service, admin.actor, texts)
    assert len(addresses) > 10
    page = admin.open("/webhooks")
    check_calm(page, "/webhooks")
    check_shown(written_on(page), addresses)
    check_calm(admin.open("/people"), "/people")
    assert admin.foreign == []
    admin.context.close()


def test_the_other_pages_of_leads_are_calm_beside_hostile_content(site: Site) -> None:
    lead = visit(site.browser, site.service, site.url, "lead", name="all-lead")
    put(site.service, *(hostile_task((text,)) for text in ONE_OF_A_KIND))
    decide_all(site.service, lead.actor)
    refresh(site.service)
    for path in ("/quality/me", f"/quality/person?pseudonym={lead.actor.pseudonym}", "/exports", "/me"):
        check_calm(lead.open(path), path)
    assert lead.foreign == []
    lead.context.close()


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


def told_of(service: Service, text: str) -> str:
    """The id of a decision whose statement of reasons is in the words of attackers."""
    number = next(NUMBERS)
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


@short_and_long("texts", ONE_OF_A_KIND, TEXTS)
def test_hostile_notices_and_replies_are_data_in_a_browser(site: Site, texts: list[str]) -> None:
    texts = ["<!doctype html><script>window.hit=1</script><img src=https://evil.example/x>", *texts]
    told = [(told_of(site.service, text), text) for text in texts]
    for accept, kind in (("application/json", "application/json"), ("text/plain", "text/plain; charset=utf-8")):
        visitor = platform(site, f"platform {kind[:4]} {len(texts)}", accept)
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
    auditor = signed_in(service, "auditor")
    formulas = [text for kind, text in PAYLOADS if kind == "formula"]
    hostile_log(service, TEXTS)
    hostile_quality(service, TEXTS)
    for path, column in (("/audit.csv", "subject"), ("/api/v1/quality.csv", "language")):
        answer = auditor.get(path)
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/csv")
        assert answer.headers["content-disposition"].startswith("attachment")
        rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
        assert [cell for row in rows for cell in row.values() if begins_a_formula(cell)] == []
        found = {row[column] for row in rows}
        assert {f"'{text}"[:36] for text in formulas if text[0] in "=+-@"} <= {cell[:36] for cell in found}
        check_shown("\n".join(found), TEXTS)


def begins_a_formula(cell: str) -> bool:
    return (cell.lstrip()[:1] in {"=", "+", "-", "@"} or cell[:1] in {"\t", "\r", "\n"}) and not is_number(cell)


def test_a_language_with_a_hostile_name_is_no_formula_in_the_figures_of_quality(service: Service) -> None:
    """Thirty decided tasks are what makes a language one of those that have figures of their own."""
    ann = make_actor(service, "ann")
    made = [make_review_task(number, text=f"text {number}", language="=1+cmd|'x'!A1") for number in range(30)]
    open_tasks(service, *made)
    with service.database.write() as connection:
        for task in made:
            answer_directly(connection, task.task_id, ann.user_id, "remove", ("toxicity",))
            close_directly(connection, task.task_id, "remove")
    refresh(service)
    answer = signed_in(service, "auditor").get("/api/v1/quality.csv")
    assert {row["language"] for row in csv.DictReader(io.StringIO(answer.text))} == {"*", "'=1+cmd|'x'!A1"}


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
    put(service, hostile_task(texts))
    reviewer = signed_in(service, "lead")
    answer = reviewer.post("/api/v1/tasks/next", json={})
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert tuple(answer.json()["thread"]) == tuple(text.encode("utf-8", "replace").decode() for text in texts)


def test_the_api_gives_lists_of_hostile_content_as_json_and_as_nothing_else(service: Service) -> None:
    lead, admin = signed_in(service, "lead"), signed_in(service, "admin")
    script = ["<script>window.hit=1</script>"]
    hostile_log(service, script)
    hostile_quality(service, script)
    assert hostile_people(service, script)
    assert hostile_webhooks(service, admin.actor, script)
    golden_of(service, lead.actor, tuple(script))
    lists = (
        (admin, "audit"),
        (admin, "quality"),
        (admin, "people"),
        (admin, "webhooks"),
        (lead, "history"),
        (lead, "golden"),
    )
    for reader, name in lists:
        answer = reader.get(f"/api/v1/{name}")
        check_data(answer.status_code, dict(answer.headers), "application/json")
        assert script[0] in json.dumps(answer.json()), name


def overturn(reviewer: httpx.Client, reply: str) -> None:
    card = reviewer.post("/api/v1/tasks/next", json={"queue": "appeals"})
    assert card.status_code == 200, card.text
    given = {"token": card.json()["token"], "outcome": "overturned", "reply": reply, "verdict": "allow"}
    answer = reviewer.post(f"/api/v1/seats/{card.json()['seat_id']}/appeal-decision", json=given)
    assert answer.status_code == 200, answer.text


@short_and_long("texts", ONE_OF_A_KIND, TEXTS)
def test_a_hostile_reply_and_export_are_data_and_nothing_else(
    new_service: Callable[..., Service], texts: list[str]
) -> None:
    exported = "dsa: {restrictions: {remove: DECISION_VISIBILITY_CONTENT_REMOVED}}"
    service = new_service(config=f"{CONFIG}{exported}")
    reviewer, platform, auditor = (signed_in(service, role) for role in ("reviewer", "service", "auditor"))
    for text in notes(texts):
        reply = text.strip()
        appeal = appeal_of(service, ("<script>",), text)
        overturn(reviewer, reply)
        answer = platform.get(f"/api/v1/appeals/{appeal.appeal_id}")
        check_data(answer.status_code, dict(answer.headers), "application/json")
        assert (answer.json()["state"], answer.json()["reply"]) == ("overturned", reply)
    for text in texts:
        told_of(service, text)
    span = {"from": (datetime.now(UTC) - DAYS).isoformat(), "to": (datetime.now(UTC) + DAYS).isoformat()}
    answer = auditor.get("/api/v1/exports/dsa", params=span)
    check_data(answer.status_code, dict(answer.headers), "application/x-ndjson")
    assert re.fullmatch(r'attachment; filename="dsa-[\d-]+\.jsonl"', answer.headers["content-disposition"])
    *calls, told = [json.loads(line) for line in answer.content.split(b"\n") if line]
    facts = [one["decision_facts"] for call in calls for one in call["statements"]]
    assert len(facts) + len(told["refused"]) == len(texts)
    assert facts
    assert set(facts) <= set(texts)
