"""A contender that works as Faust's documentation shows it: ``take`` and ``topic.send``, default settings, uvloop.

It decodes, classifies and decides with the same code as the worker, in a thread, with a ledger in memory. It has no
cache, no transactions and waits for no delivery, so it does less and loses messages when it is killed.
"""

import asyncio
import tempfile
from collections.abc import Sequence

import faust
import uvloop

from stream_app.adapters import security
from stream_app.adapters.memory import MemoryLedger, NoCache
from stream_app.build import build_moderator
from stream_app.contracts.origin import Origin
from stream_app.contracts.topics import CONTENT, DEAD_LETTERS, DECISIONS, ENFORCEMENT, REVIEW_QUEUE
from stream_app.pipeline.outcome import Outcome
from stream_app.pipeline.types import RawMessage
from stream_app.settings import Settings, load
from stream_app.telemetry import Telemetry, set_up_logs


def create_app(settings: Settings, folder: str) -> faust.App:
    """The app: topics in, topics out, one agent."""
    moderator = build_moderator(settings, Telemetry(), NoCache())
    ledger = MemoryLedger()
    app = faust.App(
        settings.consumer_group,
        broker=security.faust_broker(settings),
        broker_credentials=security.faust_credentials(settings),
        datadir=folder,
        web_enabled=False,
        topic_disable_leader=True,
    )
    name = settings.topic(CONTENT)
    content = app.topic(name, key_serializer="raw", value_serializer="raw")
    outputs = {
        topic.name: app.topic(settings.topic(topic), key_serializer="raw", value_serializer="raw")
        for topic in (DECISIONS, ENFORCEMENT, REVIEW_QUEUE, DEAD_LETTERS)
    }
    seen = 0

    def decide(values: Sequence[bytes]) -> list[Outcome]:
        nonlocal seen
        messages = [
            RawMessage(Origin(topic=name, partition=0, offset=offset), None, value, ())
            for offset, value in enumerate(values, start=seen)
        ]
        seen += len(values)
        outcomes = moderator.moderate(messages, ledger.lookup)
        for outcome in outcomes:
            if outcome.entry is not None:
                ledger.write((0, outcome.entry[0]), outcome.entry[1])
        return outcomes

    @app.agent(content)
    async def moderate(stream: faust.StreamT[bytes]) -> None:
        loop = asyncio.get_running_loop()
        async for values in stream.take(settings.batch_items, within=settings.batch_wait_ms / 1000):
            for outcome in await loop.run_in_executor(None, decide, values):
                for record in outcome.records:
                    await outputs[record.topic.name].send(
                        key=record.key, value=record.value, headers=dict(record.headers)
                    )

    return app


def main() -> None:
    """Run until it is ended."""
    settings = load()
    set_up_logs(settings.log_format, settings.log_level)
    loop = uvloop.new_event_loop()
    asyncio.set_event_loop(loop)
    with tempfile.TemporaryDirectory() as folder:
        app = create_app(settings, folder)
        worker = faust.Worker(app, loop=loop, override_logging=False, redirect_stdouts=False, quiet=True)
        worker.execute_from_commandline()


if __name__ == "__main__":
    main()
