"""Whether a changed schema keeps what the old one promised."""

from typing import Any

Schema = dict[str, Any]

_UPPER = ("maxLength", "maximum", "maxItems")
_LOWER = ("minLength", "minimum", "minItems")


def compatible(old_schema: Schema, new_schema: Schema) -> list[str]:
    """What breaks, each with its path; empty if nothing does.

    Every message that the old schema allows must be allowed by the new one, and whoever relies on a field of the
    old one must still find it. New optional fields, types and enum values are no problem: consumers ignore what
    they do not know.
    """
    return _problems(_Side(old_schema), _Side(new_schema), "$")


class _Side:
    """A part of a schema together with the document that its references point into."""

    def __init__(self, schema: Schema, root: Schema | None = None) -> None:
        self.root = schema if root is None else root
        while "$ref" in schema:
            schema = self.root["$defs"][schema["$ref"].rpartition("/")[2]]
        self.schema = schema

    def part(self, schema: Schema) -> "_Side":
        return _Side(schema, self.root)

    def alternatives(self) -> list["_Side"]:
        if "anyOf" not in self.schema:
            return [self]
        return [found for branch in self.schema["anyOf"] for found in self.part(branch).alternatives()]

    @property
    def kind(self) -> str:
        """The JSON type; enums and constants have that of their first value."""
        stated = self.schema.get("type")
        return stated if isinstance(stated, str) else _type_of(self.values)

    @property
    def values(self) -> list[Any]:
        """The only values allowed; empty if all of the type are."""
        return [self.schema["const"]] if "const" in self.schema else self.schema.get("enum", [])


def _type_of(values: list[Any]) -> str:
    names: dict[type[Any], str] = {
        str: "string",
        bool: "boolean",
        int: "integer",
        float: "number",
        type(None): "null",
    }
    return names.get(type(values[0]), "any") if values else "any"


def _problems(old: _Side, new: _Side, path: str) -> list[str]:
    by_kind = {side.kind: side for side in new.alternatives()}
    found = []
    for side in old.alternatives():
        match = by_kind.get(side.kind) or by_kind.get("any") or (side.kind == "integer" and by_kind.get("number"))
        if not match:
            found.append(f"{path}: {side.kind} is no longer allowed")
        elif match.kind == side.kind:
            found += _within(side, match, path)
    return found


def _within(old: _Side, new: _Side, path: str) -> list[str]:
    """Problems between two alternatives of one type."""
    found = _values(old, new, path) + _bounds(old.schema, new.schema, path)
    if old.kind == "object":
        found += _fields(old, new, path)
    for name, step in (("additionalProperties", "*"), ("items", "[]")):
        parts = old.schema.get(name), new.schema.get(name)
        if parts[1] is False and parts[0] is not False:
            found.append(f"{path}.{step}: is no longer allowed")
        elif isinstance(parts[0], dict) and isinstance(parts[1], dict):
            found += _problems(old.part(parts[0]), new.part(parts[1]), f"{path}.{step}")
    for index, pair in enumerate(
        zip(old.schema.get("prefixItems", ()), new.schema.get("prefixItems", ()), strict=False)
    ):
        found += _problems(old.part(pair[0]), new.part(pair[1]), f"{path}[{index}]")
    return found


def _values(old: _Side, new: _Side, path: str) -> list[str]:
    if not new.values:
        return []
    if not old.values:
        return [f"{path}: is now limited to {len(new.values)} values"]
    return [f"{path}: value {value!r} was removed" for value in old.values if value not in new.values]


def _bounds(old: Schema, new: Schema, path: str) -> list[str]:
    tighter = [name for name in _UPPER if name in new and new[name] < old.get(name, float("inf"))]
    tighter += [name for name in _LOWER if name in new and new[name] > old.get(name, 0)]
    return [f"{path}: {name} is tighter" for name in tighter]


def _fields(old: _Side, new: _Side, path: str) -> list[str]:
    before, after = old.schema.get("properties", {}), new.schema.get("properties", {})
    needed_before, needed_after = set(old.schema.get("required", ())), set(new.schema.get("required", ()))
    found = [f"{path}.{name}: was removed" for name in before.keys() - after.keys()]
    found += [f"{path}.{name}: is now required" for name in needed_after - needed_before]
    found += [f"{path}.{name}: is no longer always there" for name in needed_before & after.keys() - needed_after]
    for name in before.keys() & after.keys():
        found += _problems(old.part(before[name]), new.part(after[name]), f"{path}.{name}")
    return sorted(found)
