"""Bytes to messages and back. ``decode`` is for our own topics; content from outside goes through ``intake``."""

from typing import Any, TypeVar

import msgspec

from stream_app.errors import BadMessage

Message = TypeVar("Message")

_encode = msgspec.json.Encoder().encode
_decoders: dict[type[Any], msgspec.json.Decoder[Any]] = {}


def encode(message: msgspec.Struct) -> bytes:
    """UTF-8 JSON of one message."""
    return _encode(message)


def schema_of(message: type[Any]) -> str:
    """The value of the ``weir-schema`` header for a message type."""
    return f"{message.__name__}.v1"


def decode(value: bytes | None, message: type[Message]) -> Message:
    """Decode one message; fields that the type does not know are ignored.

    Raises BadMessage (``empty``, ``encoding``, ``json`` or ``schema``), whose detail names the path of the field.
    """
    if not value:
        raise BadMessage("empty", f"a {message.__name__} was expected, the value is empty")
    decoder = _decoders.get(message)
    if decoder is None:
        decoder = _decoders[message] = msgspec.json.Decoder(message)
    try:
        decoded: Message = decoder.decode(value)
    except msgspec.ValidationError as error:
        raise BadMessage("schema", str(error)) from error
    except UnicodeDecodeError as error:
        raise BadMessage("encoding", "the value is not UTF-8") from error
    except (msgspec.DecodeError, RecursionError) as error:
        raise BadMessage("json", str(error)) from error
    return decoded
