"""What tests of pages with hostile content look at: nothing ran, nothing strange was built, nothing was moved."""

import re
from collections.abc import Sequence
from typing import Any

from playwright.sync_api import Page

from human_review.testing_browser import Visitor

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


def check_data(status: int, headers: dict[str, str], kind: str) -> None:
    assert (status, headers["content-type"], headers["x-content-type-options"]) == (200, kind, "nosniff")
    assert headers["content-security-policy"].startswith("default-src 'none'")


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
