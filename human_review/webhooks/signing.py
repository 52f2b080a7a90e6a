"""Bodies of webhooks are signed with HMAC-SHA256 (RFC 2104).

While a secret is being changed, the old one signs as well, so that the receiver can change at any moment.
"""

import hmac
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Row

from human_review.service import Service

SIGNATURE_HEADER = "Weir-Signature"
_HOUR_MS = 3_600_000


def signature(secrets_in_use: Iterable[bytes], at_seconds: int, body: bytes) -> str:
    """``t=<seconds>,v1=<hex>`` with one ``v1`` for each secret: HMAC-SHA256 of ``<seconds>.<body>``."""
    signed = f"{at_seconds}.".encode() + body
    return ",".join(
        [f"t={at_seconds}", *(f"v1={hmac.digest(key, signed, 'sha256').hex()}" for key in secrets_in_use)]
    )


def secrets_of(service: Service, row: Row[Any], now: int) -> list[bytes]:
    """The secrets that sign at this moment, the newest first."""
    sealed = [row.sealed_secret]
    overlap = service.config.webhooks.overlap_hours * _HOUR_MS
    if row.sealed_previous_secret is not None and now - row.rotated_ms < overlap:
        sealed.append(row.sealed_previous_secret)
    return [service.sealer.open_for_service(each) for each in sealed]
