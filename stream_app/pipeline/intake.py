"""The bytes of a message to a value that can be decided, or BadMessage with one of REASONS.

Producers are not trusted: whatever arrives, nothing but BadMessage is raised, and no more is spent on a message
than its size allows.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from json import JSONDecodeError, JSONDecoder
from typing import Any, NoReturn, TypeVar
from unicodedata import category

import msgspec

from stream_app.contracts.codec import schema_of
from stream_app.contracts.content import MAX_ID_CHARS, MAX_TEXT_CHARS, ContentItem, Deletion, sane_time
from stream_app.contracts.review import Ruling
from stream_app.errors import BadMessage
from stream_app.pipeline.types import Incoming

REASON_MEANINGS = {
    "empty": "no value, where a null value does not mean a deletion",
    "too-large": "the value is larger than the limit",
    "headers": "too many headers, or too large ones",
    "version": "the weir-schema header names a type or version that is not read here",
    "encoding": "the value is not UTF-8",
    "json": "the value is not one JSON document, or is nested too deeply",
    "number": "a number that parsers disagree about: not finite, too many digits, or used as an id",
    "duplicate-key": "a JSON object has the same key twice",
    "schema": "JSON, but not the message that belongs on this topic",
}
REASONS = frozenset(REASON_MEANINGS)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a message may cost before it is read. ``value_bytes`` should be the broker's ``max.message.bytes``."""

    value_bytes: int = 1 << 20
    headers: int = 100
    header_bytes: int = 16 << 10


DEFAULT_LIMITS = Limits()
MAX_DEPTH = 32
MAX_KEYS = 200
MAX_KEY_CHARS = 256
MAX_DIGITS = 18
# Half of a pair that belongs together, or may stand alone; only then are strings looked through.
_SURROGATE_ESCAPE = re.compile(rb"\\u[dD][89a-fA-F]")
# A review task carries the whole item, and must fit where the item did.
MAX_METADATA_CHARS = 16_384

_Message = TypeVar("_Message", bound=msgspec.Struct)
_Object = dict[str, Any]
_Headers = Sequence[tuple[str, bytes | None]]

