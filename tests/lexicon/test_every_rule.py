"""What holds for every rule, found by listing the folder."""

import re
from collections.abc import Iterator
from re import _constants, _parser  # type: ignore[attr-defined] # the parser of re has no stubs

import pytest

from models.lexicon import Lexicon
from models.rules import Pattern, Rule, discover
from models.rules._fold import fold, same_letters
from stream_app.pipeline.policy_file import load_policy

RULES = discover()
PATTERNS = [(rule, pattern) for rule in RULES for pattern in rule.patterns]
MAX_REPEAT = 200  # of one repeat
MAX_PATHS = 100_000  # ways to match from one start: what one start can cost at most, as two repeats multiply
MAX_WIDTH = 700


def _ids(cases: list[tuple[Rule, Pattern]]) -> list[str]:
    return [f"{rule.name}-{pattern.language}-{number}" for number, (rule, pattern) in enumerate(cases)]


@pytest.fixture(scope="module")
def lexicon() -> Lexicon:
    return Lexicon.load()


def _names(lexicon: Lexicon, text: str) -> set[str]:
    return {hit.name.split("/")[1] for hit in lexicon.hits([text], ["und"])[0] if hit.name.startswith("rule/")}


@pytest.mark.parametrize(("rule", "text"), [(rule, text) for rule in RULES for text in rule.matches])
def test_a_rule_finds_its_examples(lexicon: Lexicon, rule: Rule, text: str) -> None:
    assert rule.name in _names(lexicon, text)


@pytest.mark.parametrize(("rule", "text"), [(rule, text) for rule in RULES for text in rule.passes])
def test_a_rule_leaves_its_counterexamples_alone(lexicon: Lexicon, rule: Rule, text: str) -> None:
    assert rule.name not in _names(lexicon, text)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_a_rule_is_complete(rule: Rule) -> None:
    assert re.fullmatch(r"[a-z][a-z_]*", rule.name)
    assert rule.label in load_policy().labels
    assert rule.severity in (1, 2, 3)
    assert rule.note
    assert rule.passes


@pytest.mark.parametrize(("rule", "pattern"), PATTERNS, ids=_ids(PATTERNS))
def test_every_pattern_has_an_example(rule: Rule, pattern: Pattern) -> None:
    assert any(pattern.spans(fold(text), 1) for text in rule.matches), f"add a match in {pattern.language}"


@pytest.mark.parametrize(("rule", "pattern"), PATTERNS, ids=_ids(PATTERNS))
def test_what_a_pattern_matches_holds_a_trigger(rule: Rule, pattern: Pattern) -> None:
    triggers = [fold(trigger) for trigger in pattern.triggers]
    for text in rule.matches:
        for start, end in pattern.spans(fold(text), 4):
            assert any(trigger in fold(text)[start:end] for trigger in triggers), text


@pytest.mark.parametrize(
    ("name", "least"), [("threat", 12), ("self_harm_intent", 12), ("self_harm_encouragement", 12), ("spam_money", 10)]
)
def test_languages_are_many(name: str, least: int) -> None:
    assert len(next(rule for rule in RULES if rule.name == name).languages) >= least


def _repeats(parsed: _parser.SubPattern) -> Iterator[tuple[int, int]]:
    for operation, argument in parsed:
        if operation in (_constants.MAX_REPEAT, _constants.MIN_REPEAT, _constants.POSSESSIVE_REPEAT):
            low, high, body = argument
            yield int(low), int(high)
            yield from _repeats(body)
        else:
            for body in _bodies(operation, argument):
                yield from _repeats(body)


def _bodies(operation: object, argument: tuple[object, ...]) -> list[_parser.SubPattern]:
    """The patterns inside a group, a choice or a look-around."""
    if operation is _constants.BRANCH:
        return list(argument[1])  # type: ignore[call-overload,no-any-return] # a parsed pattern is nested plain tuples
    if operation is _constants.SUBPATTERN:
        return [argument[3]]
    if operation in (_constants.ASSERT, _constants.ASSERT_NOT):
        return [argument[1]]
    return []


def _paths(parsed: _parser.SubPattern) -> int:
    """How many ways there are at most to get through a pattern, all from the same start."""
    total = 1
    for operation, argument in parsed:
        if operation in (_constants.MAX_REPEAT, _constants.MIN_REPEAT):
            low, high, body = argument
            inner = _paths(body)
            total *= sum(inner**times for times in range(int(low), int(high) + 1))
        elif operation is _constants.POSSESSIVE_REPEAT:
            total *= 1  # never gives back what it took
        elif operation is _constants.BRANCH:
            total *= max(_paths(body) for body in argument[1])
        else:
            for body in _bodies(operation, argument):
                total *= _paths(body)
    return total


@pytest.mark.parametrize(("rule", "pattern"), PATTERNS, ids=_ids(PATTERNS))
def test_no_pattern_can_take_long(rule: Rule, pattern: Pattern) -> None:
    """Every repeat has an end and what one start can cost is bounded, so the cost grows as the text does."""
    parsed = _parser.parse(same_letters(pattern.regex))
    assert all(high <= MAX_REPEAT for _, high in _repeats(parsed))
    assert parsed.getwidth()[1] <= MAX_WIDTH
    assert _paths(parsed) <= MAX_PATHS
    assert not re.search(r"\\[1-9]", pattern.regex), "a back-reference is not linear"


def test_the_check_refuses_what_takes_long() -> None:
    assert max(high for _, high in _repeats(_parser.parse(r"(a+)+b"))) > MAX_REPEAT
    assert _paths(_parser.parse(r"(?:a{0,60}){0,60}b")) > MAX_PATHS
