"""A contender that decides nothing: aiokafka's own consume–produce loop, the upper bound for any worker on it."""

import asyncio

import msgspec
import uvloop
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

from stream_app.adapters import security
from stream_app.contracts.topics import CONTENT, DECISIONS
from stream_app.settings import Settings, load

BATCH = 512


async def run(settings: Settings) -> None:
    """Read JSON, write it to ``decisions``, commit; without end."""
    consumer = AIOKafkaConsumer(
        settings.topic(CONTENT),
        **security.aiokafka_arguments(settings),
        group_id=settings.consumer_group,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    producer = AIOKafkaProducer(**security.aiokafka_arguments(settings), linger_ms=5)
    await consumer.start()
    await producer.start()
    target = settings.topic(DECISIONS)
    while True:
        received = await consumer.getmany(timeout_ms=500, max_records=BATCH)
        sent = [
            await producer.send(target, msgspec.json.encode(msgspec.json.decode(message.value)), key=message.key)
            for messages in received.values()
            for message in messages
        ]
        if sent:
            await asyncio.gather(*sent)
            await consumer.commit()


if __name__ == "__main__":
    uvloop.run(run(load()))
