"""Addresses that attackers make up, in a real Chromium: nothing runs, and nothing is asked for elsewhere."""

from urllib.parse import quote

import pytest

from human_review.testing_browser import Visitor, visit
from human_review.testing_calm import check_calm
from human_review.testing_hostile import Site
from human_review.testing_payloads import ONE_OF_A_KIND, TEXTS


def check_addresses(visitor: Visitor, texts: list[str], *, places: int) -> None:
    """``places``: at how many of the five places each text is put."""
    for number, text in enumerate(texts):
        part = quote(text[:300].encode("utf-8", "replace"), safe="")
        paths = (
            f"/work/seats/{part}/group?token=1", f"/work?done={part}&did={part}", f"/history?before={part}",
            f"/{part}", f"/work/seats/x/group?token={part}",
        )  # fmt: skip
        for path in (paths * 2)[number % 5 :][:places]:
            check_calm(visitor.open(path), path)
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
