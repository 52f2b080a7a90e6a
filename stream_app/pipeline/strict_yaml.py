"""YAML read so that nothing in it is silently lost or guessed."""

import difflib
import math
from collections.abc import Hashable, Iterable
from pathlib import Path
from typing import Any

import yaml

from stream_app.errors import ConfigError


def parse(text: str, where: str | Path) -> Any:
    """Safe YAML, without duplicate keys and without ``no``, ``on``, … becoming booleans. Raises ConfigError."""
    try:
        return yaml.load(text, _StrictLoader)  # noqa: S506 - a subclass of SafeLoader
    except _Duplicate as duplicate:
        raise ConfigError(where, duplicate.key, duplicate.problem) from duplicate
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}" if mark else "(file)"
        problem = getattr(error, "problem", None) or str(error)
        raise ConfigError(where, line, f"is not YAML: {problem}") from error
    except RecursionError as error:
        raise ConfigError(where, "(file)", "is nested too deeply") from error


class Section:
    """A mapping that is taken apart key by key; every problem names the file and the dotted key."""

    def __init__(self, where: str, key: str, value: object) -> None:
        self.where = where
        self.key = key
        if not isinstance(value, dict):
            raise self.error("", f"must be a mapping of keys to values, not {_shown(value)}")
        self._values: dict[Any, object] = dict(value)
        self._known: list[str] = []

    def error(self, name: str, problem: str) -> ConfigError:
        """An error at a key of this section, or at the section itself."""
        return ConfigError(self.where, self._path(name), problem)

    def names(self) -> list[str]:
        """The names in a section whose keys are names of the reader's own choice."""
        for key in self._values:
            if not isinstance(key, str):
                raise self.error(str(key), f"must be a name; put it in quotes if {key!r} is meant")
        return [str(key) for key in self._values]

    def has(self, name: str) -> bool:
        """Whether an optional key is there."""
        self._known.append(name)
        return name in self._values

    def raw(self, name: str | int) -> object:
        """A required value, whatever it is."""
        self._known.append(str(name))
        if name not in self._values:
            raise self.error(str(name), "is missing")
        return self._values.pop(name)

    def section(self, name: str) -> "Section":
        """A required mapping."""
        return Section(self.where, self._path(name), self.raw(name))

    def sections(self, name: str) -> list["Section"]:
        """An optional list of mappings."""
        if not self.has(name):
            return []
        value = self.raw(name)
        if not isinstance(value, list):
            raise self.error(name, f"must be a list (lines that start with '- '), not {_shown(value)}")
        return [Section(self.where, f"{self._path(name)}[{at}]", entry) for at, entry in enumerate(value)]

    def text(self, name: str) -> str:
        """A required text that is not empty."""
        value = self.raw(name)
        if not isinstance(value, str) or not value.strip():
            raise self.error(name, f"must be a text{_quotes(value)}, not {_shown(value)}")
        return value.strip()

    def texts(self, name: str) -> list[str]:
        """A required text or list of texts."""
        value = self.raw(name)
        values = value if isinstance(value, list) else [value]
        for entry in values:
            if not isinstance(entry, str) or not entry:
                raise self.error(name, f"must be a text or a list of texts{_quotes(entry)}, not {_shown(entry)}")
        return [str(entry) for entry in values]

    def choice(self, name: str | int, choices: Iterable[str]) -> str:
        """A required word out of a few."""
        value = self.raw(name)
        known = list(choices)
        if value not in known or not isinstance(value, str):
            raise self.error(str(name), f"must be one of {', '.join(known)}, not {_shown(value)}")
        return value

    def flag(self, name: str, default: bool) -> bool:
        """An optional true or false."""
        if not self.has(name):
            return default
        value = self.raw(name)
        if not isinstance(value, bool):
            raise self.error(name, f"must be true or false, not {_shown(value)}")
        return value

    def number(self, name: str, *, above: float | None = None, least: float = 0.0, most: float = math.inf) -> float:
        """A required finite number; ``above`` is exclusive, ``least`` and ``most`` are inclusive."""
        value = self.raw(name)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.error(name, f"must be a number, not {_shown(value)}")
        number = float(value) if abs(value) < 1e15 else math.nan
        low_enough = number > above if above is not None else number >= least
        if not (low_enough and number <= most):
            low = f"above {above:g}" if above is not None else f"at least {least:g}"
            high = f" and at most {most:g}" if math.isfinite(most) else " and finite"
            raise self.error(name, f"must be {low}{high}, not {value}")
        return number

    def close(self) -> None:
        """Refuse the keys that nobody asked for."""
        for key in self._values:
            close = difflib.get_close_matches(str(key), self._known, 1)
            known = ", ".join(dict.fromkeys(self._known))
            hint = f"did you mean {close[0]!r}?" if close else f"known here: {known}"
            raise self.error(str(key), f"is not a key of this section; {hint}")

    def _path(self, name: str) -> str:
        return ".".join(part for part in (self.key, name) if part) or "(file)"


class _StrictLoader(yaml.SafeLoader):
    """Refuses a key that stands twice in one mapping, where plain YAML readers keep the last in silence."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, Hashable):
                raise _Duplicate(f"line {key_node.start_mark.line + 1}", "a key must be a plain name")
            if key in seen:
                line = key_node.start_mark.line + 1
                raise _Duplicate(str(key), f"stands twice in one section (again in line {line}); keep one of them")
            seen.add(key)
        return super().construct_mapping(node, deep)


class _Duplicate(Exception):
    def __init__(self, key: str, problem: str) -> None:
        super().__init__(problem)
        self.key = key
        self.problem = problem


# YAML 1.1 reads the language `no` and the region `NO` as false; here only true and false are booleans.
_StrictLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool" or first in "tTfF"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _quotes(value: object) -> str:
    return "" if isinstance(value, str | dict | list | None) else " in quotes"


def _shown(value: object) -> str:
    if value is None:
        return "nothing"
    shown = repr(value)
    return shown if len(shown) <= 40 else f"{shown[:37]}..."
