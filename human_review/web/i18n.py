"""The interface in several languages: gettext catalogs (``human_review/locale/*.po``), dates and numbers by CLDR.

A template says ``{{ _("text") }}``, ``{% trans count=n %}one item{% pluralize %}{{ count }} items{% endtrans %}``,
``{{ when(ms) }}``, ``{{ number(x) }}``, and ``show`` and ``line`` for texts of users; all of these come from
:func:`page_context`. The environment of the templates is made ready for it by :func:`prepare`, once.
"""

import gettext
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

from babel import Locale, UnknownLocaleError
from babel.core import negotiate_locale
from babel.dates import format_datetime, format_timedelta
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_decimal, format_percent
from jinja2 import Environment, pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from human_review.times import at
from human_review.web import text

FOLDER = Path(__file__).resolve().parent.parent / "locale"
SOURCE = "en"
# Each language under its own name, in the order of the menu.
LOCALES: dict[str, str] = {
    "en": "English",
    "es": "Español",
    "pt": "Português",
    "de": "Deutsch",
    "fr": "Français",
    "ar": "العربية",
}


def prepare(environment: Environment) -> None:
    """Teach an environment ``{% trans %}``; each page brings its own functions by :func:`page_context`."""
    environment.add_extension("jinja2.ext.i18n")
    environment.newstyle_gettext = True  # type: ignore[attr-defined] # the extension adds it


@cache
def translations(locale: str) -> gettext.NullTranslations:
    """The catalog of a locale; the source language (English) for the ones that there is no catalog for."""
    file = FOLDER / f"{locale}.po"
    if locale not in LOCALES or locale == SOURCE:
        return gettext.NullTranslations()
    with file.open("rb") as lines:
        catalog = read_po(lines, locale=locale)
    machine = BytesIO()
    write_mo(machine, catalog)
    machine.seek(0)
    return gettext.GNUTranslations(machine)


def best_locale(wanted: str | None, accept_language: str = "") -> str:
    """The locale to speak: the wanted one if there is a catalog, else by Accept-Language, else English."""
    if wanted in LOCALES:
        return str(wanted)
    asked = [part.partition(";")[0].strip() for part in accept_language[:500].split(",")]
    return negotiate_locale([name for name in asked if name], list(LOCALES), sep="-") or SOURCE


def direction(locale: str) -> Literal["ltr", "rtl"]:
    """Which way the interface runs in this locale."""
    return "rtl" if Locale.parse(locale).text_direction == "rtl" else "ltr"


def language_name(tag: str, locale: str) -> str:
    """The name of a content language in the words of the interface; the tag itself where it is not known."""
    try:
        return Locale.parse(tag[:35], sep="-").get_display_name(locale) or tag
    except (UnknownLocaleError, ValueError, TypeError):
        return tag


def percent(value: float, digits: int, locale: str) -> str:
    """A share of 1 in percent, with so many digits after the point."""
    pattern = str(Locale.parse(locale).percent_formats[None].pattern)
    return format_percent(value, pattern.replace("##0", f"##0.{'0' * digits}") if digits else pattern, locale)


def page_context(locale: str) -> dict[str, Any]:
    """What every template is rendered with: translations, dates, numbers, and the language of the page."""
    catalog = translations(locale)
    translate, plural = _single(catalog.gettext), _plural(catalog.ngettext)
    return {
        "_": translate,
        "gettext": translate,
        "ngettext": plural,
        "say": catalog.gettext,  # for words of the review file, of which the shipped ones are in the catalogs
        "lang": locale,
        "dir": direction(locale),
        "languages": LOCALES,
        "when": lambda time: _when(_datetime(time), locale),
        "until": lambda seconds: format_timedelta(seconds, add_direction=True, locale=locale),
        "for_seconds": lambda seconds: format_timedelta(seconds, locale=locale),
        "iso": lambda time: _datetime(time).isoformat(timespec="seconds"),
        "number": lambda value, digits=2: format_decimal(value, f"#,##0.{'#' * digits}", locale=locale),
        "percent": lambda value, digits=0: percent(value, digits, locale),
        "language_name": lambda tag: language_name(tag, locale),
        "language_attribute": text.language_attribute,
        "show": text.show,
        "line": text.line,
    }


def _when(time: datetime, locale: str) -> str:
    try:
        return format_datetime(time, "medium", tzinfo=UTC, locale=locale)
    except OverflowError:  # in the first or last hours that there are, another zone has no date for it
        return time.isoformat(timespec="seconds")


def _datetime(time: datetime | int) -> datetime:
    """A time that came as a datetime or as milliseconds since the epoch."""
    return time if isinstance(time, datetime) else at(time)


def _single(translate: Callable[[str], str]) -> Callable[..., str]:
    @pass_context
    def single(context: Context, message: str, /, **values: object) -> str:
        return _filled(context, translate(message), values)

    return single


def _plural(translate: Callable[[str, str, int], str]) -> Callable[..., str]:
    @pass_context
    def plural(context: Context, one: str, many: str, count: int, /, **values: object) -> str:
        return _filled(context, translate(one, many, count), {"num": count} | values)

    return plural


def _filled(context: Context, message: str, values: dict[str, object]) -> str:
    """The message with its values; what came from outside is escaped, as everywhere in a template."""
    safe = Markup(message) if context.eval_ctx.autoescape else message  # noqa: S704 - catalogs are part of the code
    return safe % values
