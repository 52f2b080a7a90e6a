"""Where tests end or stop the service: the named points that it passes on the way from and to Kafka."""

from stream_app.adapters.trip import Trip
from stream_app.settings import Settings

POINTS = {
    "in-intake": "messages are taken in, their transaction is not committed",
    "after-intake": "they and their offsets are committed in the database, Kafka does not know",
    "after-label-commit": "a label is due in the outbox, no batch holds it",
    "before-outbox-publish": "the batch is fixed in the database, Kafka has nothing of it",
    "mid-outbox-publish": "its messages are in Kafka, in a transaction that is not committed",
    "after-outbox-publish": "the transaction is committed, the database does not know",
    "after-outbox-mark": "the database knows that they were sent",
}
"""The points, and what the process has done when it passes them."""


def review_trip(settings: Settings) -> Trip:
    """What the settings arm; nothing as a rule. Raises ConfigError for a point that this process does not have."""
    return Trip(settings.trip_point, settings.trip_after, POINTS)
