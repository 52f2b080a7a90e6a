from collections.abc import Callable
from typing import Any

import pytest

from human_review.appeals.dsa_rules import FIELDS, problems

GOOD: dict[str, Any] = {
    "decision_visibility": ["DECISION_VISIBILITY_CONTENT_REMOVED"],
    "decision_ground": "DECISION_GROUND_INCOMPATIBLE_CONTENT",
    "incompatible_content_ground": "Community rules, section 1",
    "incompatible_content_explanation": "The text holds insults.",
    "content_type": ["CONTENT_TYPE_TEXT"],
    "category": "STATEMENT_CATEGORY_CYBER_VIOLENCE",
    "territorial_scope": ["DE", "FR"],
    "content_date": "2026-01-30",
    "application_date": "2026-01-31",
    "decision_facts": "An automatic check found it.",
    "source_type": "SOURCE_VOLUNTARY",
    "automated_detection": "Yes",
    "automated_decision": "AUTOMATED_DECISION_FULLY",
    "puid": "0123456789abcdef",
}
ILLEGAL = {
    "decision_ground": "DECISION_GROUND_ILLEGAL_CONTENT", "incompatible_content_ground": None,
    "incompatible_content_explanation": None, "illegal_content_legal_ground": "Section 185",
    "illegal_content_explanation": "It is an insult.",
}  # fmt: skip

# What is changed, and the fields that must be named for it.
CASES: dict[str, tuple[dict[str, Any], set[str]]] = {
    "an unknown field": ({"colour": "red"}, {"colour"}),
    **{f"no {name}": ({name: None}, {name}) for name in (
        "content_type", "category", "territorial_scope", "content_date", "application_date", "decision_facts",
        "source_type", "automated_detection", "automated_decision", "puid",
    )},
    "no ground": ({"decision_ground": None}, {
        "decision_ground", "incompatible_content_ground", "incompatible_content_explanation",
    }),
    "no restriction": ({"decision_visibility": None}, {"decision_visibility"}),
    "an empty array of restrictions": ({"decision_visibility": []}, {"decision_visibility"}),
    "a restriction that is not in an array": ({"decision_visibility": "DECISION_VISIBILITY_CONTENT_REMOVED"}, {
        "decision_visibility",
    }),
    "a restriction twice": ({"decision_visibility": GOOD["decision_visibility"] * 2}, {"decision_visibility"}),
    "a visibility of no list": ({"decision_visibility": ["DECISION_VISIBILITY_GONE"]}, {"decision_visibility"}),
    "a monetary of no list": ({"decision_monetary": "DECISION_MONETARY_FINE"}, {"decision_monetary"}),
    "a provision of no list": ({"decision_provision": "x"}, {"decision_provision"}),
    "an account of no list": ({"decision_account": ["DECISION_ACCOUNT_SUSPENDED"]}, {"decision_account"}),
    "an account type of no list": ({"account_type": "x"}, {"account_type"}),
    "a category of the time before July 2025": (
        {"category": "STATEMENT_CATEGORY_PORNOGRAPHY_OR_SEXUALIZED_CONTENT"}, {"category"},
    ),
    "an additional category of no list": ({"category_addition": ["x"]}, {"category_addition"}),
    "a keyword of the time before July 2025": ({"category_specification": ["KEYWORD_DISINFORMATION"]}, {
        "category_specification",
    }),
    "a country outside": ({"territorial_scope": ["DE", "US"]}, {"territorial_scope"}),
    "a language in small letters": ({"content_language": "de"}, {"content_language"}),
    "a language of three letters": ({"content_language": "DEU"}, {"content_language"}),
    "another visibility without saying which": ({"decision_visibility": ["DECISION_VISIBILITY_OTHER"]}, {
        "decision_visibility_other",
    }),
    "a visibility said that is none": ({"decision_visibility_other": "x"}, {"decision_visibility_other"}),
    "another monetary without saying which": ({"decision_monetary": "DECISION_MONETARY_OTHER"}, {
        "decision_monetary_other",
    }),
    "another content without saying which": ({"content_type": ["CONTENT_TYPE_OTHER"]}, {"content_type_other"}),
    "a keyword said that is none": ({"category_specification_other": "x"}, {"category_specification_other"}),
    "illegal without its law": (ILLEGAL | {"illegal_content_legal_ground": None}, {"illegal_content_legal_ground"}),
    "illegal without why": (ILLEGAL | {"illegal_content_explanation": None}, {"illegal_content_explanation"}),
    "illegal by the terms": (ILLEGAL | {"incompatible_content_ground": "x"}, {"incompatible_content_ground"}),
    "illegal and also illegal": (ILLEGAL | {"incompatible_content_illegal": "Yes"}, {"incompatible_content_illegal"}),
    "also illegal in other words": ({"incompatible_content_illegal": "yes"}, {"incompatible_content_illegal"}),
    "both grounds": ({"illegal_content_legal_ground": "x"}, {"illegal_content_legal_ground"}),
    "a text of blanks": ({"decision_facts": " \n"}, {"decision_facts"}),
    "facts that are too long": ({"decision_facts": "x" * 5001}, {"decision_facts"}),
    "a ground that is too long": ({"incompatible_content_ground": "x" * 501}, {"incompatible_content_ground"}),
    "a reason that is too long": ({"incompatible_content_explanation": "x" * 2001}, {
        "incompatible_content_explanation",
    }),
    "a puid with a blank": ({"puid": "a b"}, {"puid"}),
    "a puid with a line's end": ({"puid": "ab\n"}, {"puid"}),
    "a puid that is too long": ({"puid": "a" * 501}, {"puid"}),
    "a puid of other digits": ({"puid": "١٢٣"}, {"puid"}),
    "a reference that is no address": ({"decision_ground_reference_url": "javascript:x"}, {
        "decision_ground_reference_url",
    }),
    "a date with a time": ({"content_date": "2026-01-30T00:00:00Z"}, {"content_date"}),
    "a day that does not exist": ({"content_date": "2026-02-30"}, {"content_date"}),
    "content before 2000": ({"content_date": "1999-12-31"}, {"content_date"}),
    "applied before 2020": ({"application_date": "2019-12-31"}, {"application_date"}),
    "an end after 2038": ({"end_date_visibility_restriction": "2038-01-02"}, {"end_date_visibility_restriction"}),
    "an end before the beginning": ({"end_date_visibility_restriction": "2026-01-30"}, {
        "end_date_visibility_restriction",
    }),
    "an end of what does not begin": ({"end_date_account_restriction": "2026-02-28"}, {
        "end_date_account_restriction",
    }),
    "who told, of an own initiative": ({"source_identity": "somebody"}, {"source_identity"}),
    "automation in old words": ({"automated_decision": "Yes"}, {"automated_decision"}),
    "a product's number of twelve digits": ({"content_id": {"EAN-13": "012345678901"}}, {"content_id"}),
    "a product's number of another kind": ({"content_id": {"ISBN": "0123456789012"}}, {"content_id"}),
}  # fmt: skip

