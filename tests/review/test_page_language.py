"""The interface speaks its languages: every sentence in every catalog, and none that no page says any more."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from babel.messages.pofile import read_po
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from human_review.permissions import Actor
from human_review.web import i18n
from human_review.web.messages import sources

TRANSLATED = sorted(set(i18n.LOCALES) - {i18n.SOURCE})
_PLACE = re.compile(r"%\((\w+)\)s")
_TEMPLATES = Path(i18n.__file__).parent / "templates"


def environment() -> Environment:
    made = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, undefined=StrictUndefined)
    i18n.prepare(made)
    return made


def said(locale: str, template: str, **values: Any) -> str:
    return environment().from_string(template).render(i18n.page_context(locale) | values)


def catalog(locale: str) -> Any:
    with (i18n.FOLDER / f"{locale}.po").open("rb") as lines:
        return read_po(lines, locale=locale)


@pytest.mark.parametrize("locale", TRANSLATED)
def test_every_sentence_is_translated_and_none_is_left_over(locale: str) -> None:
    wanted = sources()
    found = {message.id: message for message in catalog(locale) if message.id}
    assert [f"{place}: {message!r}" for message, place in wanted.items() if message not in found] == []
    assert [message for message in found if message not in wanted] == []
    assert [message.id for message in found.values() if message.fuzzy or not all(_forms(message.string))] == []


@pytest.mark.parametrize("locale", TRANSLATED)
def test_translations_have_the_places_of_the_source_and_no_others(locale: str) -> None:
    for message in catalog(locale):
        if message.id:
            places = {place for form in _forms(message.id) for place in _PLACE.findall(form)}
            for form in _forms(message.string):
                assert set(_PLACE.findall(form)) <= places, message.id
                assert "%" not in _PLACE.sub("", form).replace("%%", ""), message.id
            assert set(_PLACE.findall(_forms(message.string)[-1])) == places, message.id


def _forms(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(value)


def test_templates_hold_no_words_outside_the_catalogs() -> None:
    """What stays of a template without tags, expressions and blocks is punctuation, units and our own name."""
    for file in sorted(_TEMPLATES.glob("*.html")):
        text = file.read_text(encoding="utf-8")
        text = re.sub(r"\{#.*?#\}|\{%\s*trans.*?endtrans\s*%\}", " ", text, flags=re.DOTALL)
        text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", " ", text, flags=re.DOTALL)
        for attribute in re.findall(r"(?:title|aria-label|placeholder|alt)=\"([^\"]*)\"", text.replace("UTC", "")):
            assert not re.search(r"[^\W\d_]{2,}", attribute), (file.name, attribute)
        words = re.findall(r"[^\W\d_]{2,}", re.sub(r"<[^>]*>|&\w+;", " ", text))
        assert set(words) <= {"weir", "UTC", "ms"}, file.name


@pytest.mark.parametrize(("locale", "direction"), [("en", "ltr"), ("ar", "rtl"), ("de", "ltr")])
def test_a_page_names_its_language_and_direction(locale: str, direction: str) -> None:
    actor = Actor(user_id="u", pseudonym="p", role="lead")
    page = said(
        locale, '{% extends "base.html" %}{% block title %}T{% endblock %}', actor=actor, may=actor.may,
        csrf_token="t", path="/work",
    )  # fmt: skip
    assert f'<html lang="{locale}" dir="{direction}">' in page


@pytest.mark.parametrize(
    ("wanted", "header", "spoken"),
    [("de", "", "de"), (None, "fr-CA,fr;q=0.9", "fr"), ("xx", "pt-BR", "pt"), (None, "ja", "en"), (None, "", "en"),
     (None, "*;q=0.1,,;;=" * 100, "en"), ("../../etc", "\x00", "en")],
)  # fmt: skip
def test_the_language_is_the_wanted_one_else_that_of_the_browser_else_english(
    wanted: str | None, header: str, spoken: str
) -> None:
    assert i18n.best_locale(wanted, header) == spoken


@pytest.mark.parametrize("count", [0, 1, 2, 3, 11, 100])
def test_plurals_follow_the_language(count: int) -> None:
    template = "{% trans count=count %}one report{% pluralize %}{{ count }} reports{% endtrans %}"
    expected = {0: "لا بلاغات", 1: "بلاغ واحد", 2: "بلاغان", 3: "3 بلاغات", 11: "11 بلاغًا", 100: "100 بلاغ"}
    assert said("ar", template, count=count) == expected[count]
    assert said("en", template, count=count) == ("one report" if count == 1 else f"{count} reports")


def test_values_in_sentences_are_escaped_and_percent_signs_of_words_are_kept() -> None:
    assert said("en", '{{ _("Remove %(id)s", id=value) }}', value="<b>%s") == "Remove &lt;b&gt;%s"
    assert said("de", "{{ say(value) }}", value="100 % <b> %(x)s") == "100 % &lt;b&gt; %(x)s"


def test_dates_and_numbers_are_written_as_the_language_writes_them() -> None:
    at = datetime(2026, 3, 4, 15, 6, 7, tzinfo=UTC)
    assert said("de", "{{ when(at) }} {{ number(1234.5) }} {{ percent(0.256, 1) }}", at=at) == (
        "04.03.2026, 15:06:07 1.234,5 25,6\xa0%"
    )
    assert said("en", "{{ iso(at) }} {{ until(-7200) }} {{ when(0) }}", at=at).startswith("2026-03-04T15:06:07+00:00")


def test_a_language_that_is_not_known_stands_for_itself() -> None:
    assert i18n.language_name("pt-BR", "de") == "Portugiesisch (Brasilien)"
    assert i18n.language_name("<script>", "en") == "<script>"
    assert i18n.language_name("", "en") == ""


@pytest.mark.parametrize("locale", sorted(i18n.LOCALES))
def test_a_time_for_which_other_zones_have_no_date_is_shown_as_it_was_written(locale: str) -> None:
    for written in ("0001-01-01T00:00:00+02:00", "9999-12-31T23:59:59-05:00"):
        assert said(locale, "{{ when(time) }}", time=datetime.fromisoformat(written)) == written
