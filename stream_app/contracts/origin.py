"""Where a message was read."""

import msgspec


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where an item was read; a ruling on it goes to the same partition number of ``rulings``.

    ``timestamp`` is Kafka's, in seconds since the epoch. ``topic_id`` is Kafka's id of the topic, which changes when
    a topic is deleted and created anew: offsets can be compared under one id only. Clocks are never compared:
    those of two producers disagree.
    """

    topic: str
    partition: int
    offset: int
    timestamp: float = 0.0
    topic_id: str = ""

    def is_before(self, other: "Origin") -> bool:
        """Whether this was read from the same partition earlier than ``other``."""
        return (
            self.topic == other.topic
            and self.topic_id == other.topic_id
            and self.partition == other.partition
            and self.offset < other.offset
        )
