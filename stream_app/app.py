"""The composition root: settings in, a Faust app with everything attached out. Nothing else is decided here."""

import logging
from typing import Any

import faust
from faust.sensors.base import Sensor
from faust.tables.manager import TableManager
from faust.transport.drivers import aiokafka

from stream_app.adapters import inflate, security
from stream_app.adapters.cache import DiskCache
from stream_app.adapters.memory import NoCache
from stream_app.adapters.ownership import Ownership, Slot
from stream_app.adapters.partition import Partition
from stream_app.adapters.progress import Progress
from stream_app.adapters.trip import Trip
from stream_app.agents.moderate import Desk, attach
from stream_app.build import build_moderator
from stream_app.pipeline.poison import PoisonBudget
from stream_app.settings import Settings
from stream_app.telemetry import Telemetry, facts

log = logging.getLogger(__name__)

FETCH_WAIT_MS = 20


def create_app(settings: Settings, telemetry: Telemetry, progress: Progress) -> faust.App:
    """The worker's app. Loads what is on disk; connects to nothing."""
    trip = Trip(settings.trip_point, settings.trip_after)
    slot = Slot(settings.data_dir)
    cache = (
        DiskCache(slot.folder / "cache", max_bytes=settings.cache_max_bytes) if settings.cache_enabled else NoCache()
    )
    moderator = build_moderator(settings, telemetry, cache)
    ownership = Ownership(
        lambda number: Partition(number, slot.folder / f"partition-{number}", settings, telemetry, trip, progress),
        telemetry,
    )
    poison = PoisonBudget(limit=settings.poison_limit, window=settings.poison_window)
    inflate.install(settings.max_batch_bytes)
    app = _faust_app(settings)
    attach(app, Desk(moderator, ownership, poison, telemetry, trip), settings, progress, telemetry, trip)
    _follow_assignment(app, ownership, progress, trip)
    return app


def _faust_app(settings: Settings) -> faust.App:
    """Faust as it loses nothing; each line was measured, and docs/adr/0002 says what happens without it."""
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
    return app


class _Thread(aiokafka.AIOKafkaConsumerThread):
    """Faust lets a fetch wait for 1.5 s, and a partition that was just drained waits as long for its turn."""

    def _create_worker_consumer(self, transport: aiokafka.Transport) -> Any:
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = FETCH_WAIT_MS
        return consumer


class _Consumer(aiokafka.Consumer):
    def _new_consumer_thread(self) -> _Thread:
        return _Thread(self, loop=self.loop, beacon=self.beacon)


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


def _follow_assignment(app: faust.App, ownership: Ownership, progress: Progress, trip: Trip) -> None:
    @app.on_partitions_assigned.connect  # type: ignore[arg-type] # Faust's signals are typed by name
    async def assigned(_app: object, assigned: set[faust.types.TP], *_: object, **__: object) -> None:
        progress.assigned = frozenset(tp.partition for tp in assigned)
        progress.was_assigned = True
        progress.beat()
        log.info("assigned", extra=facts(partitions=sorted(progress.assigned)))

    @app.on_partitions_revoked.connect  # type: ignore[arg-type] # as above
    async def revoked(_app: object, _revoked: set[faust.types.TP], *_: object, **__: object) -> None:
        trip("in-revoke")
        progress.assigned = frozenset()
        progress.beat()
        await app.loop.run_in_executor(None, ownership.release)
