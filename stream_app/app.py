"""The composition root: settings in, a Faust app with everything attached out. Nothing else is decided here."""

import faust

from stream_app.adapters import admin, inflate
from stream_app.adapters.cache import DiskCache
from stream_app.adapters.faust_driver import faust_app
from stream_app.adapters.faust_process import follow_assignment
from stream_app.adapters.memory import NoCache
from stream_app.adapters.ownership import Ownership, Slot
from stream_app.adapters.partition import Partition
from stream_app.adapters.progress import Progress
from stream_app.adapters.trip import Trip
from stream_app.agents.moderate import Desk, attach
from stream_app.build import build_moderator
from stream_app.contracts.topics import CONTENT, RULINGS
from stream_app.pipeline.poison import PoisonBudget
from stream_app.settings import Settings
from stream_app.telemetry import Telemetry


def create_app(settings: Settings, telemetry: Telemetry, progress: Progress) -> faust.App:
    """The worker's app. Loads what is on disk and asks Kafka for the ids of its topics."""
    trip = Trip(settings.trip_point, settings.trip_after)
    slot = Slot(settings.data_dir)
    cache = (
        DiskCache(slot.folder / "cache", max_bytes=settings.cache_max_bytes) if settings.cache_enabled else NoCache()
    )
    moderator = build_moderator(settings, telemetry, cache)
    for step in moderator.cascade.steps:
        step.level.on_scored = progress.beat
    ownership = Ownership(
        lambda number: Partition(number, slot.folder / f"partition-{number}", settings, telemetry, trip, progress),
        telemetry,
    )
    poison = PoisonBudget(limit=settings.poison_limit, window=settings.poison_window)
    inflate.install(settings.max_batch_bytes)
    app = faust_app(settings)
    # A broker without transactions (the demo's) has no ids of topics either.
    ids = admin.topic_ids(settings, (CONTENT, RULINGS)) if settings.transactions else {}
    desk = Desk(moderator, ownership, poison, telemetry, trip)
    attach(app, desk, settings, progress, telemetry, trip, ids)
    follow_assignment(app, ownership.release, progress, trip)
    return app
