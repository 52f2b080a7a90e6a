"""From what an author was told to what the transparency database is told (Regulation (EU) 2022/2065, Article 24(5)).

Pure: a row, the mapping of the review file, and what comes out is a statement or the reasons why there is none.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from human_review.appeals.dsa_rules import ENDS, TEXTS, Problem, problems
from human_review.appeals.scrub import personal_data
from human_review.dsa_file import RESTRICTIONS, Dsa, DsaLabel
from human_review.dsa_terms import LANGUAGES
from human_review.times import at
from stream_app.contracts.decision import StatementOfReasons

MOST_IN_A_CALL = 100
_SCRUBBED = tuple(name for name in TEXTS if name not in {"puid", "decision_ground_reference_url"})
_END_OF = {restriction: end for end, restriction in ENDS.items()}


@dataclass(frozen=True, slots=True)
class Told:
    """A restriction as its author was told of it. Times are milliseconds since the epoch.

    ``reported``: whether users had reported the item.
    """

    decision_id: str
    kind: str
    label: str | None
    language: str | None
    surface: str | None
    content_ms: int | None
    applied_ms: int
    expires_ms: int | None
    statement: StatementOfReasons
    reported: bool = False


@dataclass(frozen=True, slots=True)
class Refused:
    """A restriction that cannot be told, with the fields that stand in the way."""

    decision_id: str
    problems: tuple[Problem, ...]


def exported(told: Told, dsa: Dsa) -> dict[str, Any] | Refused:
    """The statement as the database takes it; or why it would not, or must not, have it."""
    statement = mapped(told, dsa)
    found = [*problems(statement), *_personal(statement)]
    return Refused(told.decision_id, tuple(sorted(found))) if found else statement


def mapped(told: Told, dsa: Dsa) -> dict[str, Any]:
    """The statement as it comes out of the mapping, checked by nobody yet. Fields without a value are absent."""
    label = dsa.labels.get(told.label, dsa.without_label) if told.label else dsa.without_label
    reasons = told.statement
    fields: dict[str, Any] = {
        **_restriction(told, dsa),
        **_ground(label, reasons),
        **_category(label),
        "decision_ground_reference_url": dsa.reference_url,
        "account_type": dsa.account_type,
        "content_type": _content_type(told.surface, dsa),
        "content_language": _language(told.language),
        "content_date": _day(told.content_ms),
        "application_date": _day(told.applied_ms),
        "territorial_scope": list(dsa.countries()),
        "decision_facts": reasons.facts,
        "source_type": _source(told, dsa),
        "automated_detection": "Yes" if reasons.automated_detection else "No",
        "automated_decision": f"AUTOMATED_DECISION_{'FULLY' if reasons.automated_decision else 'NOT_AUTOMATED'}",
        "puid": told.decision_id,
    }
    return {name: value for name, value in fields.items() if value is not None}


def _restriction(told: Told, dsa: Dsa) -> dict[str, Any]:
    value = dsa.restrictions.get(told.kind)
    if value is None:
        return {}
    field = RESTRICTIONS[value]
    other = dsa.other_restriction if value.endswith("_OTHER") else None
    return {
        field: [value] if field == "decision_visibility" else value,
        f"{field}_other": other,
        _END_OF[field]: _day(told.expires_ms),
    }


def _ground(label: DsaLabel, reasons: StatementOfReasons) -> dict[str, Any]:
    if label.law is not None:
        return {
            "decision_ground": "DECISION_GROUND_ILLEGAL_CONTENT",
            "illegal_content_legal_ground": label.law,
            "illegal_content_explanation": reasons.facts,
        }
    illegal = None if label.also_illegal is None else "Yes" if label.also_illegal else "No"
    return {
        "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
        "incompatible_content_ground": reasons.ground,
        "incompatible_content_explanation": reasons.facts,
        "incompatible_content_illegal": illegal,
    }


def _category(label: DsaLabel) -> dict[str, Any]:
    return {
        "category": label.category,
        "category_addition": list(label.more_categories) or None,
        "category_specification": list(label.keywords) or None,
        "category_specification_other": label.other_keyword,
    }


def _content_type(surface: str | None, dsa: Dsa) -> list[str]:
    kinds = dsa.content_types.get(surface or "") or dsa.content_types.get("other") or ("CONTENT_TYPE_TEXT",)
    return list(kinds)


def _source(told: Told, dsa: Dsa) -> str:
    by_users = told.reported and not told.statement.automated_detection
    return dsa.reported_source if by_users else "SOURCE_VOLUNTARY"


def _language(tag: str | None) -> str | None:
    """The language's two letters, where it has any: the field may be left out."""
    code = (tag or "").partition("-")[0].upper()
    return code if code in LANGUAGES else None


def _day(ms: int | None) -> str | None:
    """The day in UTC; None for a time that no calendar has, such as one of a producer's broken clock."""
    try:
        return None if ms is None else at(ms).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return None


def _personal(statement: dict[str, Any]) -> Iterator[Problem]:
    for name in _SCRUBBED:
        value = statement.get(name)
        for kind in personal_data(value) if isinstance(value, str) else ():
            yield Problem(name, f"seems to hold personal data ({kind}); write the policy's text without it")
