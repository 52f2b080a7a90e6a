"""Where a message was read."""

import msgspec


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where an item was read; a ruling on it goes to the same partition number of ``rulings``.

    ``timestamp`` is Kafka's, in seconds since the epoch. Together with the offset it tells a message that is
    delivered again from a new one, also after the topic was created anew.
    """

    topic: str
    partition: int
    offset: int
    timestamp: float = 0.0

    def is_before(self, other: "Origin") -> bool:
        """Whether this was read from the same partition earlier than ``other``."""
        return (
            self.topic == other.topic
            and self.partition == other.partition
            and self.offset < other.offset
            and self.timestamp <= other.timestamp
        )
