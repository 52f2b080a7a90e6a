"""What attackers write in appeals, replies and notices, in a real Chromium: it is shown or data, and never runs."""

import json

from human_review.people import accounts, tokens
from human_review.testing_browser import Visitor, visit, watch
from human_review.testing_calm import check_calm, check_data, check_shown, opened, send_form, take_next, written_on
from human_review.testing_hostile import Site, appeal_of, told_of
from human_review.testing_payloads import ONE_OF_A_KIND, TEXTS, notes, short_and_long


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
