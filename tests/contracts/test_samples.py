"""What was sent once must be read for ever: stored messages of every type, full and with required fields only."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from stream_app.contracts.codec import decode, encode, schema_of
from stream_app.contracts.content import ContentItem, Deletion
from stream_app.contracts.review import Ruling
from stream_app.contracts.schemas import message_types, schema_for
from stream_app.errors import BadMessage
from stream_app.pipeline.intake import read_content, read_ruling

SAMPLES = sorted((Path(__file__).parent / "samples").glob("*.json"))
TYPES = {schema_of(message): message for message in message_types()}


def _type_of(path: Path) -> type[Any]:
    return TYPES[path.name.removesuffix(".json").removesuffix(".minimal")]


def _read(value: bytes, message: type[Any]) -> Any:
    if message in (ContentItem, Deletion):
        return read_content(value, None).content
    if message is Ruling:
        assert read_ruling(value).content == decode(value, Ruling)
    return decode(value, message)


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_stored_message_is_read_and_nothing_of_it_is_lost(path: Path) -> None:
    message = _read(path.read_bytes(), _type_of(path))
    assert type(message) is _type_of(path)
    stored = json.loads(path.read_bytes())
    stored.pop("deleted", None)
    _assert_holds(json.loads(encode(message)), stored)


def _assert_holds(found: Any, stored: Any) -> None:
    if isinstance(stored, dict):
        for name, value in stored.items():
            _assert_holds(found[name], value)
    else:
        assert isinstance(found, list) == isinstance(stored, list)
        for one, other in zip(found, stored, strict=True) if isinstance(stored, list) else ():
            _assert_holds(one, other)
        assert isinstance(stored, list) or found == stored


@pytest.mark.parametrize(
    "path", [path for path in SAMPLES if "Deletion" not in path.name], ids=lambda path: path.stem
)
def test_what_is_written_is_read_as_the_same(path: Path) -> None:
    message = _read(path.read_bytes(), _type_of(path))
    assert _read(encode(message), type(message)) == message


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_unknown_fields_are_ignored(path: Path) -> None:
    stored = json.loads(path.read_bytes())
    wider = {"__class__": "x", **stored, "field_of_the_future": {"nested": [1, None, "x"]}}
    assert _read(json.dumps(wider).encode(), _type_of(path)) == _read(path.read_bytes(), _type_of(path))


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.stem)
def test_a_stored_message_fits_its_schema(path: Path) -> None:
    schema = schema_for(_type_of(path))
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema).validate(json.loads(path.read_bytes()))


@pytest.mark.parametrize("message", TYPES.values(), ids=lambda message: message.__name__)
def test_every_message_type_has_a_full_and_a_minimal_sample(message: type[Any]) -> None:
    names = {path.name for path in SAMPLES}
    assert f"{schema_of(message)}.json" in names
    if message is Deletion:
        return  # has required fields only
    minimal = json.loads((SAMPLES[0].parent / f"{schema_of(message)}.minimal.json").read_bytes())
    required = {field.encode_name for field in msgspec.structs.fields(message) if field.required}
    assert minimal.keys() == required


@pytest.mark.parametrize("message", TYPES.values(), ids=lambda message: message.__name__)
def test_a_message_without_a_required_field_is_refused(message: type[Any]) -> None:
    stored = json.loads((SAMPLES[0].parent / f"{schema_of(message)}.json").read_bytes())
    for field in schema_for(message)["required"]:
        shorter = {name: value for name, value in stored.items() if name != field}
        with pytest.raises(BadMessage) as caught:
            _read(json.dumps(shorter).encode(), message)
        assert caught.value.reason == "schema"
