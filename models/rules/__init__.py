"""Regular-expression rules for harms that no open data set teaches: one rule a file, found by listing the folder.

A rule file exposes ``RULE`` and brings its own examples, also of what it must leave alone. Patterns see the
folded text (see ``models.rules._fold``): lower case, one code point for one code point of the original.
"""

import importlib
import pkgutil
import re
from dataclasses import dataclass
from functools import cached_property

from models.rules._fold import same_letters


@dataclass(frozen=True)
class Pattern:
    """One expression and the words that make it worth running.

    ``triggers`` are folded substrings; a text with none of them is never shown to the expression, so every
    possible match must contain one. ``at_least`` is how many separate matches a text needs before the first
    of them counts.
    """

    language: str
    regex: str
    triggers: tuple[str, ...]
    at_least: int = 1

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        return re.compile(same_letters(self.regex))

    def spans(self, folded: str, limit: int) -> list[tuple[int, int]]:
        """Where the pattern matches, first ``limit`` places, or nowhere with fewer than ``at_least``."""
        spans: list[tuple[int, int]] = []
        for match in self.compiled.finditer(folded):
            spans.append(match.span())
            if len(spans) >= max(limit, self.at_least):
                break
        return spans[:limit] if len(spans) >= self.at_least else []


@dataclass(frozen=True)
class Rule:
    """A named set of patterns with one label and severity, and the texts that prove it."""

    name: str
    label: str
    severity: int
    note: str
    patterns: tuple[Pattern, ...]
    matches: tuple[str, ...]
    passes: tuple[str, ...]

    @property
    def languages(self) -> tuple[str, ...]:
        return tuple(sorted({pattern.language for pattern in self.patterns}))


def discover() -> tuple[Rule, ...]:
    """Every rule of this folder, sorted by name; files whose name starts with an underscore hold no rule."""
    found: dict[str, Rule] = {}
    for module_info in pkgutil.iter_modules(__path__):
        if module_info.name.startswith("_"):
            continue
        rule = _rule_of(f"{__name__}.{module_info.name}")
        if rule.name in found:
            raise ValueError(f"two rules are named {rule.name!r}; give the one in {module_info.name}.py another name")
        found[rule.name] = rule
    return tuple(found[name] for name in sorted(found))


def _rule_of(module_name: str) -> Rule:
    rule = getattr(importlib.import_module(module_name), "RULE", None)
    if not isinstance(rule, Rule):
        raise TypeError(f"{module_name} has no RULE; a rule file ends with `RULE = Rule(name=..., ...)`")
    return rule