GOOD_CHANGES: dict[str, dict[str, Any]] = {
    "as it is": {},
    "illegal": ILLEGAL,
    "also illegal": {"incompatible_content_illegal": "No"},
    "at the limits": {
        "decision_facts": "ä" * 5000, "incompatible_content_ground": "x" * 500, "puid": "a" * 500,
        "incompatible_content_explanation": "x" * 2000,
    },
    "with every optional field": {
        "decision_visibility": ["DECISION_VISIBILITY_OTHER", "DECISION_VISIBILITY_CONTENT_LABELLED"],
        "decision_visibility_other": "a notice", "decision_monetary": "DECISION_MONETARY_OTHER",
        "decision_monetary_other": "less pay", "decision_provision": "DECISION_PROVISION_PARTIAL_SUSPENSION",
        "decision_account": "DECISION_ACCOUNT_SUSPENDED", "account_type": "ACCOUNT_TYPE_PRIVATE",
        "category_addition": ["STATEMENT_CATEGORY_VIOLENCE"], "content_language": "DE",
        "category_specification": ["KEYWORD_OTHER"], "category_specification_other": "mass postings",
        "content_type": ["CONTENT_TYPE_TEXT", "CONTENT_TYPE_OTHER"], "content_type_other": "poem",
        "end_date_visibility_restriction": "2026-01-31", "end_date_monetary_restriction": "2038-01-01",
        "end_date_service_restriction": "2026-12-31", "end_date_account_restriction": "2026-02-28",
        "source_type": "SOURCE_TRUSTED_FLAGGER", "source_identity": "an association",
        "decision_ground_reference_url": "https://example.org/rules", "content_id": {"EAN-13": "0123456789012"},
    },
    "only about the account": {"decision_visibility": None, "decision_account": "DECISION_ACCOUNT_TERMINATED"},
    "in Norway": {"territorial_scope": ["NO"]},
}  # fmt: skip


@pytest.mark.parametrize(("change", "named"), CASES.values(), ids=CASES.keys())
def test_what_would_be_refused_is_refused_and_its_field_named(change: dict[str, Any], named: set[str]) -> None:
    assert {problem.field for problem in problems(GOOD | change)} == named


@pytest.mark.parametrize("change", GOOD_CHANGES.values(), ids=GOOD_CHANGES.keys())
def test_what_would_be_accepted_is_accepted(change: dict[str, Any]) -> None:
    assert problems(GOOD | change) == []


def test_every_field_is_needed_by_some_case() -> None:
    used = {name for changes in GOOD_CHANGES.values() for name in changes} | GOOD.keys()
    assert used == FIELDS


@pytest.mark.parametrize("value", [7, 0.5, True, [], {}, [[]], {"a": 1}, "", "\x00", "x" * 6000])
def test_any_value_in_any_field_gets_an_answer(value: Any) -> None:
    answered: Callable[[str], Any] = lambda name: problems(GOOD | {name: value})  # noqa: E731 - one use, in a loop
    for name in sorted(FIELDS):
        assert all(isinstance(problem.field, str) for problem in answered(name))


def test_no_answer_repeats_a_value() -> None:
    canary = "kanarienvogel"
    for name in sorted(FIELDS):
        for value in (canary, [canary], {canary: canary}):
            assert all(canary not in problem.why for problem in problems(GOOD | {name: value}))
