"""Points in time as the database keeps them, milliseconds since the epoch, and as everybody else does."""

from datetime import UTC, datetime


def at(ms: int) -> datetime:
    """The point in time, in UTC."""
    return datetime.fromtimestamp(ms / 1000, UTC)


def to_ms(moment: datetime) -> int:
    """Milliseconds since the epoch."""
    return round(moment.timestamp() * 1000)
