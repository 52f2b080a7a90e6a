"""From the outputs of somebody else's model to our labels: a YAML file that the operator writes (docs/hub.md)."""

import hashlib
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import msgspec
import numpy as np
import yaml
from numpy.typing import NDArray

from models.errors import ArtifactError
from models.tags import base_tag

_TAG = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


class Calibration(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """``p = sigmoid(slope * logit + offset)``; a slope above 0 keeps the order of texts."""

    slope: float = 1.0
    offset: float = 0.0


class Target(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The outputs that one of our labels is made of, and how their probabilities become one."""

    outputs: tuple[str | int, ...]
    combine: Literal["max", "sum"] = "max"
    calibration: Calibration = Calibration()


class LabelMap(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The file. ``languages`` are BCP 47 tags of the languages that the model counts as having evidence in."""

    activation: Literal["sigmoid", "softmax"]
    labels: dict[str, Target]
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BoundLabelMap:
    """A label map whose names are known to be outputs of one model."""

    labels: tuple[str, ...]
    languages: frozenset[str]  # as base_tag gives them
    slopes: NDArray[np.float64]  # [labels]
    offsets: NDArray[np.float64]  # [labels]
    softmax: bool
    columns: tuple[tuple[int, ...], ...]  # of the outputs, a label
    sums: tuple[bool, ...]  # a label

    def logits(self, outputs: NDArray[np.float64]) -> NDArray[np.float64]:
        """Log odds of each label's combined probability; finite [rows, outputs] in, [rows, labels] out."""
        odds = self._log_odds if self.softmax else _strongest
        pairs = zip(self.columns, self.sums, strict=True)
        return np.stack([odds(outputs, columns, total) for columns, total in pairs], axis=1)

    def _log_odds(self, outputs: NDArray[np.float64], columns: tuple[int, ...], total: bool) -> NDArray[np.float64]:
        """Of softmax probabilities, without ever making a probability that rounds to 0 or 1."""
        groups = [columns] if total else [(column,) for column in columns]
        odds: NDArray[np.float64] = np.max([_against_the_rest(outputs, group) for group in groups], axis=0)
        return odds


def read(path: Path) -> tuple[LabelMap, str]:
    """The file and the SHA-256 of its bytes. Raises ArtifactError with the file and what it should hold."""
    try:
        data = path.read_bytes()
        found = _parse(data.decode())
        label_map = msgspec.convert(found, LabelMap, strict=True)
        _check(label_map)
    except OSError as error:
        raise ArtifactError(
            f"cannot read the label map {path}: {error.strerror or error}; docs/hub.md says how to write one"
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise ArtifactError(f"the label map {path} is not YAML: {error}") from error
    except (msgspec.ValidationError, _Wrong) as error:
        raise ArtifactError(f"the label map {path} is wrong: {error}") from error
    return label_map, hashlib.sha256(data).hexdigest()


def bind(label_map: LabelMap, names: tuple[str, ...]) -> BoundLabelMap:
    """Look up the outputs among a model's ``names``, in their order. Raises ArtifactError naming them all."""
    targets = label_map.labels.values()
    columns = tuple(_columns(label, target, names) for label, target in label_map.labels.items())
    if label_map.activation == "softmax":
        _check_softmax(label_map, columns, names)
    return BoundLabelMap(
        labels=tuple(label_map.labels),
        languages=frozenset(map(base_tag, label_map.languages)),
        slopes=np.array([target.calibration.slope for target in targets]),
        offsets=np.array([target.calibration.offset for target in targets]),
        softmax=label_map.activation == "softmax",
        columns=columns,
        sums=tuple(target.combine == "sum" for target in targets),
    )


class _Wrong(Exception):
    """What msgspec cannot see: a value of the right type that makes no sense here."""


def _check(label_map: LabelMap) -> None:
    if not label_map.labels:
        raise _Wrong("labels is empty; name at least one label")
    for label, target in label_map.labels.items():
        _check_target(f"labels.{label}", target, label_map.activation)
    for tag in label_map.languages:
        if not _TAG.fullmatch(tag) or base_tag(tag) == "und":
            raise _Wrong(f"languages holds {tag!r}; BCP 47 tags of known languages such as en or pt-BR stand there")


def _check_target(where: str, target: Target, activation: str) -> None:
    if not target.outputs:
        raise _Wrong(f"{where}.outputs is empty; name at least one output of the model")
    if target.combine == "sum" and activation == "sigmoid":
        raise _Wrong(f"{where}.combine is sum; sigmoid outputs do not exclude each other, so only max makes sense")
    line = target.calibration
    if not (math.isfinite(line.slope) and math.isfinite(line.offset) and line.slope > 0):
        raise _Wrong(f"{where}.calibration needs a finite slope above 0 and a finite offset")


def _columns(label: str, target: Target, names: tuple[str, ...]) -> tuple[int, ...]:
    found = tuple(_column(label, output, names) for output in target.outputs)
    if len(set(found)) < len(found):
        raise ArtifactError(f"the label map names one output twice for {label}: {list(target.outputs)}")
    return found


def _column(label: str, output: str | int, names: tuple[str, ...]) -> int:
    if isinstance(output, str) and names.count(output) == 1:
        return names.index(output)
    if isinstance(output, int) and 0 <= output < len(names):
        return output
    known = ", ".join(f"{index} {name!r}" for index, name in enumerate(names))
    raise ArtifactError(f"the label map makes {label} of output {output!r}; this model's outputs are: {known}")


def _check_softmax(label_map: LabelMap, columns: tuple[tuple[int, ...], ...], names: tuple[str, ...]) -> None:
    if len(names) < 2:
        raise ArtifactError(f"this model has one output ({names[0]!r}), which softmax makes always 1; write sigmoid")
    for (label, target), used in zip(label_map.labels.items(), columns, strict=True):
        if target.combine == "sum" and len(used) == len(names):
            raise ArtifactError(
                f"the label map sums all outputs for {label}, which is always 1; leave benign ones out"
            )


def _strongest(outputs: NDArray[np.float64], columns: tuple[int, ...], _: bool) -> NDArray[np.float64]:
    strongest: NDArray[np.float64] = outputs[:, list(columns)].max(axis=1)
    return strongest


def _against_the_rest(outputs: NDArray[np.float64], columns: tuple[int, ...]) -> NDArray[np.float64]:
    rest = [column for column in range(outputs.shape[1]) if column not in columns]
    ours: NDArray[np.float64] = np.logaddexp.reduce(outputs[:, list(columns)], axis=1)
    theirs: NDArray[np.float64] = np.logaddexp.reduce(outputs[:, rest], axis=1)
    return ours - theirs


def _parse(text: str) -> object:
    """Safe YAML in which no key stands twice: plain readers keep the last in silence."""
    root = yaml.compose(text, yaml.SafeLoader)
    for node in _mappings(root):
        keys = [key.value for key, _ in node.value]
        twice = sorted({str(key) for key in keys if keys.count(key) > 1})
        if twice:
            raise _Wrong(f"{', '.join(twice)} stands twice in one section (line {node.start_mark.line + 1})")
    found: object = yaml.safe_load(text)
    _no_norway(found)
    return found


def _mappings(node: yaml.Node | None) -> Iterator[yaml.MappingNode]:
    if isinstance(node, yaml.MappingNode):
        yield node
        for _, value in node.value:
            yield from _mappings(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _mappings(value)


def _no_norway(found: object) -> None:
    languages = found.get("languages") if isinstance(found, dict) else None
    if isinstance(languages, list) and any(isinstance(tag, bool) for tag in languages):
        raise _Wrong("languages holds a bare no or yes, which YAML reads as false or true; put the tag in quotes")
