"""A message that cannot be decided is buried with all that is needed to try again."""

import base64
from datetime import datetime
from hashlib import sha256

from stream_app.contracts.dead_letter import DeadLetter
from stream_app.errors import BadMessage
from stream_app.pipeline.types import RawMessage

ATTEMPTS_HEADER = "weir-attempts"
HEAD_BYTES = 4096
# A dead letter must fit where its message did: base64 adds a third, and the envelope some more.
WHOLE_VALUE_BYTES = 600_000


def bury(message: RawMessage, error: BadMessage, *, now: datetime) -> DeadLetter:
    """The dead letter of a message. Values over 600,000 bytes are named by digest and stay where they were read."""
    value = message.value
    fits = value is not None and len(value) <= WHOLE_VALUE_BYTES
    return DeadLetter(
        topic=message.origin.topic,
        partition=message.origin.partition,
        offset=message.origin.offset,
        key=_readable(message.key),
        key_base64=None if message.key is None else base64.b64encode(message.key[:HEAD_BYTES]).decode(),
        value_base64=base64.b64encode(value).decode() if value is not None and fits else None,
        value_sha256=None if value is None else sha256(value).hexdigest(),
        value_bytes=0 if value is None else len(value),
        head_base64=None if value is None or fits else base64.b64encode(value[:HEAD_BYTES]).decode(),
        stage=error.stage,
        error=f"{error.reason}: {error.detail}"[:1000],
        attempts=1 + _attempts(message),
        failed_at=now,
    )


def _readable(key: bytes | None) -> str | None:
    return None if key is None else key[:HEAD_BYTES].decode(errors="replace")


def _attempts(message: RawMessage) -> int:
    for name, value in message.headers:
        if name == ATTEMPTS_HEADER and value.isdigit() and len(value) <= 6:
            return int(value)
    return 0
