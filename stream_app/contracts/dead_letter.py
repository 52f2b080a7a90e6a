"""What could not be decided, with all that is needed to try again."""

from datetime import datetime

import msgspec


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True):
    """One message that could not be decided.

    ``value_base64`` is the original value, null for a null value, and null as well where the value is too
    large to travel: then ``value_sha256``, ``value_bytes`` and ``head_base64`` (its first 4 KiB) describe it and
    the original stays where it was read. ``error`` starts with the reason, then a colon.
    """

    topic: str
    partition: int
    offset: int
    key: str | None
    value_base64: str | None
    stage: str
    error: str
    attempts: int = 1
    failed_at: datetime
    key_base64: str | None = None
    value_sha256: str | None = None
    value_bytes: int = 0
    head_base64: str | None = None
