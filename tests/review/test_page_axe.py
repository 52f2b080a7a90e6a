"""Every page by the rules of axe-core: in light and dark, and at a phone's width.

In English and Arabic with every run, in the other languages of the interface some of them; all in the long one.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser
from sqlalchemy import insert, select, update

from human_review.appeals import appeals
from human_review.database.engine import now_ms
from human_review.database.tables import golden, reliability, users
from human_review.desk.decide import Answer, decide
from human_review.desk.intake import add_task
from human_review.desk.take import take
from human_review.people import accounts, tokens
from human_review.permissions import Actor, Role
from human_review.quality.refresh import refresh
from human_review.service import Service
from human_review.testing import make_review_task, make_service
from human_review.testing_browser import Visitor, chromium, serving, visit
from human_review.testing_quality import answer_directly, close_directly, make_actor, make_golden, open_tasks
from human_review.testing_web import signed_in
from human_review.web.app import all_routes, routers
from human_review.web.i18n import LOCALES
from stream_app.contracts.decision import Reason
from stream_app.contracts.review import Appeal, Context
from stream_app.testing_kafka import free_ports

CONFIG = """
version: "1"
labels:
  toxicity: {title: toxic language, harm: 0.7, key: "1"}
  spam: {title: spam, harm: 0.1, key: "6"}
