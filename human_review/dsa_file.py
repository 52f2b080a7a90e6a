"""The part ``dsa`` of the review file: how decisions are told to the transparency database."""

from collections.abc import Iterator
from typing import Literal

import msgspec

from human_review import dsa_terms as terms

RESTRICTIONS = {
    **dict.fromkeys(terms.VISIBILITIES, "decision_visibility"),
    **dict.fromkeys(terms.MONETARIES, "decision_monetary"),
    **dict.fromkeys(terms.PROVISIONS, "decision_provision"),
    **dict.fromkeys(terms.ACCOUNTS, "decision_account"),
}
"""Every restriction, with the field that it goes into."""

TERRITORIES = {"EU": terms.EUROPEAN_UNION, "EEA": terms.ECONOMIC_AREA}


class DsaLabel(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a policy label is told. ``law`` makes its ground "illegal" and names the law; else it is the terms."""

    category: str
    more_categories: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    other_keyword: str | None = None
    law: str | None = None
    also_illegal: bool | None = None


class Dsa(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is the same for all statements, and what depends on label, kind of action and surface."""

    territory: Literal["EU", "EEA"] | tuple[str, ...] = "EU"
    reported_source: str = "SOURCE_TYPE_OTHER_NOTIFICATION"
    account_type: str | None = None
    reference_url: str | None = None
    content_types: dict[str, tuple[str, ...]] = {}
    restrictions: dict[str, str] = {}
    other_restriction: str | None = None
    labels: dict[str, DsaLabel] = {}
    without_label: DsaLabel = DsaLabel(category="STATEMENT_CATEGORY_OTHER_VIOLATION_TC")

    def countries(self) -> tuple[str, ...]:
        """The territorial scope, sorted."""
        named = TERRITORIES[self.territory] if isinstance(self.territory, str) else self.territory
        return tuple(sorted(named))


def unknown_terms(dsa: Dsa) -> Iterator[tuple[str, str]]:
    """(key, value) of whatever the database's lists do not know."""
    checks: list[tuple[str, tuple[str, ...], frozenset[str]]] = [
        ("territory", dsa.countries(), terms.ECONOMIC_AREA),
        ("reported_source", (dsa.reported_source,), terms.SOURCES),
        ("account_type", _given(dsa.account_type), terms.ACCOUNT_TYPES),
        ("restrictions", tuple(dsa.restrictions.values()), frozenset(RESTRICTIONS)),
        *((f"content_types.{name}", values, terms.CONTENT_TYPES) for name, values in dsa.content_types.items()),
    ]
    for name, label in (*dsa.labels.items(), ("without_label", dsa.without_label)):
        checks.append((f"labels.{name}.category", (label.category, *label.more_categories), terms.CATEGORIES))
        checks.append((f"labels.{name}.keywords", label.keywords, terms.KEYWORDS))
    for key, values, known in checks:
        yield from ((key, value) for value in values if value not in known)


def _given(value: str | None) -> tuple[str, ...]:
    return (value,) if value is not None else ()
