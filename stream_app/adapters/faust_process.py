"""A process around a Faust app: started the same way for every agent, and with an end that always comes."""

import asyncio
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable

import faust
import uvloop

from stream_app.adapters import health
from stream_app.adapters.progress import Progress
from stream_app.adapters.trip import Trip
from stream_app.adapters.watch import Watch
from stream_app.contracts.topics import Topic
from stream_app.errors import ConfigError, Unreachable
from stream_app.settings import Settings, load
from stream_app.telemetry import Telemetry, facts, set_up_logs

log = logging.getLogger(__name__)

EXIT_WRONG = 2
EXIT_UNREACHABLE = 3
EXIT_SLOW_SHUTDOWN = 72

CreateApp = Callable[[Settings, Telemetry, Progress], faust.App]


def main(run: Callable[[Settings], None]) -> int:
    """Run until a signal ends it. The exit status says whether starting again could help (2: it could not)."""
    try:
        settings = load()
        set_up_logs(settings.log_format, settings.log_level)
        run(settings)
    except ConfigError as error:
        sys.stderr.write(f"weir: {error}\n")
        return EXIT_WRONG
    except (Unreachable, OSError) as error:
        sys.stderr.write(f"weir: {error}\n")
        return EXIT_UNREACHABLE
    return 0


def run_app(settings: Settings, create_app: CreateApp, topics: tuple[Topic, ...]) -> None:
    """Everything of one process: the app, its metrics, and the watch over the topics that it reads."""
    telemetry, progress = Telemetry(), Progress()
    loop = uvloop.new_event_loop()
    asyncio.set_event_loop(loop)
    app = create_app(settings, telemetry, progress)
    server = health.serve(settings, progress, telemetry)
    Watch(settings, progress, telemetry, topics=topics).start()
    worker = _Worker(
        app, loop=loop, override_logging=False, redirect_stdouts=False, loglevel=settings.log_level, quiet=True
    )
    worker.bind(settings, progress)
    log.info("started", extra=facts(group=settings.consumer_group, pid=os.getpid()))
    try:
        worker.execute_from_commandline()
    finally:
        if server is not None:
            server.shutdown()


def follow_assignment(app: faust.App, release: Callable[[], None], progress: Progress, trip: Trip) -> None:
    """Note which partitions Kafka gives; let go of what is held of them, off the loop, when it takes them back."""

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
        await app.loop.run_in_executor(None, release)


class _Worker(faust.Worker):
    """Faust's worker, with an end that always comes: a shutdown during a rebalance can hang for ever."""

    def bind(self, settings: Settings, progress: Progress) -> None:
        self._settings = settings
        self._progress = progress
        self.spinner = None  # writes escape codes between the lines of the log

    def _on_sigterm(self) -> None:
        self._arm()
        super()._on_sigterm()

    def _on_sigint(self) -> None:
        self._arm()
        self._schedule_shutdown(signal.SIGINT)

    def _arm(self) -> None:
        self._progress.stopping = True
        timer = threading.Timer(self._settings.shutdown_seconds, self._give_up)
        timer.daemon = True
        timer.start()

    @staticmethod
    def _give_up() -> None:
        # What was not acknowledged is delivered again; nothing is lost by leaving now.
        log.critical("the shutdown takes too long; the process ends now")
        os._exit(EXIT_SLOW_SHUTDOWN)