quality: {second_share: 0, golden: {share: 0, new_share: 0}}
skip_reasons: [language, context]
"""
PAGES: tuple[tuple[Role, str], ...] = (
    ("lead", "/work"), ("lead", "/appeals"), ("lead", "/history"), ("lead", "/history?own=false"),
    ("lead", "/quality"), ("lead", "/quality/golden?state=active"), ("lead", "/quality/golden/{golden_id}"),
    ("lead", "/quality/me"), ("lead", "/quality/person?pseudonym=p-ann"), ("lead", "/exports"), ("lead", "/me"),
    ("lead", "/not-there"), ("auditor", "/audit"), ("admin", "/people"), ("admin", "/people/{user_id}"),
    ("admin", "/webhooks"),
)  # fmt: skip
# Nothing is at the issuer's address: signing in through it fails, and says so on a page.
SIGN_IN = (
    "/sign-in",
    "/sign-in/link",
    "/sign-in/link#used-before",
    "/sign-in/oidc",
    "/sign-in/oidc/back?state=a&code=b",
)
WITH_A_CARD = "/work/seats/{seat_id}/group"
NO_PAGES = ("/", "/audit.csv", "/exports/dsa", "/healthz", "/metrics", "/readyz")
OTHERS = [locale for locale in LOCALES if locale not in ("en", "ar")]
ALL_LOCALES = ["en", "ar", *(pytest.param(locale, marks=pytest.mark.long) for locale in OTHERS)]
AXE = Axe()


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    port, nobody = free_ports(2)
    made = make_service(
        tmp_path_factory.mktemp("axe"), config=CONFIG, review_bind=f"127.0.0.1:{port}",
        review_oidc_issuer=f"http://127.0.0.1:{nobody}", review_oidc_client_id="weir",
    )  # fmt: skip
    fill(made)
    fill_quality(made)
    appeal_often(made)
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


def fill(service: Service) -> None:
    with service.database.write() as connection:
        for number in range(1, 40):
            task = make_review_task(
                number, text="You are a donkey. Really\u202e! https://evil.example/x", due=timedelta(hours=number - 2)
            )
            decision = msgspec.structs.replace(
                task.decision, scores={"toxicity": 0.6, "spam": 0.2}, thresholds={"toxicity": (0.25, 0.9)},
                reasons=(Reason(kind="match", detail="known", label="toxicity", spans=((8, 16),)),),
            )  # fmt: skip
            context = Context(parent_text="parent", thread=("one", "two"), author_history=("three",))
            item = msgspec.structs.replace(task.item, author_id="author", region="EU")
            task = msgspec.structs.replace(task, decision=decision, context=context, item=item)
            assert add_task(connection, service, task)


def fill_quality(service: Service) -> None:
    """Enough answers in two languages for every table of quality, a golden item, and somebody to talk with."""
    ann = make_actor(service, "ann")
    for language, first, count in (("en", 100, 60), ("de", 200, 40)):
        made = [make_review_task(first + number, text=f"text {number}", language=language) for number in range(count)]
        open_tasks(service, *made)
        with service.database.write() as connection:
            for task in made:
                answer_directly(connection, task.task_id, ann.user_id, "remove", ("toxicity",))
                close_directly(connection, task.task_id, "remove")
    make_golden(service, 300, 1)
    refresh(service)
    note_reliability(service, ann)


def note_reliability(service: Service, actor: Actor) -> None:
    with service.database.write() as connection:
        connection.execute(insert(reliability).values(
            user_id=actor.user_id, label="spam", answers=47, sensitivity=0.873, specificity=0.914, weight=0.787,
            low=0.81, high=0.93, alarm=True, computed_ms=now_ms(connection),
        ))  # fmt: skip


def appeal_often(service: Service) -> None:
    """One appeal for each language."""
    now = datetime.now(UTC)
    with service.database.write() as connection:
        for number in range(400, 400 + len(LOCALES)):
            task = make_review_task(number)
            removed = msgspec.structs.replace(task.decision, verdict="remove", decided_at=now)
            appeals.submit(connection, service, Appeal(
                appeal_id=f"appeal-{number}", decision_id=removed.decision_id, item=task.item, origin=task.origin,
                statement="It was a quotation. Really!", appealed_at=now, decision=removed,
            ))  # fmt: skip


def check(visitor: Visitor, where: str) -> None:
    """No violation in light, no color too weak in dark, and nothing beside the page on a phone."""
    page = visitor.page
    options: dict[str, object] = {"resultTypes": ["violations"]}
    for scheme, rules in (("light", None), ("dark", ["color-contrast", "link-in-text-block"])):
        page.emulate_media(color_scheme=scheme)
        more = {"runOnly": {"type": "rule", "values": rules}} if rules else {}
        found = AXE.run(page, options=options | more)
        assert found.violations_count == 0, f"{where}, {scheme}: {found.generate_report()}"
    page.set_viewport_size({"width": 360, "height": 740})
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), where
    page.set_viewport_size({"width": 1280, "height": 800})


def test_every_page_is_among_those_that_are_checked(service: Service) -> None:
    declared = [route.path for route in all_routes(routers()) if "GET" in route.methods]
    addresses = {path for path in declared if not path.startswith("/api/")}
    checked = {path.partition("?")[0].partition("#")[0] for path in (*SIGN_IN, *(path for _, path in PAGES))}
    assert addresses - {*NO_PAGES, WITH_A_CARD} == checked - {"/not-there"}
    admin, span = signed_in(service, "admin"), {"from": "2026-01-30", "to": "2026-01-31"}
    for path in NO_PAGES:
        answer = admin.get(path, params=span)
        assert answer.status_code == 303 or "html" not in answer.headers["content-type"], path


@pytest.mark.parametrize("locale", OTHERS)
def test_some_pages_in_the_other_languages_break_no_rule_of_axe(
    service: Service, url: str, browser: Browser, locale: str
) -> None:
    lead = visit(browser, service, url, "lead", name=f"some-{locale}", locale=locale)
    for path in ("/work", "/quality"):
        assert lead.open(path).locator("html").get_attribute("lang") == locale
        check(lead, f"{path} {locale}")
    lead.context.close()


@pytest.mark.parametrize("locale", ALL_LOCALES)
def test_no_page_breaks_a_rule_of_axe(service: Service, url: str, browser: Browser, locale: str) -> None:
    visitors = {
        role: visit(browser, service, url, role, name=f"{role}-{locale}", locale=locale)
        for role in ("lead", "auditor", "admin")
    }
    lead = visitors["lead"]
    card = take(service, lead.actor)
    assert card is not None
    decide(service, lead.actor, card.seat_id, card.token, Answer(verdict="limit", labels=("spam",)))
    note_reliability(service, lead.actor)
    with service.database.read() as connection:
        golden_id = connection.execute(select(golden.c.golden_id)).scalars().first()
    platform = accounts.create(service, None, name=f"platform {locale}", role="service").actor
    tokens.make(service, None, platform.user_id, "production")
    for role, path in PAGES:
        visitors[role].open(path.format(golden_id=golden_id, user_id=lead.actor.user_id))
        check(visitors[role], f"{role} {path} {locale}")
    assert lead.open("/history").locator("form[action$='/undo']").count() == 1
    check_secrets(visitors["admin"], platform.user_id, locale)
    check_own_password(service, lead, locale)
    check_card(lead, locale)
    visitors["reviewer"] = visit(browser, service, url, "reviewer", name=f"reviewer-{locale}", locale=locale)
    check_appeal(visitors["reviewer"], locale)
    for visitor in visitors.values():
        assert visitor.foreign == []
        visitor.context.close()


def check_secrets(admin: Visitor, platform_id: str, locale: str) -> None:
    """What is shown once: a password, a token, the secret of a webhook."""
    for path, field, value, action, secret in (
        ("/people", "#name", f"new {locale}", "/people", "#one-time-password"),
        (f"/people/{platform_id}", "#token-name", "test", f"/people/{platform_id}/tokens", "#new-token"),
        ("/webhooks", "#url", f"https://hook.example/{locale}", "/webhooks", ".notice.good bdi.id"),
    ):
        page = admin.open(path)
        page.locator(field).fill(value)
        if path == "/webhooks":
            page.locator("[name=events]").first.check()
        page.locator(f"form[method=post][action='{action}'] button[type=submit]").click()
        page.wait_for_selector(secret)
        check(admin, f"{path} with a secret {locale}")


def check_own_password(service: Service, visitor: Visitor, locale: str) -> None:
    """The page of somebody whose password was chosen by somebody else."""
    mine = update(users).where(users.c.user_id == visitor.actor.user_id)
    with service.database.write() as connection:
        connection.execute(mine.values(must_change_password=True))
    visitor.open("/work")
    assert visitor.page.url == f"{visitor.url}/me"
    assert visitor.page.locator("p.problem[role=alert]").count() == 1
    check(visitor, f"/me with a password to change {locale}")
    with service.database.write() as connection:
        connection.execute(mine.values(must_change_password=False))


def check_card(lead: Visitor, locale: str) -> None:
    """The card: veiled, open, with its keys, its group, and what was decided before."""
    page = lead.open("/work")
    page.keyboard.press("Enter")
    page.wait_for_selector(".card")
    check(lead, f"veiled card {locale}")
    for key in ("Space", "f", "c", "s"):
        page.keyboard.press(key)
    check(lead, f"open card {locale}")
    page.keyboard.press("?")
    check(lead, f"keys {locale}")
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    page.wait_for_selector(".group-list")
    check(lead, f"group {locale}")
    lead.open("/work")
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    page.wait_for_selector(".said")
    check(lead, f"decided {locale}")


def check_appeal(reviewer: Visitor, locale: str) -> None:
    """An appeal in hand: veiled, open, with a reply that was refused, and decided."""
    page = reviewer.open("/appeals")
    page.keyboard.press("Enter")
    page.wait_for_selector(".card")
    check(reviewer, f"veiled appeal {locale}")
    for key in ("Space", "f", "c", "s"):
        page.keyboard.press(key)
    check(reviewer, f"open appeal {locale}")
    page.locator("label:has([name=outcome][value=limit])").click()
    page.locator("#reply").fill("Only less visible.")
    page.locator("#decision button[type=submit]").click()
    page.wait_for_selector("p[role=alert].bad")
    check(reviewer, f"refused reply {locale}")
    page.locator("label:has([name=outcome][value=allow])").click()
    page.locator("#decision button[type=submit]").click()
    page.wait_for_selector(".said")
    check(reviewer, f"decided appeal {locale}")


@pytest.mark.parametrize("locale", ALL_LOCALES)
def test_the_sign_in_pages_break_no_rule_of_axe(service: Service, url: str, browser: Browser, locale: str) -> None:
    visitor = visit(browser, service, url, name=f"nobody-{locale}", locale=locale)
    visitor.context.clear_cookies()
    visitor.context.set_extra_http_headers({"accept-language": locale})
    for path in SIGN_IN:
        assert visitor.open(path).locator("html").get_attribute("lang") == locale
        check(visitor, f"{path} {locale}")
    visitor.context.close()


def test_text_can_be_twice_as_large(service: Service, url: str, browser: Browser) -> None:
    """200 % zoom of a window of 1280 pixels is a window of 640 with pixels twice as large."""
    visitor = visit(
        browser, service, url, "lead", name="zoom", viewport={"width": 640, "height": 400}, device_scale_factor=2
    )
    page = visitor.open("/work")
    page.keyboard.press("Enter")
    page.wait_for_selector(".card")
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    page.locator("#decision button[type=submit]").scroll_into_view_if_needed()
    assert page.locator("#decision button[type=submit]").is_visible()
    visitor.context.close()
