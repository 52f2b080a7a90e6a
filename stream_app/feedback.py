"""The feedback process: ``python -m stream_app.feedback``. ``weir feedback`` starts it and keeps it running."""

import sys

import faust

from stream_app.adapters import admin, clients, faust_process
from stream_app.adapters.faust_driver import faust_app
from stream_app.adapters.outlet import Outlet
from stream_app.adapters.progress import Progress
from stream_app.adapters.trip import Trip
from stream_app.agents.feedback import Clerk, attach
from stream_app.contracts.topics import DEAD_LETTERS, RETRAINING, REVIEW_LABELS, RULINGS
from stream_app.settings import Settings
from stream_app.telemetry import Telemetry


def main() -> int:
    """Run until a signal ends it. The exit status says whether starting again could help (2: it could not)."""
    return faust_process.main(run)


def run(settings: Settings) -> None:
    """Everything of one feedback process, in this process. Its group is its own."""
    clients.probe(settings)
    faust_process.run_app(feedback_settings(settings), create_app, (REVIEW_LABELS,))


def feedback_settings(settings: Settings) -> Settings:
    """The settings with the group of the feedback process in place of the worker's."""
    return settings.model_copy(update={"consumer_group": f"{settings.consumer_group}-feedback"})


def create_app(settings: Settings, telemetry: Telemetry, progress: Progress) -> faust.App:
    """The app. Raises ConfigError where a topic is missing."""
    trip = Trip(settings.trip_point, settings.trip_after)
    partitions = admin.partitions_of(settings, (REVIEW_LABELS, RULINGS, RETRAINING, DEAD_LETTERS))[RULINGS]
    clerk = Clerk(lambda number: Outlet(REVIEW_LABELS, number, settings, trip), partitions, telemetry, trip)
    app = faust_app(settings)
    attach(app, clerk, settings, progress, telemetry, trip)
    faust_process.follow_assignment(app, clerk.release, progress, trip)
    return app


if __name__ == "__main__":
    sys.exit(main())
