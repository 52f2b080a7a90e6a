"""What the page's script does for a person, and what the page does without any script."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import select, update

from human_review.database.tables import answers, seats
from human_review.desk.intake import add_task
from human_review.service import Service
from human_review.testing import make_review_task, make_service
from human_review.testing_browser import chromium, serving, visit
from stream_app.testing_kafka import free_ports

CONFIG = """
version: "1"
labels: {toxicity: {title: toxic language, harm: 0.3, key: "1"}}
lease: {seconds: 30, heartbeat_seconds: 0.3}
quality: {second_share: 0, golden: {share: 0, new_share: 0}}
"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as made:
        yield made


@pytest.fixture
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    [port] = free_ports(1)
    made = make_service(tmp_path_factory.mktemp("script"), config=CONFIG, review_bind=f"127.0.0.1:{port}")
    with made.database.write() as connection:
        assert add_task(connection, made, make_review_task(1, text="You are a donkey. Really."))
    yield made
    made.database.close()


@pytest.fixture
def url(service: Service) -> Iterator[str]:
    with serving(service) as address:
        yield address


def lease_until(service: Service) -> int:
    with service.database.read() as connection:
        return int(connection.execute(select(seats.c.lease_until_ms)).scalar_one())


def test_the_page_holds_its_lease_and_says_when_it_is_lost(service: Service, url: str, browser: Browser) -> None:
    visitor = visit(browser, service, url)
    page = visitor.open("/work")
    page.keyboard.press("Enter")
    page.wait_for_selector(".card")
    taken_until = lease_until(service)
    with page.expect_response("**/heartbeat"):
        pass
    assert lease_until(service) > taken_until

    with service.database.write() as connection:
        connection.execute(update(seats).values(lease_until_ms=1))
    expect(page.locator("#lease-lost")).to_be_visible()
    expect(page.locator("#lease-lost")).to_be_focused()
    expect(page.locator("#decision button")).to_be_disabled()
    assert visitor.foreign == []
    visitor.context.close()


def test_a_service_that_does_not_answer_is_said(service: Service, url: str, browser: Browser) -> None:
    visitor = visit(browser, service, url)
    page = visitor.open("/work")
    page.keyboard.press("Enter")
    page.wait_for_selector(".card")
    visitor.context.set_offline(True)
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    expect(page.locator("#not-done")).to_be_visible()
    visitor.context.set_offline(False)
    visitor.context.close()


def test_typing_in_a_field_presses_no_keys_of_the_page(service: Service, url: str, browser: Browser) -> None:
    visitor = visit(browser, service, url)
    page = visitor.open("/work")
    page.keyboard.press("Enter")
    page.wait_for_selector(".card")
    page.keyboard.press("n")
    page.keyboard.type("arlx1? jv")
    assert page.locator("#note").input_value() == "arlx1? jv"
    assert page.locator("input[name=verdict]:checked").count() == 0
    assert page.locator("input[name=labels]:checked").count() == 0
    visitor.context.close()


def test_without_script_the_page_reads_and_decides(service: Service, url: str, browser: Browser) -> None:
    visitor = visit(browser, service, url, java_script_enabled=False)
    page = visitor.open("/work")
    page.get_by_role("button", name="Take a task").click()
    sentences = page.locator(".card .under")
    expect(sentences.first).not_to_be_visible()
    page.get_by_label("Show sentence 2").check()
    expect(sentences.first).not_to_be_visible()
    expect(sentences.nth(1)).to_be_visible()
    page.locator("#veil").check()
    expect(sentences.first).to_be_visible()
    page.locator("label:has(input[value=remove])").click()
    page.get_by_role("checkbox", name="toxic language").check()
    page.get_by_role("button", name="Decide").click()
    expect(page.locator(".said")).to_contain_text("Decided: Remove.")
    with service.database.read() as connection:
        assert connection.execute(select(answers.c.verdict)).scalar_one() == "remove"
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".card")).to_be_visible()
    visitor.context.close()
