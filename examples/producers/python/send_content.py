"""Send content to weir from Python: `pip install confluent-kafka`, then `python send_content.py [ADDRESS [TOPIC]]`.

What matters: acknowledged by all copies, idempotent, the item id as key, and Kafka's own murmur2 partitioner, so that
every version of an item goes to the same partition, whichever language its producer is written in.
"""

import json
import sys
from datetime import UTC, datetime
from typing import Any

from confluent_kafka import KafkaError, Message, Producer

ITEMS: list[dict[str, Any]] = [
    {
        "item_id": "py-1",
        "text": "Has anyone tried the new bakery on Mill Road?",
        "author_id": "ada",
        "language": "en",
    },
    {"item_id": "py-2", "text": "Wer kennt einen guten Zahnarzt in Jena?", "surface": "comment", "parent_id": "py-1"},
    # An edit: the same item with another text and a higher version.
    {"item_id": "py-1", "text": "Has anyone tried the new bakery on Mill Road? Edit: yes.", "version": 2},
    {"item_id": "py-3", "text": "こんにちは", "metadata": {"client": "web"}},
]

failed: list[str] = []


def delivered(error: KafkaError | None, message: Message) -> None:
    """Called once for each message, when Kafka has answered for it."""
    if error is not None:
        failed.append(f"{message.key()!r}: {error}")


def main(address: str = "127.0.0.1:9092", topic: str = "moderation.content") -> int:
    """Send all items, then one deletion; 0 where Kafka took all of them."""
    producer = Producer(
        {
            "bootstrap.servers": address,
            "enable.idempotence": True,
            "acks": "all",
            "partitioner": "murmur2_random",
            "compression.type": "lz4",
            "linger.ms": 5,
        }
    )
    for item in ITEMS:
        value = json.dumps({"created_at": datetime.now(UTC).isoformat()} | item, ensure_ascii=False)
        producer.produce(topic, value.encode(), item["item_id"].encode(), on_delivery=delivered)
        producer.poll(0)
    # No value: the author deleted the item.
    producer.produce(topic, None, b"py-3", on_delivery=delivered)
    left = producer.flush(30)
    sys.stdout.write(f"{len(ITEMS) + 1 - len(failed) - left} delivered, {len(failed) + left} not\n")
    sys.stderr.writelines(f"{line}\n" for line in failed)
    return 1 if failed or left else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
