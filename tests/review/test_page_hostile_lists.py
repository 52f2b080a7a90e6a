"""What attackers write on the pages of leads, auditors and admins, in a real Chromium: nothing runs or moves."""

from urllib.parse import quote

from human_review.quality.refresh import refresh
from human_review.testing_browser import visit
from human_review.testing_calm import check_calm, check_shown, read_all, written_on
from human_review.testing_hostile import Site, decide_all, golden_of, hostile_task, put
from human_review.testing_hostile_lists import hostile_log, hostile_people, hostile_quality, hostile_webhooks
from human_review.testing_payloads import ONE_OF_A_KIND, SOME, TEXTS, chunks, short_and_long


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
