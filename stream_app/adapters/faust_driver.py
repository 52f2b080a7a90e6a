"""Everything of ours that reaches into Faust, which is pinned to faust-streaming 0.15.3 for that reason.

Faust reads, batches, balances and commits. What is replaced here either cost more than deciding an item, or
waited for things that this system does not have (tables, a producer of Faust's).
"""

import types
from collections.abc import AsyncIterator, Coroutine, Generator
from types import CoroutineType
from typing import Any

import faust
from aiokafka.coordinator.assignors.range import RangePartitionAssignor
from faust.sensors.base import Sensor
from faust.tables.manager import TableManager
from faust.transport.drivers import aiokafka
from mode.services import WaitResults

from stream_app.adapters import security
from stream_app.settings import Settings

FETCH_WAIT_MS = 20
POLL_SECONDS = 0.05


def faust_app(settings: Settings) -> faust.App:
    """Faust as it loses nothing; each line was measured, and docs/adr/0002 says what happens without it."""
    assign_together()
    app = faust.App(
        settings.consumer_group,
        broker=security.faust_broker(settings),
        broker_credentials=security.faust_credentials(settings),
        datadir=str(settings.data_dir),
        web_enabled=False,
        broker_session_timeout=settings.session_timeout_seconds,
        broker_heartbeat_interval=max(0.3, settings.session_timeout_seconds / 3.5),
        broker_commit_interval=settings.commit_interval_ms / 1000,
        # Faust stops polling while its buffer is full; with a short interval it would be thrown out for that.
        broker_max_poll_interval=float(settings.broker_max_poll_interval_seconds),
        broker_max_poll_records=settings.broker_max_poll_records,
        stream_buffer_maxsize=2 * settings.batch_items,
        stream_wait_empty=True,
        topic_disable_leader=True,
        topic_allow_declare=False,
        topic_partitions=None,
        monitor=_QuietMonitor(),
        TableManager=_NoTables,
        consumer_auto_offset_reset="earliest",
        producer_linger=0.005,
    )
    app.conf.table_standby_replicas = 0
    app.transport = _Transport(app.conf.broker_consumer, app)
    app.producer.buffer.wait_until_ebb = _at_once  # type: ignore[method-assign] # nothing is ever in that buffer
    return app


class RawSchema(faust.Schema[Any, Any]):
    """Hands messages on as they are.

    Faust acknowledges what it cannot decode, and the message is gone; so it gets nothing to decode.
    """

    def __init__(self) -> None:
        super().__init__(key_serializer="raw", value_serializer="raw")

    def compile(self, app: Any, **_: Any) -> Any:
        """Faust's hook: make the function that turns a message into an event."""
        event = app.conf.Event

        async def decode(message: faust.types.Message, *, propagate: bool = False) -> Any:
            return event(app, message.key, message.value, None, message)

        return decode


def assign_together() -> None:
    """Partitions of one number of both topics go to one worker, which owns that number's ledger.

    Faust deals single partitions out in turn where an app has no tables, so that two workers would get a number each
    and fence each other out for ever.
    """
    aiokafka.RoundRobinPartitionAssignor = RangePartitionAssignor  # type: ignore[attr-defined] # imported there


async def _at_once() -> None:
    """Nothing to wait for."""


class _Thread(aiokafka.AIOKafkaConsumerThread):
    """Faust lets a fetch wait 1.5 s; a partition that was just drained waits as long for its turn."""

    def _create_worker_consumer(self, transport: aiokafka.Transport) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS
        # Producers may use transactions: what they rolled back was never posted.
        consumer._isolation_level = "read_committed"
        return consumer


class _Consumer(aiokafka.Consumer):
    def getmany(self, timeout: float) -> AsyncIterator[tuple[faust.types.TP, Any]]:
        """Faust waits for a second for the partitions that its full buffer left active, resumed ones or not."""
        return super().getmany(min(timeout, POLL_SECONDS))

    async def wait_first(self, *coros: Any, timeout: Any = None) -> WaitResults:  # noqa: ASYNC109 - Faust's name
        """As Faust's, but what is done at once is done at once.

        For every single message Faust makes four tasks and cancels three, to be able to stop while a full buffer
        takes no more. The buffer is almost never full: so the first coroutine is begun here, and only if it has to
        wait does the rest happen.
        """
        first, *others = coros
        if timeout is None and isinstance(first, CoroutineType):
            try:
                waits_for = first.send(None)
            except StopIteration as done:
                for other in others:
                    if isinstance(other, CoroutineType):
                        other.close()
                return WaitResults([first], [done.value], False)
            first = _go_on(first, waits_for)
        return await super().wait_first(first, *others, timeout=timeout)

    def _new_offset(self, tp: faust.types.TP) -> int | None:
        """The offset after the last acknowledged message, to be committed.

        Faust looks for gaps and sticks where offsets were never messages (compaction, marks of transactions). The
        agent acknowledges whole batches in the order in which it got them, so there are no other gaps.
        """
        acked = self._acked[tp]
        if not acked:
            return None
        last = max(acked)
        acked.clear()
        self._acked_index[tp].clear()
        self._gap.pop(tp, None)
        return int(last) + 1

    def _new_consumer_thread(self) -> _Thread:
        return _Thread(self, loop=self.loop, beacon=self.beacon)


async def _go_on(begun: Coroutine[Any, Any, Any], waits_for: Any) -> Any:
    """The rest of a coroutine that has been begun and waits for something."""
    return await _rest(begun, waits_for)


@types.coroutine
def _rest(begun: Coroutine[Any, Any, Any], waits_for: Any) -> Generator[Any, Any, Any]:
    while True:
        try:
            try:
                answer = yield waits_for
            except GeneratorExit:
                begun.close()
                raise
            except BaseException as error:  # noqa: BLE001 - a cancellation too is for the coroutine to handle
                waits_for = begun.throw(error)
            else:
                waits_for = begun.send(answer)
        except StopIteration as done:
            return done.value


class _Transport(aiokafka.Transport):
    Consumer = _Consumer


class _NoTables(TableManager):
    """Faust waits a second at each start for tables that may yet be declared; there are none here."""

    async def on_start(self) -> None:
        await self._update_channels()
        await self.recovery.start()


class _QuietMonitor(faust.Monitor):
    """Faust's bookkeeping for every single message costs more than deciding it; ours is kept per batch."""

    on_message_in = Sensor.on_message_in
    on_message_out = Sensor.on_message_out
    on_stream_event_in = Sensor.on_stream_event_in
    on_stream_event_out = Sensor.on_stream_event_out
    on_topic_buffer_full = Sensor.on_topic_buffer_full

    def track_tp_end_offset(self, tp: faust.types.TP, offset: int) -> None:
        """Not kept; the watch asks Kafka."""
