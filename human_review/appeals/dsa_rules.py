"""What the transparency database accepts, rule by rule (see human_review.dsa_terms for the source).

Where its documentation and its validator differ, the stricter of the two holds here: the territorial scope must be
there, and no restriction ends before it begins.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from human_review import dsa_terms as terms

Statement = Mapping[str, Any]


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """Why a statement is not accepted. ``why`` never repeats a value."""

    field: str
    why: str


REQUIRED = (
    "decision_ground", "content_type", "category", "territorial_scope", "content_date", "application_date",
    "decision_facts", "source_type", "automated_detection", "automated_decision", "puid",
)  # fmt: skip
RESTRICTIONS = ("decision_visibility", "decision_monetary", "decision_provision", "decision_account")
ENDS = {
    "end_date_visibility_restriction": "decision_visibility",
    "end_date_monetary_restriction": "decision_monetary",
    "end_date_service_restriction": "decision_provision",
    "end_date_account_restriction": "decision_account",
}
"""Each end date, with the restriction that it ends."""

_ONE_OF = {
    "decision_monetary": terms.MONETARIES,
    "decision_provision": terms.PROVISIONS,
    "decision_account": terms.ACCOUNTS,
    "account_type": terms.ACCOUNT_TYPES,
    "decision_ground": terms.GROUNDS,
    "incompatible_content_illegal": terms.YES_NO,
    "category": terms.CATEGORIES,
    "content_language": terms.LANGUAGES,
    "source_type": terms.SOURCES,
    "automated_detection": terms.YES_NO,
    "automated_decision": terms.AUTOMATED_DECISIONS,
}
_SOME_OF = {
    "decision_visibility": terms.VISIBILITIES,
    "content_type": terms.CONTENT_TYPES,
    "category_addition": terms.CATEGORIES,
    "category_specification": terms.KEYWORDS,
    "territorial_scope": terms.ECONOMIC_AREA,
}
TEXTS = {
    "decision_visibility_other": 500,
    "decision_monetary_other": 500,
    "content_type_other": 500,
    "category_specification_other": 500,
    "illegal_content_legal_ground": 500,
    "illegal_content_explanation": 2000,
    "incompatible_content_ground": 500,
    "incompatible_content_explanation": 2000,
    "decision_facts": 5000,
    "source_identity": 500,
    "decision_ground_reference_url": 500,
    "puid": 500,
}
"""Every field of free text, with the most characters that it may have."""

_DATES = {
    "content_date": date(2000, 1, 1),
    "application_date": date(2020, 1, 1),
    **dict.fromkeys(ENDS, date(2020, 1, 1)),
}
_LAST_DATE = date(2038, 1, 1)
_OTHER = {
    "decision_visibility_other": ("decision_visibility", "DECISION_VISIBILITY_OTHER"),
    "decision_monetary_other": ("decision_monetary", "DECISION_MONETARY_OTHER"),
    "content_type_other": ("content_type", "CONTENT_TYPE_OTHER"),
}
_OF_GROUND = {
    "illegal_content_legal_ground": "DECISION_GROUND_ILLEGAL_CONTENT",
    "illegal_content_explanation": "DECISION_GROUND_ILLEGAL_CONTENT",
    "incompatible_content_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
    "incompatible_content_explanation": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
}
FIELDS = frozenset({*REQUIRED, *RESTRICTIONS, *_ONE_OF, *_SOME_OF, *TEXTS, *_DATES, "content_id"})
"""Every field that a statement may have."""

_PUID = re.compile(r"[A-Za-z0-9_-]+")
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_EAN_13 = re.compile(r"\d{13}", re.ASCII)
_URL = re.compile(r"https?://[!-~]+")


def problems(statement: Statement) -> list[Problem]:
    """Everything that keeps a statement from being accepted, by field; nothing where it would be."""
    given = {name: value for name, value in statement.items() if value is not None}
    return sorted({problem for rule in _RULES for problem in rule(given)})


def _known(given: Statement) -> Iterator[Problem]:
    yield from (Problem(name, "is no field of a statement") for name in given.keys() - FIELDS)


def _required(given: Statement) -> Iterator[Problem]:
    yield from (Problem(name, "is required") for name in REQUIRED if name not in given)
    if not any(name in given for name in RESTRICTIONS):
        yield Problem(RESTRICTIONS[0], f"at least one of {', '.join(RESTRICTIONS)} is required")


def _lists(given: Statement) -> Iterator[Problem]:
    for name, known in _ONE_OF.items():
        if name in given and not _is_in(given[name], known):
            yield Problem(name, "is not one of the values of this field")
    for name, known in _SOME_OF.items():
        if name in given:
            yield from _array(name, given[name], known)


def _array(name: str, values: object, known: Iterable[str]) -> Iterator[Problem]:
    if not isinstance(values, list | tuple) or not values:
        yield Problem(name, "must be an array with at least one value")
    elif not all(_is_in(value, known) for value in values):
        yield Problem(name, "holds something that is not one of the values of this field")
    elif len(set(values)) != len(values):
        yield Problem(name, "holds a value twice")


def _texts(given: Statement) -> Iterator[Problem]:
    for name, most in TEXTS.items():
        if name not in given:
            continue
        value = given[name]
        if not isinstance(value, str) or not value.strip():
            yield Problem(name, "must be a text, and not an empty one")
        elif len(value) > most:
            yield Problem(name, f"has {len(value)} characters, at most {most} are accepted")
    for name, pattern in (("puid", _PUID), ("decision_ground_reference_url", _URL)):
        value = given.get(name)
        if isinstance(value, str) and value.strip() and not pattern.fullmatch(value):
            yield Problem(name, "has characters that are not accepted")


def _others(given: Statement) -> Iterator[Problem]:
    for name, (of, other) in _OTHER.items():
        chosen = other in _as_tuple(given.get(of))
        if chosen != (name in given):
            yield Problem(name, f"must be there if, and only if, {of} has {other}")
    if "category_specification_other" in given and "KEYWORD_OTHER" not in _as_tuple(
        given.get("category_specification")
    ):
        yield Problem("category_specification_other", "must not be there without KEYWORD_OTHER")


def _ground(given: Statement) -> Iterator[Problem]:
    for name, ground in _OF_GROUND.items():
        if (given.get("decision_ground") == ground) != (name in given):
            yield Problem(name, f"must be there if, and only if, decision_ground is {ground}")
    if (
        "incompatible_content_illegal" in given
        and given.get("decision_ground") != _OF_GROUND["incompatible_content_ground"]
    ):
        yield Problem("incompatible_content_illegal", "must not be there where the ground is the law")


def _dates(given: Statement) -> Iterator[Problem]:
    days = {name: _day(given[name]) for name in _DATES if name in given}
    for name, day in days.items():
        if day is None:
            yield Problem(name, "must be a day, as YYYY-MM-DD")
        elif not _DATES[name] <= day <= _LAST_DATE:
            yield Problem(name, f"must be between {_DATES[name]} and {_LAST_DATE}")
    begin = days.get("application_date")
    for name, of in ENDS.items():
        end = days.get(name)
        if name in given and of not in given:
            yield Problem(name, f"must not be there without {of}")
        if begin is not None and end is not None and end < begin:
            yield Problem(name, "must not be before application_date")


def _source(given: Statement) -> Iterator[Problem]:
    if "source_identity" in given and given.get("source_type") == "SOURCE_VOLUNTARY":
        yield Problem("source_identity", "must not be there for an own initiative")


def _content_id(given: Statement) -> Iterator[Problem]:
    value = given.get("content_id")
    if value is None:
        return
    numbers = value.get("EAN-13") if isinstance(value, Mapping) and set(value) == {"EAN-13"} else None
    if not isinstance(numbers, str) or not _EAN_13.fullmatch(numbers):
        yield Problem("content_id", "must hold EAN-13 with 13 digits, and nothing else")


def _is_in(value: object, known: Iterable[str]) -> bool:
    return isinstance(value, str) and value in known


def _as_tuple(value: object) -> tuple[object, ...]:
    return tuple(value) if isinstance(value, list | tuple) else (value,)


def _day(value: object) -> date | None:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        return None
    try:
        return date.fromisoformat(value)
    except ValueError:
        return None


_RULES: tuple[Callable[[Statement], Iterator[Problem]], ...] = (
    _known, _required, _lists, _texts, _others, _ground, _dates, _source, _content_id,
)  # fmt: skip
