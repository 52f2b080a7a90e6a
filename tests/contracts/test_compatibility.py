"""The checker finds what would break a reader of old messages, and nothing else."""

from copy import deepcopy
from typing import Any

import pytest

from stream_app.contracts.compatibility import compatible
from stream_app.contracts.schemas import message_types, schema_for

OLD: dict[str, Any] = {
    "type": "object",
    "properties": {
        "id": {"type": "string", "minLength": 1, "maxLength": 10},
        "kind": {"enum": ["a", "b"]},
        "count": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        "tags": {"type": "array", "items": {"type": "string"}},
        "spans": {"type": "array", "items": {"type": "array", "prefixItems": [{"type": "number"}, {"type": "null"}]}},
        "extra": {"type": "object", "additionalProperties": {"type": "string"}},
        "origin": {"$ref": "#/$defs/Origin"},
        "sent": {"const": True},
    },
    "required": ["id"],
    "$defs": {
        "Origin": {"type": "object", "properties": {"topic": {"type": "string"}}, "required": ["topic"]},
        "Other": {"type": "object", "properties": {}},
    },
}


def _changed(*path: str | int, to: Any) -> dict[str, Any]:
    new = deepcopy(OLD)
    place: Any = new
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = to
    return new


def _without(name: str) -> dict[str, Any]:
    return _changed("properties", to={key: value for key, value in OLD["properties"].items() if key != name})


BREAKING = {
    "field removed": (_without("kind"), "$.kind: was removed"),
    "field renamed": (
        _changed("properties", to={**_without("tags")["properties"], "labels": {}}),
        "$.tags: was removed",
    ),
    "new required field": (_changed("required", to=["id", "kind"]), "$.kind: is now required"),
    "no longer always there": (_changed("required", to=[]), "$.id: is no longer always there"),
    "type changed": (_changed("properties", "id", to={"type": "integer"}), "$.id: string is no longer allowed"),
    "null refused": (_changed("properties", "count", to={"type": "integer"}), "$.count: null is no longer allowed"),
    "enum value removed": (_changed("properties", "kind", to={"enum": ["a"]}), "$.kind: value 'b' was removed"),
    "enum put on a string": (_changed("properties", "id", to={"enum": ["a"]}), "$.id: is now limited to 1 values"),
    "constant changed": (_changed("properties", "sent", to={"const": False}), "$.sent: value True was removed"),
    "shorter": (_changed("properties", "id", "maxLength", to=9), "$.id: maxLength is tighter"),
    "longer": (_changed("properties", "id", "minLength", to=2), "$.id: minLength is tighter"),
    "bound on free text": (
        _changed("properties", "tags", "items", "maxLength", to=5),
        "$.tags.[]: maxLength is tighter",
    ),
    "items changed": (
        _changed("properties", "tags", "items", to={"type": "integer"}),
        "$.tags.[]: string is no longer allowed",
    ),
    "place in a tuple changed": (
        _changed("properties", "spans", "items", "prefixItems", 0, to={"type": "integer"}),
        "$.spans.[][0]: number is no longer allowed",
    ),
    "map values changed": (
        _changed("properties", "extra", "additionalProperties", to={"type": "integer"}),
        "$.extra.*: string is no longer allowed",
    ),
    "map closed": (
        _changed("properties", "extra", "additionalProperties", to=False),
        "$.extra.*: is no longer allowed",
    ),
    "closed to unknown fields": (_changed("additionalProperties", to=False), "$.*: is no longer allowed"),
    "behind a reference": (
        _changed("$defs", "Origin", "properties", "topic", to={"type": "integer"}),
        "$.origin.topic: string is no longer allowed",
    ),
    "reference to something else": (
        _changed("properties", "origin", "$ref", to="#/$defs/Other"),
        "$.origin.topic: was removed",
    ),
}
HARMLESS = {
    "nothing": OLD,
    "optional field": _changed("properties", "new", to={"type": "string"}),
    "enum value": _changed("properties", "kind", to={"enum": ["a", "b", "c"]}),
    "enum opened": _changed("properties", "kind", to={"type": "string"}),
    "null allowed": _changed("properties", "tags", to={"anyOf": [OLD["properties"]["tags"], {"type": "null"}]}),
    "integer to number": _changed("properties", "count", "anyOf", 0, to={"type": "number"}),
    "anything goes": _changed("properties", "count", to={}),
    "wider bound": _changed("properties", "id", "maxLength", to=11),
    "described": _changed("description", to="words"),
    "inlined reference": _changed("properties", "origin", to=OLD["$defs"]["Origin"]),
}


@pytest.mark.parametrize("change", BREAKING)
def test_a_breaking_change_is_named_with_its_path(change: str) -> None:
    schema, problem = BREAKING[change]
    assert problem in compatible(OLD, schema)


@pytest.mark.parametrize("change", HARMLESS)
def test_a_harmless_change_is_none(change: str) -> None:
    assert compatible(OLD, HARMLESS[change]) == []


@pytest.mark.parametrize("message", message_types(), ids=lambda message: message.__name__)
def test_dropping_any_field_of_any_message_is_noticed(message: type[Any]) -> None:
    schema = schema_for(message)
    for name in schema["properties"]:
        shorter = deepcopy(schema)
        del shorter["properties"][name]
        assert any(problem.startswith(f"$.{name}: was removed") for problem in compatible(schema, shorter))