_FIELDS = tuple(field for field in ContentItem.__struct_fields__ if field not in ("item_id", "text"))
_NAMES = tuple(field for field in _FIELDS if field in ("author_id", "surface", "parent_id", "thread_id", "tier"))
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,7}", re.ASCII)
_REGION = re.compile(r"[A-Za-z]{2}|[0-9]{3}", re.ASCII)
_SURROGATE = re.compile("[\ud800-\udfff]")
_BOM = b"\xef\xbb\xbf"
_UTF16_OR_32 = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff", b"{\x00", b"\x00{\x00")


def read_content(
    value: bytes | None,
    key: bytes | None,
    headers: _Headers = (),
    *,
    limits: Limits = DEFAULT_LIMITS,
    keyed_by_item: bool = False,
) -> Incoming:
    """One message of ``content``: a ContentItem, or a Deletion.

    ``keyed_by_item`` says that the key of this topic is the item id, so that a null value deletes that item.
    Otherwise the key is not looked at. Flags: ``bom``, ``surrogate`` (a lone surrogate became U+FFFD), and
    ``created-at``, ``language``, ``region`` (a value that made no sense was dropped).
    """
    _check_headers(headers, ContentItem, limits)
    if value is None:
        return Incoming(_deletion_of(key, keyed_by_item=keyed_by_item))
    flags: list[str] = []
    fields = _read_object(value, limits, flags)
    item_id = _item_id(fields)
    deleted = fields.get("deleted")
    if deleted is True:
        return Incoming(Deletion(item_id=item_id), tuple(flags))
    if deleted is not None and deleted is not False:
        raise BadMessage("schema", f"$.deleted must be true or false, found {_kind(deleted)}")
    return Incoming(
        _content_item(item_id, fields, flags, mend=_SURROGATE_ESCAPE.search(value) is not None), tuple(flags)
    )


def read_ruling(value: bytes | None, headers: _Headers = (), *, limits: Limits = DEFAULT_LIMITS) -> Incoming:
    """One message of ``rulings``."""
    _check_headers(headers, Ruling, limits)
    if value is None:
        raise BadMessage("empty", "a Ruling was expected, the value is null")
    flags: list[str] = []
    fields = _read_object(value, limits, flags)
    _item_id(fields)
    if b"\\u" in value:
        fields = _without_surrogates(fields, flags)
    ruling = _convert(fields, Ruling)
    if ruling.decided_at.tzinfo is None:
        raise BadMessage("schema", "$.decided_at needs a UTC offset, such as Z")
    return Incoming(ruling, tuple(flags))


def _check_headers(headers: _Headers, message: type[Any], limits: Limits) -> None:
    if not headers:
        return
    if len(headers) > limits.headers:
        raise BadMessage("headers", f"{len(headers)} headers, at most {limits.headers} are read")
    size = sum(len(name) + len(value or b"") for name, value in headers)
    if size > limits.header_bytes:
        raise BadMessage("headers", f"{size} bytes of headers, at most {limits.header_bytes} are read")
    expected = schema_of(message)
    for name, value in headers:
        if name == "weir-schema" and value != expected.encode():
            raise BadMessage("version", f"the weir-schema header must be {expected} on this topic, or absent")


def _deletion_of(key: bytes | None, *, keyed_by_item: bool) -> Deletion:
    if not keyed_by_item:
        raise BadMessage("empty", 'no value; to delete an item here, send {"item_id": …, "deleted": true}')
    try:
        item_id = (key or b"").decode()
    except UnicodeDecodeError:
        item_id = ""
    if not is_id(item_id):
        raise BadMessage("empty", "no value, and the key is not an item id that could be deleted")
    return Deletion(item_id=item_id)


def _read_object(value: bytes, limits: Limits, flags: list[str]) -> _Object:
    """The JSON object in the value, with finite numbers, no key twice, and bounded depth and keys."""
    if not value:
        raise BadMessage("empty", "the value has no bytes; a JSON object was expected")
    if len(value) > limits.value_bytes:
        raise BadMessage("too-large", f"{len(value)} bytes, at most {limits.value_bytes} are read")
    if value.startswith(_BOM):
        flags.append("bom")
        value = value[len(_BOM) :]
    document = _parse(_utf8(value))
    if value.count(b"[") + value.count(b"{") > MAX_DEPTH and _is_deeper(document, MAX_DEPTH):
        raise BadMessage("json", f"nested more than {MAX_DEPTH} levels deep")
    if type(document) is not dict:
        raise BadMessage("schema", f"the value must be a JSON object, found {_kind(document)}")
    if len(document) > MAX_KEYS:
        raise BadMessage("schema", f"{len(document)} fields, at most {MAX_KEYS} are read")
    return document


def _utf8(value: bytes) -> str:
    if value.startswith(_UTF16_OR_32):
        raise BadMessage("encoding", "the value is UTF-16 or UTF-32; send UTF-8")
    if value.startswith(b"\x00"):
        raise BadMessage("schema", "schema-registry framing is not spoken here; send plain UTF-8 JSON")
    try:
        return value.decode()
    except UnicodeDecodeError as error:
        raise BadMessage("encoding", f"not UTF-8 at byte {error.start}") from None


def _parse(document: str) -> Any:
    try:
        return _decode(document)
    except JSONDecodeError as error:
        raise BadMessage("json", f"{error.msg} at character {error.pos}") from None
    except RecursionError:
        raise BadMessage("json", f"nested more than {MAX_DEPTH} levels deep") from None


def _unique(pairs: list[tuple[str, Any]]) -> _Object:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise BadMessage("duplicate-key", "an object has the same key twice; parsers disagree which one counts")
    if found and len(max(found, key=len)) > MAX_KEY_CHARS:
        raise BadMessage("schema", f"a key is longer than {MAX_KEY_CHARS} characters")
    return found


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS + digits.startswith("-"):
        raise BadMessage("number", f"an integer has more than {MAX_DIGITS} digits; send it as a string")
    return int(digits)


def _float(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise BadMessage("number", "a number is too large to be finite")
    return number


def _not_a_number(name: str) -> NoReturn:
    raise BadMessage("number", f"{name} is not JSON; leave the field out")


_decode = JSONDecoder(
    object_pairs_hook=_unique, parse_int=_integer, parse_float=_float, parse_constant=_not_a_number
).decode


def _is_deeper(document: Any, levels: int) -> bool:
    layer = [document]
    for _ in range(levels):
        layer = [
            child
            for node in layer
            for child in (node.values() if type(node) is dict else node)
            if type(child) is dict or type(child) is list
        ]
        if not layer:
            return False
    return True


def is_id(text: str) -> bool:
    """True for 1 to 256 characters of which none is a control, a surrogate, invisible or turns the direction."""
    if not 0 < len(text) <= MAX_ID_CHARS:
        return False
    if text.isprintable():
        return True
    return not any(category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp") for character in text)


def _item_id(fields: _Object) -> str:
    item_id = fields.get("item_id")
    if type(item_id) in (int, float):
        raise BadMessage("number", "$.item_id must be a string: numbers lose digits")
    if type(item_id) is not str:
        raise BadMessage("schema", f"$.item_id must be a string, found {_kind(item_id)}")
    if not is_id(item_id):
        raise BadMessage("schema", f"$.item_id must have 1 to {MAX_ID_CHARS} characters, none invisible or control")
    return item_id


def _content_item(item_id: str, fields: _Object, flags: list[str], *, mend: bool) -> ContentItem:
    text = fields.get("text")
    if type(text) is not str:
        raise BadMessage("schema", f"$.text must be a string, found {_kind(text)}")
    if len(text) > MAX_TEXT_CHARS:
        raise BadMessage("schema", f"$.text has {len(text)} characters, at most {MAX_TEXT_CHARS} are read")
    known = {name: found for name in _FIELDS if (found := fields.get(name)) is not None}
    for name in _NAMES:
        _check_name(name, known)
    known["item_id"] = item_id
    known["text"] = text
    if mend:
        known = _without_surrogates(known, flags)
    _drop_senseless(known, flags)
    item = _convert(known, ContentItem)
    if sum(len(name) + len(found) for name, found in item.metadata.items()) > MAX_METADATA_CHARS:
        raise BadMessage("schema", f"$.metadata has more than {MAX_METADATA_CHARS} characters of names and values")
    return item


def _check_name(name: str, known: _Object) -> None:
    """An empty name counts as absent."""
    found = known.get(name)
    if found == "":
        del known[name]
    elif type(found) is str and not is_id(found):
        raise BadMessage("schema", f"$.{name} must have at most {MAX_ID_CHARS} characters, none invisible or control")


def _drop_senseless(known: _Object, flags: list[str]) -> None:
    """Hints and times that say nothing are dropped with a flag; they are no reason not to decide."""
    if "created_at" in known:
        known["created_at"] = _sane_time(known["created_at"])
        if known["created_at"] is None:
            flags.append("created-at")
    for name, shape in (("language", _LANGUAGE), ("region", _REGION)):
        hint = known.get(name)
        if type(hint) is str and not shape.fullmatch(hint):
            del known[name]
            flags.append(name)


def _sane_time(stated: Any) -> datetime | None:
    """RFC 3339, as `sane_time` has it. None for anything else."""
    if type(stated) is not str or len(stated) > 64:
        return None
    try:
        return sane_time(datetime.fromisoformat(stated))
    except ValueError:
        return None


def _without_surrogates(fields: _Object, flags: list[str]) -> _Object:
    mended: _Object = _mend(fields)
    if mended != fields and "surrogate" not in flags:
        flags.append("surrogate")
    return mended


def _mend(found: Any) -> Any:
    """Lone surrogates to U+FFFD, so that every string can be written anywhere."""
    if type(found) is str:
        return _SURROGATE.sub("\ufffd", found)
    if type(found) is list:
        return [_mend(part) for part in found]
    if type(found) is dict:
        return _unique([(_mend(key), _mend(part)) for key, part in found.items()])
    return found


def _convert(fields: _Object, message: type[_Message]) -> _Message:
    try:
        return msgspec.convert(fields, message)
    except msgspec.ValidationError as error:
        raise BadMessage("schema", _without_quotes(str(error))) from None


def _without_quotes(problem: str) -> str:
    """What msgspec says, without the values that the producer chose."""
    found = re.fullmatch(r"Invalid enum value .*( - at `[^`]*`)", problem, re.DOTALL)
    return f"not one of the allowed values{found[1]}" if found else problem[:200]


def _kind(found: Any) -> str:
    names = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", type(None): "nothing"}
    return names.get(type(found), "a number")
