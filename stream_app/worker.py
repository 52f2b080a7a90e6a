"""The worker process: ``python -m stream_app.worker``. ``weir worker`` starts it and keeps it running."""

import sys

from stream_app.adapters import admin, clients, faust_process
from stream_app.app import create_app
from stream_app.contracts.topics import CONTENT, RULINGS
from stream_app.settings import Settings


def main() -> int:
    """Run until a signal ends it. The exit status says whether starting again could help (2: it could not)."""
    return faust_process.main(run)


def run(settings: Settings) -> None:
    """Everything of one worker, in this process."""
    clients.probe(settings)
    admin.check_worker_topics(settings)
    faust_process.run_app(settings, create_app, (CONTENT, RULINGS))


if __name__ == "__main__":
    sys.exit(main())
